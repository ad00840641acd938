"""Random queries over the tables of `models`, the same ones for the same seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from queries.abstract import (
    Aggregate,
    Boolean,
    Col,
    Compare,
    CompareColumns,
    CompareQuery,
    Condition,
    Exists,
    Having,
    In,
    Join,
    Order,
    Output,
    Page,
    Query,
    Related,
    Window,
)
from queries.data import (
    ARRAYS,
    COLUMNS,
    DOCUMENTS,
    ELEMENTS,
    EXPRESSIONS,
    KEYS,
    LINKS,
    NUMBERS,
    PATTERNS,
    RELATIONS,
    SCALAR,
    some,
    stored,
)

__all__ = ["FAMILIES", "draw"]


class Generator:
    """Draws one query.

    Attributes:
        sources: The sources of the query being drawn, by name, with their models; the main one is named like its model.
    """

    def __init__(self, seed: str) -> None:
        self.chance = random.Random(seed)
        self.sources: dict[str, str] = {}

    # Values and single comparisons

    def value(self, kind: str) -> Any:
        """A value to compare a scalar column with; numbers also of other types than the column's."""
        chance = self.chance
        if kind in ("int", "big", "numeric") and chance.random() < 0.3:
            return chance.choice((2.5, -0.5, 3.0, Decimal("1.10"), 10**12, -(10**12), Decimal("1e3")))
        value = stored(chance, kind)
        if kind == "date" and chance.random() < 0.3:
            return value.isoformat()
        return Decimal(value) if kind == "numeric" else value

    def column(self, kinds: Sequence[str], source: str | None = None) -> Col | None:
        """A column of one of these kinds."""
        names = [source] if source else list(self.sources)
        found = [
            Col(name, column) for name in names for column, kind in COLUMNS[self.sources[name]].items() if kind in kinds
        ]
        return self.chance.choice(found) if found else None

    def kind(self, col: Col) -> str:
        """The kind of a column of a source."""
        return COLUMNS[self.sources[col.source]][col.name]

    def comparison(self, source: str | None = None) -> Condition:
        """A comparison of any kind of column."""
        col = self.column((*SCALAR, *ARRAYS, "json"), source)
        assert col
        kind = self.kind(col)
        if kind in ARRAYS:
            return self.array(col, kind)
        if kind == "json":
            return self.json(col)
        return self.scalar(col, kind)

    def scalar(self, col: Col, kind: str) -> Condition:
        chance = self.chance
        styles = ["proxy", "tuple", "fragment", "expression"]
        op = chance.choice(("eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in", "between", "not_between", "null"))
        if kind == "bool" and op in ("gt", "gte", "lt", "lte", "between", "not_between"):
            return Compare(col, chance.choice(("is_", "is_not")), chance.choice((True, False, None)))
        if kind == "text" and chance.random() < 0.5:
            return self.text(col)
        if chance.random() < 0.1:
            return Compare(
                col, chance.choice(("distinct", "not_distinct")), self.value(kind) if chance.random() < 0.7 else None
            )
        if op == "null":
            return Compare(col, chance.choice(("is_null", "is_not_null")), None, chance.choice(styles))
        if op in ("in", "not_in"):
            values = [self.value(kind) for _ in range(chance.choice((0, 1, 2, 3, 5)))]
            if chance.random() < 0.25:
                values.append(None)
            return Compare(col, op, values, chance.choice(styles))
        if op in ("between", "not_between"):
            return Compare(col, op, [self.value(kind), self.value(kind)], chance.choice(styles[:2] + styles[3:]))
        if op in ("eq", "ne"):
            value = None if chance.random() < 0.2 else self.value(kind)
            return Compare(col, op, value, chance.choice([*styles, "dict"] if op == "eq" else styles))
        return Compare(col, op, self.value(kind), chance.choice(styles))

    def text(self, col: Col) -> Condition:
        chance = self.chance
        match chance.randrange(3):
            case 0:
                op = chance.choice(("like", "ilike", "not_like", "not_ilike"))
                return Compare(col, op, chance.choice(PATTERNS), chance.choice(("proxy", "tuple", "expression")))
            case 1:
                ops = ("contains", "startswith", "endswith", "icontains", "istartswith", "iendswith")
                fragment = chance.choice(("a", "A", "%", "_", "\\", "'", "本", "", "Ï", "$1"))
                return Compare(col, chance.choice(ops), fragment, chance.choice(("proxy", "fragment")))
            case _:
                return Compare(col, chance.choice(("regexp", "regexp_i")), chance.choice(EXPRESSIONS))

    def array(self, col: Col, kind: str) -> Condition:
        chance = self.chance
        pool: Sequence[Any] = range(-2, 5) if kind == "ints" else ELEMENTS
        op = chance.choice(("any", "any_list", "has", "has_list", "contained_by", "overlaps", "is_null"))
        if op == "is_null":
            return Compare(col, op, None)
        if op == "any":
            value: Any = None if chance.random() < 0.15 else chance.choice(pool)
        elif op == "has":
            value = chance.choice(pool)
        else:
            value = some(chance, pool, 3)
        if op == "has_list" and not value:
            return Compare(col, op, value, "function")  # the other forms are NULL for NULL
        return Compare(col, op, value, chance.choice(("proxy", "tuple", "function")))

    def json(self, col: Col) -> Condition:
        chance = self.chance
        op = chance.choice(("json_contains", "json_contained_by", "key", "any_key", "all_keys", "path", "json_any"))
        if op in ("json_contains", "json_contained_by"):
            return Compare(col, op, chance.choice(DOCUMENTS), chance.choice(("proxy", "tuple", "method")))
        if op == "key":
            return Compare(
                col, op, chance.choice((*KEYS, "a")), chance.choice(("proxy", "tuple", "function", "method"))
            )
        if op == "path":
            return Compare(col, op, (chance.choice((["k"], ["deep", "x"], ["0"])), chance.choice(("1", "2", "a"))))
        if op == "json_any":
            return Compare(col, op, chance.choice((1, "a", {"k": 1}, True, ["a", "k"], ["a", 1, {"k": 2}])), "function")
        least = 0 if chance.random() < 0.2 else 1
        return Compare(col, op, some(chance, KEYS, 3, least), chance.choice(("proxy", "tuple", "function", "method")))

    # Conditions

    def condition(self, depth: int = 2, source: str | None = None) -> Condition:
        """A comparison, or several combined."""
        chance = self.chance
        if depth == 0 or chance.random() < 0.5:
            compared = self.comparison(source)
            # Forms that are a filter of their own rather than an object that can be combined.
            if isinstance(compared, Compare) and compared.style in ("tuple", "dict", "method") and depth < 2:
                return replace(compared, style="proxy")
            return compared
        operator = chance.choice(("AND", "OR", "NOT"))
        count = 1 if operator == "NOT" else chance.randint(2, 3)
        members = tuple(self._combinable(self.condition(depth - 1, source)) for _ in range(count))
        return Boolean(operator, members, chance.choice(("operators", "functions")))

    def _combinable(self, condition: Condition) -> Condition:
        if isinstance(condition, Compare) and condition.style in ("tuple", "dict", "method"):
            return replace(condition, style="proxy")
        return condition

    def conditions(self, most: int = 2) -> tuple[Condition, ...]:
        return tuple(self._of_the_main_source(self.condition()) for _ in range(self.chance.randint(0, most)))

    def _of_the_main_source(self, condition: Condition) -> Condition:
        """Forms with plain names concern the main source."""
        if isinstance(condition, Compare) and condition.col.source != self.main and condition.style != "function":
            return replace(condition, style="proxy")
        if isinstance(condition, Boolean):
            return replace(condition, members=tuple(self._of_the_main_source(member) for member in condition.members))
        return condition

    # Parts of a query

    @property
    def main(self) -> str:
        return next(iter(self.sources))

    def start(self, model: str | None = None) -> str:
        model = model or self.chance.choice(tuple(COLUMNS))
        self.sources = {model: model}
        return model

    def order(self, *, keys: Sequence[Col] = ()) -> tuple[Order, ...]:
        """A total order: some columns, then the keys of all sources."""
        chance = self.chance
        columns = [self.column(SCALAR) for _ in range(chance.randint(0, 2))]
        orders = [
            Order(col, chance.random() < 0.5, chance.choice((None, None, "first", "last"))) for col in columns if col
        ]
        ends = keys or [Col(source, "id") for source in self.sources]
        return (*orders, *(Order(col, chance.random() < 0.3) for col in ends))

    def page(self, order: tuple[Order, ...]) -> Page:
        chance = self.chance
        limit = chance.choice((None, None, 1, 3, 10))
        offset = chance.choice((None, None, 1, 4))
        return Page(order, limit, offset)

    def outputs(self, kinds: Sequence[str] = SCALAR, most: int = 4) -> tuple[Output, ...]:
        """Result columns with labels of their own: names that are equal in two sources get one."""
        made: dict[str, Output] = {}
        for number in range(self.chance.randint(1, most)):
            col = self.column(kinds)
            if col:
                label = col.name if col.source == self.main and self.chance.random() < 0.7 else f"c{number}"
                made.setdefault(label, Output(label, col))
        return tuple(made.values())

    # Families of queries

    def filters(self) -> Query:
        """Conditions over one table; ordered and paged now and then."""
        model = self.start()
        query = Query(model, where=self.conditions(3), columns=self.outputs((*SCALAR, *ARRAYS, "json"), 5))
        if self.chance.random() < 0.6:
            return replace(query, page=self.page(self.order()), ordered=True)
        return query

    def distinct(self) -> Query:
        """DISTINCT, and DISTINCT ON with an order that may or may not begin with its columns."""
        model = self.start()
        query = Query(model, where=self.conditions(1), columns=self.outputs())
        if self.chance.random() < 0.4:
            labels = [Order(output.label, self.chance.random() < 0.5) for output in query.columns]
            return replace(query, distinct=True, page=self.page(tuple(labels)), ordered=True)
        on = tuple({self.column(SCALAR): None for _ in range(self.chance.randint(1, 2))})
        return replace(
            query,
            distinct=self.chance.random() < 0.3,
            distinct_on=tuple(col for col in on if col),
            page=self.page(self.order()),
            ordered=True,
        )

    def joins(self) -> Query:
        """One to three joins: to one table twice, of a table with itself, with conditions of their own."""
        chance = self.chance
        model = self.start()
        joins: list[Join] = []
        for number in range(chance.randint(1, 3)):
            present = list(self.sources)
            left = chance.choice(present)
            links = [
                (here, there, other)
                for one, key, many, reference in LINKS
                for here, there, mine, other in ((key, reference, one, many), (reference, key, many, one))
                if mine == self.sources[left]
            ]
            here, there, target = chance.choice(links)
            source = target if target not in self.sources and chance.random() < 0.5 else f"j{number}"
            self.sources[source] = target
            on: Condition = CompareColumns(Col(left, here), "eq", Col(source, there))
            kind = chance.choice(("inner", "left", "left", "right", "full"))
            if kind != "full" and chance.random() < 0.3:
                on = Boolean("AND", (on, self._proxied(self.comparison(source))))
            joins.append(Join(kind, target, source, on))
        where = tuple(self._proxied(condition) for condition in self.conditions(2))
        if chance.random() < 0.3:
            where = (*where, self.related(chance.choice(list(self.sources)), 1))
        query = Query(model, tuple(joins), where, self.outputs(most=5))
        if chance.random() < 0.5:
            return replace(query, page=self.page(self.order()), ordered=True)
        return query

    def _proxied(self, condition: Condition) -> Condition:
        if isinstance(condition, Compare) and condition.style in ("tuple", "dict", "method"):
            return replace(condition, style="proxy")
        if isinstance(condition, Compare) and condition.col.source != self.main and condition.style != "function":
            return replace(condition, style="proxy")
        return condition

    def groups(self) -> Query:
        """Aggregates of groups, with HAVING, ordered by the group and paged; over a join now and then."""
        chance = self.chance
        query = self.joins() if chance.random() < 0.3 else Query(self.start(), where=self.conditions(2))
        found = {self.column(SCALAR, self.main) for _ in range(chance.randint(0, 2))}
        groups = tuple(sorted((col for col in found if col), key=lambda col: col.name))
        aggregates = tuple(self.aggregate(f"a{number}") for number in range(chance.randint(0 if groups else 1, 4)))
        having = tuple(self.having() for _ in range(chance.randint(0, 2)))
        orders = tuple(Order(col, chance.random() < 0.5) for col in groups)
        if aggregates and groups and chance.random() < 0.4:
            orders = (Order(chance.choice(aggregates).label, chance.random() < 0.5), *orders)
        return replace(
            query,
            columns=(),
            groups=groups,
            aggregates=aggregates,
            having=having,
            page=self.page(orders) if groups else Page(),
            ordered=bool(groups),
        )

    def aggregate(self, label: str) -> Aggregate:
        function = self.chance.choice(("count", "count_column", "count_distinct", "sum", "avg", "min", "max"))
        if function == "count":
            return Aggregate(function, None, label)
        kinds = NUMBERS if function in ("sum", "avg") else ("text", "date", *NUMBERS)
        col = self.column(kinds)
        return Aggregate(function, col, label) if col else Aggregate("count", None, label)

    def having(self) -> Having:
        chance = self.chance
        if chance.random() < 0.5:
            op = chance.choice(("eq", "ne", "gt", "gte", "lt", "lte", "between", "in", "not_in"))
            value: Any = chance.choice((0, 1, 2, 1.5, 3))
            if op == "between":
                value = [1, chance.choice((2, 3.5))]
            elif op in ("in", "not_in"):
                value = some(chance, (1, 2, 3), 2, 1)
            return Having("count", None, op, value)
        function = chance.choice(("sum", "avg", "min", "max"))
        op = chance.choice(("gt", "lt", "gte", "is_null", "is_not_null", "ne"))
        value = None if op.startswith("is_") else chance.choice((0, 2.5, 10, Decimal("1.10"), -1))
        return Having(function, self.column(("int", "numeric")), op, value)

    def windows(self) -> Query:
        """Window functions beside some columns."""
        model = self.start()
        windows = tuple(self.window(f"w{number}") for number in range(self.chance.randint(1, 3)))
        query = Query(model, where=self.conditions(1), columns=self.outputs(most=2), windows=windows)
        if self.chance.random() < 0.5:
            return replace(query, page=self.page(self.order()), ordered=True)
        return query

    def window(self, label: str) -> Window:
        chance = self.chance
        partition = tuple(col for col in (self.column(SCALAR),) if col and chance.random() < 0.6)
        order = tuple(
            (col, chance.choice(("asc", "desc", "DESC", "asc nulls first")))
            for col in (self.column(SCALAR), Col(self.main, "id"))
            if col
        )
        number = self.column(NUMBERS)
        match chance.choice(("row_number", "rank", "dense_rank", "ntile", "lag", "lead", "value", "aggregate")):
            case "rank" | "dense_rank" as function:
                return Window(function, None, label, partition, order[:1])
            case "ntile":
                return Window("ntile", None, label, partition, order, offset=chance.randint(1, 4))
            case "lag" | "lead" as function:
                default = chance.choice((None, 0, -7))
                return Window(function, number, label, partition, order, None, chance.choice((None, 1, 2)), default)
            case "value":
                frame = chance.choice((None, ("rows", None, None), ("rows", -1, 1), ("rows", 0, None)))
                return Window(chance.choice(("first_value", "last_value")), number, label, partition, order, frame)
            case "aggregate":
                function = chance.choice(("sum", "avg", "min", "max", "count"))
                frame = chance.choice((None, ("rows", -2, 0), ("rows", None, 0), ("range", None, 0)))
                ordered = order if frame or chance.random() < 0.5 else ()
                return Window(function, None if function == "count" else number, label, partition, ordered, frame)
            case function:
                return Window(function, None, label, partition, order)

    def sets(self) -> Query:
        """Set operations in a row; pages of the operands and of the result."""
        chance = self.chance
        kinds = chance.sample(("int", "text", "date"), chance.randint(1, 2))
        first = self.operand(kinds)
        operations = ("union", "union_all", "intersect", "intersect_all", "except_", "except_all")
        sets = tuple((chance.choice(operations), self.operand(kinds)) for _ in range(chance.randint(1, 3)))
        query = replace(first, sets=sets, ordered=False)
        if chance.random() < 0.6:
            orders = tuple(Order(output.label, chance.random() < 0.5) for output in first.columns)
            return replace(query, after=self.page(orders), ordered=True)
        return query

    def operand(self, kinds: Sequence[str]) -> Query:
        model = self.start()
        chosen: dict[str, Output] = {}
        for kind in kinds:
            names = [n for n, k in COLUMNS[model].items() if k == kind and n not in chosen]
            if not names:
                return self.operand(kinds)
            name = self.chance.choice(names)
            chosen[name] = Output(name, Col(model, name))
        query = Query(model, where=self.conditions(1), columns=tuple(chosen.values()))
        if self.chance.random() < 0.4:
            return replace(query, page=self.page(self.order()))
        return query

    def subqueries(self) -> Query:
        """IN, EXISTS, scalar comparison, related rows, and values in the select list; correlated or not."""
        chance = self.chance
        model = self.start()
        where = [self.subquery_condition() for _ in range(chance.randint(1, 2))]
        if chance.random() < 0.4:
            combinable = [c for c in where if isinstance(c, (CompareQuery, Related))]
            rest = [c for c in where if c not in combinable]
            if combinable:
                member = self._combinable(self._of_the_main_source(self.comparison()))
                where = [*rest, Boolean(chance.choice(("AND", "OR")), (*combinable, member))]
        columns = self.outputs(most=3)
        if chance.random() < 0.4:
            columns = (*columns, Output("sub", self.scalar_query()))
        query = Query(model, where=(*where, *self.conditions(1)), columns=columns)
        if chance.random() < 0.4:
            return replace(query, page=self.page(self.order()), ordered=True)
        return query

    def subquery_condition(self) -> Condition:
        chance = self.chance
        match chance.randrange(5):
            case 0 | 1:
                col = self.column(("int",))
                assert col
                return In(col, self.inner("int"), chance.random() < 0.5)
            case 2:
                return Exists(self.inner(None, correlated=chance.random() < 0.8), chance.random() < 0.4)
            case 3:
                col = self.column(("int", "big"))
                assert col
                return CompareQuery(col, chance.choice(("eq", "ne", "gt", "lte")), self.scalar_query())
            case _:
                return self.related(self.main, 2)

    def related(self, source: str, depth: int) -> Related:
        chance = self.chance
        # An alias has columns only; the name of a related table has a dot.
        keys_only = source not in COLUMNS and "." not in source
        model = self.sources[source]
        name, target = chance.choice([each for each in RELATIONS[model] if not keys_only or each[0].endswith("_id")])
        if chance.random() < 0.3:
            return Related(source, name, target, None)
        outer, self.sources = self.sources, {f"{target}.{depth}": target}
        inner = f"{target}.{depth}"
        condition: Condition = self._proxied(self._combinable(self.comparison(inner)))
        if depth > 1 and chance.random() < 0.4 and target != "Author":
            condition = Boolean("AND", (condition, self.related(inner, depth - 1)))
        self.sources = outer
        return Related(source, name, target, _all_proxies(condition))

    def inner(self, kind: str | None, *, correlated: bool | None = None) -> Query:
        """A query of another table; one column of a kind, or none chosen."""
        chance = self.chance
        outer, self.sources = self.sources, {}
        links = [
            (here, there, other)
            for one, key, many, reference in LINKS
            for here, there, mine, other in ((key, reference, one, many), (reference, key, many, one))
            if mine == next(iter(outer.values())) and other != mine
        ]
        here, there, target = chance.choice(links)
        self.start(target)
        where: tuple[Condition, ...] = tuple(self._of_the_main_source(c) for c in self.conditions(1))
        if correlated if correlated is not None else chance.random() < 0.3:
            where = (*where, CompareColumns(Col(target, there), "eq", Col(next(iter(outer)), here)))
        col = self.column((kind,)) if kind else None
        page = self.page(self.order()) if chance.random() < 0.25 else Page()
        query = Query(target, where=where, columns=(Output(col.name, col),) if col else (), page=page)
        self.sources = outer
        return query

    def scalar_query(self) -> Query:
        """One row, one value: an aggregate of another table's rows, correlated or not."""
        chance = self.chance
        query = self.inner(None, correlated=chance.random() < 0.7)
        outer, self.sources = self.sources, {query.model: query.model}
        function = chance.choice(("count", "max", "min", "sum"))
        col = None if function == "count" else self.column(("int",))
        self.sources = outer
        return replace(query, columns=(), aggregates=(Aggregate(function, col, "value"),), page=Page())

    def tables(self) -> Query:
        """A filter that mixes all its forms, and nothing selected: all columns."""
        model = self.start()
        return Query(
            model, where=tuple(self._of_the_main_source(self.condition(3)) for _ in range(self.chance.randint(1, 3)))
        )


def _all_proxies(condition: Condition) -> Condition:
    if isinstance(condition, Compare) and condition.style not in ("function",):
        return replace(condition, style="proxy")
    if isinstance(condition, Boolean):
        return replace(condition, members=tuple(_all_proxies(member) for member in condition.members))
    return condition


def draw(family: str, seed: int) -> Query:
    """The query of a family for a seed."""
    query: Query = getattr(Generator(f"{family} {seed}"), family)()
    return query


FAMILIES = ("filters", "tables", "distinct", "joins", "groups", "windows", "sets", "subqueries")
