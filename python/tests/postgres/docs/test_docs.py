"""Every Python block of the documentation runs: a page is one program, read from top to bottom.

A block that cannot run is marked in the line before its fence: ``<!-- not run: reason -->``.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import types
from pathlib import Path
from typing import Any

import pytest

from fixtures.database import Database

ROOT = Path(__file__).parents[4]
BLOCK = re.compile(r"^(?P<mark><!-- not run: .+? -->\n+)?^```python\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])


def program(page: Path) -> ast.Module:
    """Returns the blocks as one module, with the line numbers of the page."""
    text = page.read_text(encoding="utf-8")
    module = ast.Module(body=[], type_ignores=[])
    for match in BLOCK.finditer(text):
        if match["mark"] is None:
            part = ast.parse(match["code"], str(page))
            module.body += ast.increment_lineno(part, text.count("\n", 0, match.start("code"))).body
    return module


async def run(page: Path, module: ast.Module) -> None:
    code = compile(module, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    namespace: dict[str, Any] = {"__name__": "page"}
    function = types.FunctionType(code, namespace)
    if code.co_flags & inspect.CO_COROUTINE:
        await function()
    else:
        await asyncio.to_thread(function)  # it may start an event loop of its own


@pytest.mark.parametrize(
    "page", [page for page in PAGES if program(page).body], ids=lambda page: str(page.relative_to(ROOT))
)
async def test_page(page: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", database.dsn)
    import ouroboros_postgres

    try:
        await run(page, program(page))
    finally:
        await ouroboros_postgres.close()


def test_blocks_are_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```python\na = 1\n```\n\n<!-- not run: shown only -->\n\n```python\nbad(\n```\n\n```python\nb = a\n```\n"
    )
    statements = program(page).body
    assert [(ast.unparse(s), s.lineno) for s in statements] == [("a = 1", 2), ("b = a", 12)]
