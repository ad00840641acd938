"""The blog of examples/blog, served by uvicorn to an HTTP client."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

import ouroboros_postgres
from fixtures.database import Database

PROGRAM = Path(__file__).parents[4] / "examples" / "blog" / "blog.py"


@pytest.fixture(scope="module")
def app() -> Iterator[Any]:
    spec = importlib.util.spec_from_file_location("blog_example", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["blog_example"] = module
    spec.loader.exec_module(module)
    yield module.app
    del sys.modules["blog_example"]


@contextmanager
def serving(app: Any) -> Iterator[str]:
    """Serves in a thread, gives the URL; clients wait in the backlog of the socket until it is up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_config=None, lifespan="on", ws="none", timeout_graceful_shutdown=10)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def api(app: Any, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    monkeypatch.setenv("DATABASE_URL", database.dsn)
    with serving(app) as url, httpx.Client(base_url=url, timeout=20) as client:
        yield client


AUTHOR = {"name": "Ada", "email": "ada@example.org"}
POST = {"slug": "first", "title": "First", "text": "Hello", "tags": ["new"], "author_id": 1}


@pytest.fixture
def posted(api: httpx.Client) -> httpx.Client:
    """The API with an author and a post."""
    assert api.post("/authors", json=AUTHOR).status_code == 201
    assert api.post("/posts", json=POST).status_code == 201
    return api


def test_what_is_created_can_be_read(api: httpx.Client, database: Database) -> None:
    made = api.post("/authors", json=AUTHOR)
    assert (made.status_code, made.json()) == (201, {"id": 1, **AUTHOR, "bio": None})
    post = api.post("/posts", json=POST)
    assert post.status_code == 201
    created = database.query("SELECT created::text FROM post")[0]["created"]
    expected = {"id": 1, **POST, "created": created, "author": made.json()}
    del expected["author_id"]
    assert post.json() == expected
    assert api.get("/posts/first").json() == expected
    assert api.get("/authors/1").json() == {
        **made.json(),
        "posts": [{"slug": "first", "title": "First", "created": created}],
    }


def test_posts_come_in_pages(posted: httpx.Client) -> None:
    for number in range(2, 6):
        post = {**POST, "slug": f"n{number}", "tags": ["even"] if number % 2 == 0 else []}
        assert posted.post("/posts", json=post).status_code == 201
    page = posted.get("/posts", params={"limit": 2, "offset": 1}).json()
    assert ([post["slug"] for post in page["items"]], page["total"]) == (["n4", "n3"], 5)
    assert {post["author"]["name"] for post in page["items"]} == {"Ada"}
    even = posted.get("/posts", params={"tag": "even"}).json()
    assert ([post["slug"] for post in even["items"]], even["total"]) == (["n4", "n2"], 2)
    assert posted.get("/posts", params={"offset": 9}).json() == {"items": [], "total": 5}
    for wrong in ({"limit": 0}, {"limit": 101}, {"offset": -1}, {"limit": "x"}):
        assert posted.get("/posts", params=wrong).status_code == 422


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"title": ""}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": None}, "title"),
        ({"slug": "No Slug"}, "slug"),
        ({"author_id": "me"}, "author_id"),
        ({"tags": "new"}, "tags"),
        ({"id": 7}, "id"),
        ({"created": "2020-01-01"}, "created"),
    ],
)
def test_what_is_wrong_is_422(posted: httpx.Client, change: dict[str, Any], where: str) -> None:
    answer = posted.post("/posts", json={**POST, "slug": "other", **change})
    assert answer.status_code == 422
    assert [error["loc"] for error in answer.json()["detail"]] == [["body", where]]
    assert posted.get("/posts").json()["total"] == 1


def test_what_no_column_takes_is_422(posted: httpx.Client) -> None:
    for unfit in ({"author_id": 2**40}, {"text": "\x00"}):
        answer = posted.post("/posts", json={**POST, "slug": "other", **unfit})
        assert (answer.status_code, answer.json()) == (422, {"detail": "a value that no column takes"})


def test_conflicts_are_409(posted: httpx.Client) -> None:
    again = posted.post("/posts", json=POST)
    assert (again.status_code, again.json()["constraint"]) == (409, "post_slug_key")
    assert posted.post("/authors", json=AUTHOR).json()["constraint"] == "author_email_key"
    nobody = posted.post("/posts", json={**POST, "slug": "other", "author_id": 99})
    assert (nobody.status_code, nobody.json()["constraint"]) == (409, "post_author_id_fkey")
    assert posted.delete("/authors/1").status_code == 409


def test_a_conflict_at_commit_is_409(posted: httpx.Client) -> None:
    """The endpoint has returned by then: the answer has not been sent."""
    assert posted.post("/posts", json={**POST, "slug": "second"}).status_code == 201
    assert posted.patch("/posts/second", json={"slug": "first"}).status_code == 409
    assert posted.get("/posts/second").json()["slug"] == "second"


def test_what_is_not_there_is_404(posted: httpx.Client) -> None:
    assert posted.get("/posts/none").status_code == 404
    assert posted.patch("/posts/none", json={"title": "T"}).status_code == 404
    assert posted.delete("/posts/none").status_code == 404
    assert posted.get("/authors/99").status_code == 404


def test_changes_leave_the_rest_alone(posted: httpx.Client) -> None:
    before = posted.get("/posts/first").json()
    changed = posted.patch("/posts/first", json={"title": "Second thoughts"})
    assert (changed.status_code, changed.json()) == (200, {**before, "title": "Second thoughts"})
    assert posted.get("/posts/first").json() == changed.json()
    assert posted.patch("/posts/first", json={"title": None}).status_code == 422
    assert posted.patch("/posts/first", json={"author_id": 2}).status_code == 422
    assert posted.patch("/posts/first", json={}).json() == changed.json()


def test_what_is_deleted_is_gone(posted: httpx.Client) -> None:
    assert posted.delete("/posts/first").status_code == 204
    assert posted.get("/posts/first").status_code == 404
    assert posted.delete("/authors/1").status_code == 204
    assert posted.get("/authors/1").status_code == 404


def test_requests_at_the_same_time_have_sessions_of_their_own(posted: httpx.Client) -> None:
    async def race() -> list[int]:
        async with httpx.AsyncClient(base_url=posted.base_url, timeout=20) as client:
            posts = [{**POST, "slug": f"p{number % 10}"} for number in range(30)]
            answers = await asyncio.gather(*(client.post("/posts", json=post) for post in posts))
            return sorted(answer.status_code for answer in answers)

    assert asyncio.run(race()) == [201] * 10 + [409] * 20
    assert posted.get("/posts").json()["total"] == 11


def test_the_description_of_the_api(api: httpx.Client) -> None:
    schemas = api.get("/openapi.json").json()["components"]["schemas"]
    assert {"Author", "AuthorCreate", "AuthorRead", "PostCreate", "PostRead", "PostTitle", "PostUpdate"} <= set(schemas)
    assert schemas["PostCreate"]["required"] == ["slug", "title", "text", "author_id"]
    assert schemas["PostCreate"]["properties"]["slug"]["pattern"] == "^[a-z0-9-]+$"
    assert "required" not in schemas["PostUpdate"]


def test_the_pool_lives_as_long_as_the_application(
    app: Any, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database.dsn)
    with serving(app) as url:
        assert httpx.get(f"{url}/posts", timeout=20).json() == {"items": [], "total": 0}
        assert ouroboros_postgres.is_connected()
    assert not ouroboros_postgres.is_connected()


def test_it_is_small() -> None:
    assert len(PROGRAM.read_text(encoding="utf-8").splitlines()) < 180
