"""Array containment, key existence and relationships as filters; joins; subqueries: what the change is judged by."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from fixtures.database import Database
from ouroboros_postgres import (
    BackReference,
    Column,
    ManyToMany,
    Table,
    aliased,
    and_,
    any_,
    has,
    not_,
    or_,
    relationship,
)

SCHEMA = """
CREATE TABLE person (id int PRIMARY KEY, name text, boss_id int, team_id int);
CREATE TABLE team (id int PRIMARY KEY, name text);
CREATE TABLE task (
    id int PRIMARY KEY, name text, owner_id int, reviewer_id int, tags text[], labels varchar[], metadata jsonb
);
CREATE TABLE skill (id int PRIMARY KEY, name text);
CREATE TABLE person_skill (person_id int, skill_id int);
INSERT INTO team VALUES (1, 'red'), (2, 'blue'), (3, 'empty');
INSERT INTO person VALUES (1, 'Ada', NULL, 1), (2, 'Ben', 1, 1), (3, 'Cy', 1, 2), (4, 'Dee', 2, NULL);
INSERT INTO task VALUES
    (1, 'build', 2, 1, '{urgent,big}', '{x}', '{"author": "Ada", "size": 1}'),
    (2, 'test', 3, 2, '{big}', '{x,y}', '{"editor": null}'),
    (3, 'ship', 2, NULL, '{}', '{}', '{}'),
    (4, 'sell', NULL, 1, NULL, NULL, NULL),
    (5, 'rest', 9, 3, '{urgent,NULL}', NULL, '["author", 5]');
INSERT INTO skill VALUES (1, 'go'), (2, 'c');
INSERT INTO person_skill VALUES (1, 1), (1, 2), (2, 1);
"""


class Team(Table):
    id: int
    name: str | None
    members = BackReference("person", "team_id")


class Skill(Table):
    id: int
    name: str | None


class Person(Table):
    id: int
    name: str | None
    boss_id: int | None = Column(foreign_key="person.id")
    team_id: int | None = Column(foreign_key="team.id")
    team = relationship(Team, "team_id")
    boss = relationship("Person", "boss_id")
    reports = BackReference("person", "boss_id")
    tasks = BackReference("task", "owner_id")
    skills = ManyToMany("person_skill", "person_id", "skill_id", "skill")


class Task(Table):
    id: int
    name: str | None
    owner_id: int | None = Column(foreign_key="person.id")
    reviewer_id: int | None = Column(foreign_key="person.id")
    tags: list[str] | None
    labels: list[str] | None
    metadata: dict[str, Any] | None
    owner = relationship(Person, "owner_id")
    reviewer = relationship(Person, "reviewer_id")


@pytest.fixture(autouse=True)
async def schema(pg: ModuleType) -> None:
    await pg.execute(SCHEMA)


async def ids(query: Any) -> list[int]:
    return sorted(found.id for found in await query.to_list())


class TestArraysAndDocuments:
    async def test_the_two_scenarios(self) -> None:
        urgent = Task.find(any_("tags", "urgent"))
        sql, params = urgent.to_sql()
        assert sql.endswith("WHERE $1 = ANY(tags)")
        assert params == ["urgent"]
        assert await ids(urgent) == [1, 5]
        written = Task.find(has("metadata", "author"))
        sql, params = written.to_sql()
        assert sql.endswith("WHERE metadata ? $1")
        assert params == ["author"]
        assert await ids(written) == [1, 5]

    async def test_arrays(self) -> None:
        for column in ("tags", Task.tags):
            assert await ids(Task.find(any_(column, ["urgent", "big"]))) == [1, 2, 5]
            assert await ids(Task.find(has(column, "big"))) == [1, 2]
            assert await ids(Task.find(has(column, ["big", "urgent"]))) == [1]
            assert await ids(Task.find(any_(column, []))) == []
            assert await ids(Task.find(has(column, []))) == [1, 2, 3, 5]
            assert await ids(Task.find(any_(column, None))) == [5]
            assert await ids(Task.find(not_(any_(column, "big")))) == [3]
        assert await ids(Task.find(any_(Task.labels, "x"))) == [1, 2]
        assert await ids(Task.find(has(Task.labels, ["x", "y"]))) == [2]
        assert await ids(Task.find(any_(Task.labels, ["y", "z"]))) == [2]

    async def test_documents(self) -> None:
        for column in ("metadata", Task.metadata):
            assert await ids(Task.find(any_(column, "author"))) == [1, 5]
            assert await ids(Task.find(any_(column, ["editor", "size"]))) == [1, 2]
            assert await ids(Task.find(has(column, ["author", "size"]))) == [1]
            assert await ids(Task.find(any_(column, 5))) == [5]
            assert await ids(Task.find(any_(column, {"size": 1}))) == [1]
            assert await ids(Task.find(any_(column, [5, "size"]))) == [1, 5]
            assert await ids(Task.find(any_(column, []))) == []
            assert await ids(Task.find(has(column, []))) == [1, 2, 3, 5]
            assert await ids(Task.find(not_(has(column, "author")))) == [2, 3]

    def test_without_a_model(self) -> None:
        assert any_("tags", "x").to_sql() == ("$1 = ANY(tags)", ["x"])
        assert has("meta", "x").to_sql(3) == ("meta ? $3", ["x"])
        assert any_("tags", ["x"]).to_sql() == ("tags && $1", [["x"]])
        assert has("order", ["x"]).to_sql() == ('"order" ?& $1', [["x"]])
        assert any_("tags", None).to_sql() == ("array_position(tags, NULL) IS NOT NULL", [])
        assert (any_("a", 1) & has("b", "k")).to_sql() == ("($1 = ANY(a) AND b ? $2)", [1, "k"])

    async def test_combined_and_in_writes(self, database: Database) -> None:
        assert await ids(Task.find(any_("tags", "big") & has("metadata", "author"))) == [1]
        assert await ids(Task.find(or_(any_("tags", "urgent"), has("metadata", "editor")))) == [1, 2, 5]
        assert await Task.update_many({"name": "x"}, any_("tags", "big"), ~has("metadata", "author")) == 1
        assert await Task.delete_many(has("metadata", "author")) == 2
        assert database.query("SELECT id, name FROM task ORDER BY id") == [
            {"id": 2, "name": "x"},
            {"id": 3, "name": "ship"},
            {"id": 4, "name": "sell"},
        ]


class TestRelationships:
    async def test_every_kind(self) -> None:
        assert await ids(Team.find(any_(Team.members, Person.name == "Ben"))) == [1]
        assert await ids(Team.find(has(Team.members))) == [1, 2]
        assert await ids(Person.find(has(Person.team, Team.name == "red"))) == [1, 2]
        assert await ids(Person.find(any_(Person.skills, Skill.name == "c"))) == [1]
        assert await ids(Person.find(any_(Person.skills))) == [1, 2]
        assert await ids(Task.find(has(Task.owner_id, Person.name == "Ben"))) == [1, 3]
        assert await ids(Task.find(has("reviewer", Person.name == "Ada"))) == [1, 4]
        assert await ids(Task.find(not_(has(Task.owner)))) == [4, 5]

    async def test_of_a_table_with_itself(self) -> None:
        assert await ids(Person.find(any_(Person.reports, Person.name == "Dee"))) == [2]
        assert await ids(Person.find(has(Person.boss, Person.name == "Ada"))) == [2, 3]
        assert await ids(Person.find(any_(Person.reports, any_(Person.reports)))) == [1]
        assert await ids(Person.find(Person.name != "Ada", ~any_(Person.reports))) == [3, 4]

    async def test_nested(self) -> None:
        red = has(Person.team, Team.name == "red")
        assert await ids(Task.find(has(Task.owner, red))) == [1, 3]
        assert await ids(Task.find(has(Task.owner, red & any_(Person.skills, Skill.name == "go")))) == [1, 3]
        assert await ids(Task.find(has(Task.reviewer, any_(Person.tasks, any_("tags", "urgent"))))) == [2]

    async def test_columns_of_the_outer_query(self) -> None:
        """The owner's task that has the owner's own id as its own."""
        assert await ids(Person.find(any_(Person.tasks, Task.id == Person.id))) == []
        assert await ids(Person.find(any_(Person.tasks, Task.id > Person.id))) == [2]
        assert await ids(Task.find(has(Task.owner, Person.id < Task.id))) == [3]

    async def test_from_an_alias_and_in_a_join(self) -> None:
        reviewer = aliased(Person, "reviewer")
        query = Task.find(reviewer.name == "Ada", has(Task.owner, Person.name == "Ben"))
        assert await ids(query.inner_join(reviewer, reviewer.id == Task.reviewer_id)) == [1]

    async def test_in_writes(self) -> None:
        assert await Task.update_many({"name": "x"}, has(Task.owner, Person.name == "Ben")) == 2
        assert await Task.delete_many(not_(has(Task.owner))) == 2
        assert await Task.find(Task.name == "x").count() == 2


class TestJoins:
    """Right rows, right nesting."""

    async def pairs(self, query: Any) -> list[tuple[Any, ...]]:
        rows = await query.to_dicts()
        return sorted((tuple(row.values()) for row in rows), key=repr)

    @pytest.mark.parametrize(
        ("how", "expected"),
        [
            ("inner", [(1, 2), (2, 3), (3, 2)]),
            ("left", [(1, 2), (2, 3), (3, 2), (4, None), (5, None)]),
            ("right", [(1, 2), (2, 3), (3, 2), (None, 1), (None, 4)]),
            ("full", [(1, 2), (2, 3), (3, 2), (4, None), (5, None), (None, 1), (None, 4)]),
        ],
    )
    async def test_kinds(self, how: str, expected: list[tuple[Any, ...]]) -> None:
        words = {"inner": "INNER JOIN", "left": "LEFT JOIN", "right": "RIGHT JOIN", "full": "FULL OUTER JOIN"}
        for query in (
            Task.find().join(Person, Task.owner_id == Person.id, how=how),
            getattr(Task.find(), f"{how}_join")(Person, Person.id == Task.owner_id),
            Task.find().join("owner", how=how),
            Task.find().join(Task.owner, how=how),
        ):
            assert words[how] in query.to_sql()[0]
            assert await self.pairs(query.select(Task.id, Person.id.label("person"))) == sorted(expected, key=repr)

    async def test_two_joins_to_one_table(self) -> None:
        owner, reviewer = aliased(Person, "owner"), aliased(Person, "reviewer")
        query = (
            Task.find()
            .inner_join(owner, owner.id == Task.owner_id)
            .left_join(reviewer, reviewer.id == Task.reviewer_id)
        )
        query = query.select(Task.name, owner.name.label("owner"), reviewer.name.label("reviewer"))
        assert await self.pairs(query) == [("build", "Ben", "Ada"), ("ship", "Ben", None), ("test", "Cy", "Ben")]
        assert await ids(query.where(reviewer.name == "Ada").select()) == [1]
        default = Task.find().inner_join("owner").left_join("reviewer")
        assert await default.count() == 3
        one, two = aliased(Person), aliased(Person)
        twice = Task.find(two.name == "Ben").inner_join(one, one.id == Task.owner_id)
        assert await ids(twice.inner_join(two, two.id == Task.reviewer_id)) == [2]

    async def test_a_table_with_itself(self) -> None:
        boss = aliased(Person, "boss")
        query = Person.find().left_join(boss, boss.id == Person.boss_id).select(Person.name, boss.name.label("boss"))
        assert await self.pairs(query) == [("Ada", None), ("Ben", "Ada"), ("Cy", "Ada"), ("Dee", "Ben")]
        found = await Person.find(boss.name == "Ben").inner_join(boss, boss.id == Person.boss_id).to_list()
        assert [(type(person), person.name) for person in found] == [(Person, "Dee")]

    async def test_further_hops(self) -> None:
        query = (
            Task.find().join("owner").join(Team, Team.id == Person.team_id).select(Task.name, Team.name.label("team"))
        )
        assert await self.pairs(query) == [
            ("build", "red"),
            ("rest", None),
            ("sell", None),
            ("ship", "red"),
            ("test", "blue"),
        ]
        assert await ids(Task.find(Team.name == "blue").join("owner").inner_join(Team, Team.id == Person.team_id)) == [
            2
        ]

    async def test_equal_column_names(self) -> None:
        query = Task.find({"name": "build"}).inner_join(Person, Person.id == Task.owner_id)
        found = await query.order_by("name", "-id").to_list()
        assert [(type(task), task.id, task.name) for task in found] == [(Task, 1, "build")]
        found = await Task.find(Person.name == "Ben").inner_join("owner").order_by(Person.name, -Task.id).to_list()
        assert [task.name for task in found] == ["ship", "build"]
        rows = await query.select("id", Person.name.label("owner"), "name").to_dicts()
        assert rows == [{"id": 1, "owner": "Ben", "name": "build"}]
        with_label = await query.select(Task.id, Person.name.label("owned_by")).one()
        assert with_label.owned_by == "Ben"
        groups = Task.find().inner_join("owner").group_by(Person.name).count_agg("n").order_by(Person.name)
        assert await groups.aggregate() == [{"name": "Ben", "n": 2}, {"name": "Cy", "n": 1}]

    async def test_conditions_of_the_join(self) -> None:
        on = and_(Person.id == Task.owner_id, Person.name == "Cy")
        query = Task.find().join(Person, on).select(Task.id, Person.name.label("owner"))
        assert await self.pairs(query) == [(1, None), (2, "Cy"), (3, None), (4, None), (5, None)]

    async def test_rows_repeat_as_in_sql(self) -> None:
        query = Person.find().inner_join(Task, Task.owner_id == Person.id)
        assert await ids(query) == [2, 2, 3]
        assert await query.count() == 3
        assert await ids(query.distinct()) == [2, 3]
        assert await query.distinct().count() == 2

    async def test_many_to_many(self) -> None:
        query = Person.find(Skill.name == "go").inner_join("skills")
        assert await ids(query) == [1, 2]

    async def test_the_link_is_found_or_asked_for(self) -> None:
        assert await ids(Person.find(Team.name == "red").inner_join(Team)) == [1, 2]
        assert await ids(Team.find(Person.name == "Cy").inner_join(Person)) == [2]
        with pytest.raises(ValueError, match=r"owner_id(.|\n)*reviewer_id"):
            Task.find().join(Person).to_sql()
        with pytest.raises(ValueError):
            Skill.find().join(Team).to_sql()


class TestSubqueries:
    async def test_in(self) -> None:
        red = Person.find(Person.team_id == 1).select("id")
        query = Task.find(Task.id > 0).where("owner_id", "in", red).where(Task.id < 9)
        sql, params = query.to_sql()
        assert "owner_id IN (SELECT id FROM" in sql
        assert "team_id = $2" in sql
        assert sql.endswith("id < $3")
        assert params == [0, 1, 9]
        assert await ids(query) == [1, 3]
        assert await ids(Task.find(Task.owner_id.in_(red))) == [1, 3]
        assert await ids(Task.find().where_in_subquery("owner_id", red)) == [1, 3]
        assert await ids(Task.find().where_in_subquery(Task.owner_id, Person.find(Person.team_id == 2))) == [2]

    async def test_not_in(self) -> None:
        owners = Task.find().select("owner_id")
        assert await ids(Person.find().where_not_in_subquery("id", owners)) == [1, 4]
        assert await ids(Person.find().where("id", "not_in", owners)) == [1, 4]
        assert await ids(Person.find(Person.id.not_in(owners))) == [1, 4]
        nobody = Task.find(Task.id == 0).select("owner_id")
        assert await ids(Person.find().where_not_in_subquery("boss_id", nobody)) == [1, 2, 3, 4]

    async def test_exists(self) -> None:
        own = Task.find(Task.owner_id == Person.id)
        assert await ids(Person.find().where_exists(own)) == [2, 3]
        assert await ids(Person.find().where_not_exists(own)) == [1, 4]
        assert await ids(Person.find(Person.id < 3).where_exists(own.where(Task.name == "ship"))) == [2]

    async def test_comparison(self) -> None:
        last = Task.find().max("owner_id", "m").where(Task.owner_id < 9)
        assert await ids(Person.find(Person.id == last)) == [3]
        assert await ids(Person.find(Person.id < last)) == [1, 2]
        busiest = Task.find(Task.owner_id == Person.id).count_agg("n")
        assert await ids(Person.find(Person.id == busiest)) == [2]

    async def test_in_the_select_list(self) -> None:
        total = Task.find().count_agg("n").as_scalar().label("total")
        own = Task.find(Task.owner_id == Person.id, Task.id > 1).count_agg("n").as_scalar().label("own")
        query = Person.find(Person.id > 1).select("id", own, total).order_by("id")
        sql, params = query.to_sql()
        assert params == [1, 1]
        assert "id > $1" in sql[: sql.index(" AS own")]
        assert await query.to_dicts() == [
            {"id": 2, "own": 1, "total": 5},
            {"id": 3, "own": 1, "total": 5},
            {"id": 4, "own": 0, "total": 5},
        ]
        found = await query.first()
        assert found is not None
        assert (found.id, found.own) == (2, 1)
        assert [row["id"] for row in await query.order_by("own").to_dicts()] == [2, 3, 4]

    async def test_parameters_keep_their_places(self) -> None:
        red = Team.find(Team.name == "red").select("id")
        members = Person.find(Person.name != "Ada").where_in_subquery("team_id", red).select("id")
        query = Task.find(Task.name != "ship").where_in_subquery("owner_id", members).where("id", "lt", 5).limit(7)
        assert query.to_sql()[1] == ["ship", "Ada", "red", 5, 7] or query.to_sql()[1] == ["ship", 5, "Ada", "red", 7]
        assert await ids(query) == [1]

    async def test_in_writes_counts_and_groups(self) -> None:
        red = Person.find(Person.team_id == 1).select("id")
        query = Task.find().where_in_subquery("owner_id", red)
        assert await query.count() == 2
        assert await query.count_agg("n").aggregate() == [{"n": 2}]
        assert await query.update(name="x") == 2
        assert await query.delete() == 2
        assert await ids(Task.find()) == [2, 4, 5]
