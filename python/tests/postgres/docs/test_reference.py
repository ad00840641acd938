"""The reference names everything that there is, and gives the real defaults."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import ouroboros_postgres
from ouroboros_postgres import columns, errors, session, telemetry
from ouroboros_postgres import pydantic as schemas

ROOT = Path(__file__).parents[4]
REFERENCE = ROOT / "docs" / "reference"
PARAMETERS = inspect.signature(ouroboros_postgres.init).parameters
HEADER_FUNCTION = re.compile(r"^(?:u?int32_t|void|const char \*) ?(ob_\w+)\(", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
PAGES = sorted((ROOT / "docs").rglob("*.md"))


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


def options() -> dict[str, object]:
    """Returns the defaults in the tables of the page on configuration."""
    rows = re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", page("configuration.md"), re.MULTILINE)
    return {name: ast.literal_eval(default) for name, default in rows}


def test_configuration_has_every_option_with_its_default() -> None:
    assert options() == {name: parameter.default for name, parameter in PARAMETERS.items()}


@pytest.mark.parametrize("name", sorted(errors.__all__))
def test_every_exception_is_described(name: str) -> None:
    rows = [line for line in page("errors.md").splitlines() if line.startswith("|")]
    assert any(f"`{name}`" in row for row in rows)


def public_pages() -> str:
    """Returns what the pages say that are about Python."""
    names = "functions models queries expressions relationships session events transactions values telemetry testing"
    return "\n".join(page(f"{name}.md") for name in names.split())


def is_described(name: str, text: str) -> bool:
    return re.search(rf"(`|^){name}\b", text, re.MULTILINE) is not None


def signatures(name: str, text: str) -> list[set[str]]:
    """Returns the parameters of a function wherever it is shown with them."""
    shown = re.findall(rf"(?:`|^|\.){name}\(([^`]*?)\)(?:`| ->)", text, re.MULTILINE)
    return [set(re.findall(r"(?:^|,\s+)\*{0,2}(\w+)", parameters)) for parameters in shown]


def parameters(function: Callable[..., object]) -> set[str]:
    return set(inspect.signature(function).parameters) - {"self", "cls"}


@pytest.mark.parametrize("name", sorted(set(ouroboros_postgres.__all__) - set(errors.__all__)))
def test_every_public_name_is_described(name: str) -> None:
    assert is_described(name, public_pages())


FUNCTIONS = [name for name in ouroboros_postgres.__all__ if inspect.isfunction(getattr(ouroboros_postgres, name))]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signatures_have_every_parameter(name: str) -> None:
    """A function is shown with all its parameters; the options of `init` are elsewhere."""
    expected = parameters(getattr(ouroboros_postgres, name))
    if name == "init":
        expected = {"connection_string"}
    shown = [
        {"where_conditions" if n == "conditions" and "where_conditions" in expected else n for n in names}
        for names in signatures(name, public_pages())
    ]
    assert expected in shown


CLASSES: dict[str, list[type]] = {
    "queries.md": [ouroboros_postgres.QueryBuilder, ouroboros_postgres.WindowSpec],
    "models.md": [ouroboros_postgres.Table],
    "expressions.md": [
        ouroboros_postgres.ColumnProxy,
        ouroboros_postgres.QueryFragment,
        ouroboros_postgres.FullTextSearch,
        ouroboros_postgres.ArrayOps,
        ouroboros_postgres.Point,
        ouroboros_postgres.GeoQuery,
    ],
    "session.md": [session.Session, session.IdentityMap],
    "relationships.md": [columns.BackReferenceQuery, columns.ManyToManyQuery, columns.ForeignKeyProxy],
}
INTERNAL = {"encode", "encode_column", "is_empty", "is_same", "joined"}
"""Methods by which the parts of the package understand each other."""


def methods() -> list[tuple[str, type, str]]:
    return [
        (name, owner, method)
        for name, owners in CLASSES.items()
        for owner in owners
        for method in dir(owner)
        if not method.startswith("_") and method not in INTERNAL and inspect.isroutine(getattr(owner, method))
    ]


def test_methods_are_found() -> None:
    assert len(methods()) > 150


@pytest.mark.parametrize(
    ("name", "owner", "method"), methods(), ids=[f"{owner.__name__}.{method}" for _, owner, method in methods()]
)
def test_every_method_is_described(name: str, owner: type, method: str) -> None:
    assert re.search(rf"[`.]{method}[`(]", page(name))


@pytest.mark.parametrize("method", [m for _, owner, m in methods() if owner is ouroboros_postgres.QueryBuilder])
def test_methods_of_queries_have_every_parameter(method: str) -> None:
    expected = parameters(getattr(ouroboros_postgres.QueryBuilder, method))
    assert expected in signatures(method, page("queries.md"))


def test_every_public_module_is_listed() -> None:
    paths = (ROOT / "python" / "ouroboros_postgres").iterdir()
    modules = {path.stem for path in paths if path.suffix == ".py" or (path / "__init__.py").exists()}
    public = {name for name in modules if not name.startswith("_")}
    rows = [line.split("|")[1] for line in page("functions.md").splitlines() if line.startswith("|")]
    assert {"session", "local", "events"} <= public
    assert public <= {name for row in rows for name in re.findall(r"`(\w+)`", row)}


@pytest.mark.parametrize("name", session.__all__)
def test_parts_of_sessions_are_described(name: str) -> None:
    assert is_described(name, page("session.md"))


@pytest.mark.parametrize("method", [m for name, _, m in methods() if name == "session.md"])
def test_methods_of_sessions_have_every_parameter(method: str) -> None:
    owners = [owner for _, owner, found in methods() if found == method and owner in CLASSES["session.md"]]
    shown = signatures(method, page("session.md"))
    assert [owner for owner in owners if parameters(getattr(owner, method)) not in shown] == []


@pytest.mark.parametrize("name", schemas.__all__)
def test_schemas_are_described(name: str) -> None:
    assert is_described(name, page("models.md"))


@pytest.mark.parametrize("name", telemetry.__all__)
def test_telemetry_is_described(name: str) -> None:
    assert is_described(name, page("telemetry.md"))
    if inspect.isfunction(getattr(telemetry, name)):
        assert parameters(getattr(telemetry, name)) in signatures(name, page("telemetry.md"))


@pytest.mark.parametrize("owner", [telemetry.SpanAttributes, telemetry.MetricNames])
def test_names_of_attributes_and_metrics_are_described(owner: type) -> None:
    values = [value for name, value in vars(owner).items() if name.isupper()]
    assert len(values) >= 5
    assert [value for value in values if f"`{value}`" not in page("telemetry.md")] == []


def header_functions() -> list[str]:
    header = (ROOT / "capi" / "ouroboros_postgres.h").read_text(encoding="utf-8")
    return HEADER_FUNCTION.findall(header)


def test_the_header_is_read() -> None:
    assert len(header_functions()) == 15  # with ob_debug_fault
    assert "ob_build_info" in header_functions()


@pytest.mark.parametrize("name", header_functions())
def test_every_function_of_the_header_is_described(name: str) -> None:
    assert f"`{name}(" in page("c-abi.md")


def sources(folder: str, suffix: str) -> str:
    """Returns the text of all sources but tests."""
    paths = [p for p in sorted((ROOT / folder).rglob(f"*{suffix}")) if not p.stem.endswith("_test")]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def operations() -> list[str]:
    go = sources("core/operation", "operation.go") + sources("core/operation", "ddl.go")
    named = re.findall(r'^\tcase ("[a-z0-9_", ]+"):', go, re.MULTILINE)
    bridge = sources("core/bridge", "control.go") + sources("core/bridge", "cursor.go")
    controls = re.findall(r'^\t\t"(\w+)": +(?:\{|savepoint\()', bridge, re.MULTILINE)
    return sorted({*re.findall(r"\w+", " ".join(named)), *controls, "metrics", "reset_metrics"})


def test_operations_are_found() -> None:
    expected = "execute statement compile table_text create_table m2m_set inspect_table identifier connect begin fetch"
    assert set(expected.split()) <= set(operations())


@pytest.mark.parametrize("name", operations())
def test_every_operation_is_described(name: str) -> None:
    rows = [line for line in page("payloads.md").splitlines() if line.startswith("|")]
    assert any(f"`{name}`" in row for row in rows)


def log_events() -> set[str]:
    go = re.findall(r'(?:Level(?!Trace)\w+, |levelError, |Message: )"([A-Z][^"]+)"', sources("core", ".go"))
    python = re.findall(r'_log\.(?:info|warning)\(\s*"([^"%]+)"', sources("python/ouroboros_postgres", ".py"))
    return {*go, *python}


def test_every_log_event_is_described() -> None:
    text = (ROOT / "docs" / "operations" / "monitoring.md").read_text(encoding="utf-8")
    described = re.findall(r"^\| `([^`]+?)(?:…)?`(?:, `[^`]+`)? \|", text, re.MULTILINE)
    assert len(log_events()) > 15
    assert sorted(event for event in log_events() if not event.startswith(tuple(described))) == []


def anchors(path: Path) -> set[str]:
    """Returns the anchors that GitHub makes of headings."""
    headings = HEADING.findall(FENCE.sub("", path.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    for target, anchor in LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8"))):
        to = (path.parent / target).resolve() if target else path
        assert to.exists(), f"{target} in {path.name}"
        if anchor:
            assert anchor in anchors(to), f"{target}#{anchor} in {path.name}"


def test_the_index_links_every_page() -> None:
    index = ROOT / "docs" / "README.md"
    linked = {(index.parent / target).resolve() for target, _ in LINK.findall(index.read_text(encoding="utf-8"))}
    assert [path for path in PAGES if path != index and path.resolve() not in linked] == []
