"""Random queries with random options: whatever is loaded in whichever way is what lazy loading gives."""

from __future__ import annotations

import random
from types import ModuleType
from typing import Any

import pytest

from models import blog
from models.blog import Article, Comment, Company, Person
from ouroboros_postgres import Table, joined, raw_sql, selectinload, subquery
from queries.sent import Sent

RELATIONSHIPS: dict[type[Table], dict[str, type[Table]]] = {
    Company: {"people": Person},
    Person: {"company": Company, "articles": Article},
    Article: {"author": Person, "editor": Person, "comments": Comment},
    Comment: {"article": Article, "parent": Comment, "replies": Comment},
}


@pytest.fixture
async def crowd(pg: ModuleType) -> ModuleType:
    """The blog with random rows: keys that are NULL, dangle, and occur often."""
    await blog.fill(pg)
    choice = random.Random(1)
    await pg.execute("DELETE FROM comments; DELETE FROM articles; DELETE FROM people")

    def key(count: int) -> int | None:
        return choice.choice([None, count + 5, *range(1, count + 1)])

    for number in range(1, 13):
        await pg.insert_one("people", {"id": number, "name": f"p{number % 5}", "company_id": key(2)})
    for number in range(1, 31):
        row = {"id": number, "title": f"t{number % 7}", "author_id": key(12), "editor_id": key(12)}
        await pg.insert_one("articles", row)
    for number in range(1, 41):
        row = {"id": number, "text": f"c{number % 4}", "article_id": key(30), "parent_id": key(40)}
        await pg.insert_one("comments", row)
    return pg


def random_paths(choice: random.Random, model: type[Table]) -> list[str]:
    paths: list[str] = []
    for _ in range(choice.randint(1, 3)):
        segments: list[str] = []
        current = model
        for _ in range(choice.randint(1, 3)):
            name = choice.choice(list(RELATIONSHIPS[current]))
            segments.append(name)
            current = RELATIONSHIPS[current][name]
        paths.append(".".join(segments))
    return paths


def random_query(choice: random.Random, model: Any) -> Any:
    query = model.find()
    if choice.random() < 0.5:
        query = query.where(model.id > choice.randint(0, 10))
    if choice.random() < 0.2:
        query = query.where(raw_sql("id % $1 <> 0", [choice.randint(2, 4)]))
    if choice.random() < 0.3:
        query = query.where({"id": choice.sample(range(1, 30), 12)})
    if choice.random() < 0.2:
        query = query.distinct()
    if choice.random() < 0.3:
        query = query.order_by(choice.choice([name for name in ("name", "title", "text") if name in model._columns]))
    query = query.order_by(choice.choice(["id", "-id"]))
    if choice.random() < 0.5:
        query = query.limit(choice.randint(1, 8))
    if choice.random() < 0.3:
        query = query.offset(choice.randint(1, 5))
    return query


async def tree(instance: Any, segments: list[str]) -> Any:
    """What a path leads to from an instance, as plain data."""
    if not segments or instance is None:
        return None if instance is None else instance.to_dict()
    found = await getattr(instance, segments[0])
    if isinstance(found, list):
        items = [await tree(each, segments[1:]) for each in sorted(found, key=lambda each: each.id)]
        assert [each.id for each in found] == sorted(each.id for each in found)
        return [instance.to_dict(), items]
    return [instance.to_dict(), await tree(found, segments[1:])]


@pytest.mark.parametrize("seed", [*range(60), 158, 502, 553])
async def test_every_way_of_loading_gives_the_same(seed: int, crowd: ModuleType) -> None:
    choice = random.Random(seed)
    model = choice.choice(list(RELATIONSHIPS))
    query, paths = random_query(choice, model), random_paths(choice, model)
    plain = await query.to_list()
    expected = [[await tree(each, path.split(".")) for path in paths] for each in plain]
    options = [choice.choice([selectinload, subquery, joined])(path) for path in paths]
    found = await query.options(*options).to_list()
    sent = Sent(crowd)
    assert [[await tree(each, path.split(".")) for path in paths] for each in found] == expected
    assert sent() == 0, options
    again = [each async for each in query.options(*options)]
    assert [[await tree(each, path.split(".")) for path in paths] for each in again] == expected
