"""Writing instances to their table and reading them again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, cast

from .. import _requests
from .._builder import QueryBuilder
from .._events.fire import fire, is_heard
from .._events.registration import EventType
from .._guards import is_collection, is_mapping
from .._runtime import start
from .._session import journal, target
from .._sql import models
from .._sql.proxy import ColumnProxy
from .._unit_of_work import attachment
from ..errors import RowNotFoundError
from .record import Record
from .values import is_same, private_copy, private_rows

if TYPE_CHECKING:
    from .._journal import Journal, Written

__all__ = ["Persistent"]

Row = dict[str, Any]


class Persistent(Record):
    """A record that knows how to get into its table and out of it. All of it joins the ambient transaction."""

    __slots__ = ()

    async def save(self) -> Any:
        """Write the instance to its table.

        Without a primary key it is inserted. If it was loaded or saved before, the columns that have changed are
        updated, also those edited in place; without a change nothing is sent. If it was made with a primary key, the
        row of that key gets the values that were given, or is inserted if there is none; with nothing but the key, an
        existing row stays as it is.

        Listeners are told before and after: of an update, then of an insert if no row had the given key.

        Returns:
            The primary key.

        Raises:
            RowNotFoundError: The row of a persistent instance is gone; `Update failed: no rows affected`.
            IntegrityError: A constraint refuses the row; `Insert failed: …`, `Update failed: …`.
            Exception: A listener refuses, with what it has raised; nothing is written.
            ValueError: The query that the instance comes from left out the primary key.
        """
        self._require_key_column("saved")
        self._adopt_keys()
        if self._get_pk() is None:
            await self._insert()
        elif self._clean is not None:
            await self._update()
        elif self._has_default_key() or not await self._overwrite():
            await self._insert()
        return self._get_pk()

    async def delete(self) -> bool:
        """Delete the row; the instance keeps its values.

        Returns:
            Whether there was such a row; without a primary key `False`, and nothing is sent.

        Raises:
            IntegrityError: Another row refers to it; `Delete failed: …`.
            Exception: A listener refuses, with what it has raised; the row stays.
            ValueError: The query that the instance comes from left out the primary key.
        """
        self._require_key_column("deleted")
        if self._get_pk() is None:
            return False
        await fire(EventType.BEFORE_DELETE, self)
        request = _requests.delete_row(models.table_path(type(self)), self._get_pk_column(), self._row_key())
        noted = journal()
        gone = cast("int", await start(target(), request))
        before, self._clean = self._clean, None
        owned = attachment.owned([self])
        if noted is not None:
            noted.note(_uncovered([(self, before, ())], owned), ())
        for _, owner in owned:
            owner.has_deleted(self)
        if gone:
            await fire(EventType.AFTER_DELETE, self)
        return gone > 0

    async def refresh(self) -> None:
        """Read the row again: all columns, whatever the instance had of them; changes are lost.

        Loaded relationships and columns still to be loaded are forgotten.

        Raises:
            ValueError: The instance has no primary key, or there is no such row.
        """
        self._require_key_column("refreshed")
        if self._get_pk() is None:
            raise ValueError(f"{type(self).__name__} has no primary key: it cannot be refreshed")
        rows = await self._by_key(self._row_key()).to_dicts()
        if not rows:
            raise ValueError(f"Row with {self._get_pk_column()} {self._row_key()!r} not found")
        self._replace(rows[0])
        owner = attachment.owner_of(self)
        if owner is not None:
            owner.has_read(self)
        await fire(EventType.AFTER_LOAD, self)

    @classmethod
    def _by_key(cls, key: Any) -> QueryBuilder[Self]:
        """The query of the row with a primary key."""
        return QueryBuilder(cls, [ColumnProxy(cls._get_pk_column(), cls) == key]).limit(1)

    def _adopt_keys(self) -> None:
        """Refer to related instances that have been saved since they were assigned."""
        if "_related" in self.__dict__:
            from .._loading.attributes import adopt_keys  # only instances with relationships need it

            adopt_keys(self)

    def _require_key_column(self, done: str) -> None:
        if self._is_partial():
            raise ValueError(
                f"this {type(self).__name__} cannot be {done}: the query that it comes from left out its primary key, "
                f"{self._get_pk_column()}"
            )

    def _row_key(self) -> Any:
        """The primary key as it is in the table: an instance may have got another one since."""
        return self._get_pk() if self._clean is None else self._clean[self._get_pk_column()]

    def _has_default_key(self) -> bool:
        """Whether the primary key comes from a default, so that there can be no row of it yet."""
        key = self._get_pk_column()
        defaulted = self._defaulted_values()
        return key in defaulted and is_same(self._get_pk(), defaulted[key])

    def _defaulted_values(self) -> Mapping[str, Any]:
        """The columns that were not given to the constructor, with private copies of their defaults."""
        return cast("Mapping[str, Any]", self.__dict__.get("_defaulted", {}))

    async def _insert(self) -> None:
        """Insert the instance and take over the row."""
        await self._announce(EventType.BEFORE_INSERT)
        values = self._writable()
        had = private_copy(values)
        request = _requests.insert(models.table_path(type(self)), values)
        noted = journal()
        self._take_over([self], await start(target(), request), [had], noted)
        await fire(EventType.AFTER_INSERT, self)

    async def _update(self) -> None:
        """Update the columns that have changed."""
        changes = self._changes()
        if changes and await self._announce(EventType.BEFORE_UPDATE):
            changes = self._changes()
        if not changes:
            return
        rows = await self._write(changes, self._row_key(), [*changes, *self._generated])
        if not rows:
            raise RowNotFoundError("no rows affected", prefix="Update failed")
        await fire(EventType.AFTER_UPDATE, self)

    async def _overwrite(self) -> bool:
        """Update the row of a key that the caller has given; with nothing else given, make sure that there is one.

        Returns:
            Whether there is one.
        """
        await self._announce(EventType.BEFORE_UPDATE)
        key = self._get_pk_column()
        defaulted = self._defaulted_values()
        values = self._writable()
        pk = values.pop(key)
        given = {n: v for n, v in values.items() if n not in defaulted or not is_same(v, defaulted[n])}
        if not given:
            await self._insert_or_ignore()
            return True
        if not await self._write(given, pk, ["*"]):
            return False
        await fire(EventType.AFTER_UPDATE, self)
        return True

    async def _insert_or_ignore(self) -> None:
        """Take over the row of the key, which is inserted if there is none.

        It is looked for first: the server refuses what lacks a required value before it sees that there is nothing to
        insert, and a statement that does both does not tell which.
        """
        had = private_copy(self._writable())
        rows = await self._by_key(self._get_pk()).to_dicts()
        if rows:
            self._take_over([self], rows, [had], journal())
            return
        await self._announce(EventType.BEFORE_INSERT)
        values = self._writable()
        had = private_copy(values)
        request = _requests.upsert(models.table_path(type(self)), values, self._get_pk_column(), [])
        noted = journal()
        self._take_over([self], await start(target(), request), [had], noted)
        await fire(EventType.AFTER_INSERT, self)

    async def _announce(self, event: EventType) -> bool:
        """Let listeners change what is about to be written, or stop it.

        Returns:
            Whether there are any.
        """
        if not is_heard(type(self), event):
            return False
        await fire(event, self)
        self._adopt_keys()
        return True

    async def _write(self, values: Mapping[str, Any], pk: Any, returning: list[str]) -> list[Row]:
        had = private_copy(self._writable())
        filter = _requests.pk_filter(self._get_pk_column(), pk)
        request = _requests.update(models.table_path(type(self)), values, filter=filter, returning=returning)
        noted = journal()
        rows = cast("list[Row]", await start(target(), request))
        if rows:
            self._take_over([self], rows, [had], noted, [had if self._clean is None else values])
        return rows

    @classmethod
    def _take_over(
        cls,
        instances: list[Self],
        rows: list[Row],
        had: Sequence[Mapping[str, Any]],
        noted: Journal | None,
        given: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Take over rows as one statement has left them, and let those know who may have to undo that.

        Args:
            instances: The instances.
            rows: For each the columns that came back; those that did not hold what was sent.
            had: For each private copies of all its values that can be written, as of the time of the statement.
            noted: The journal of the transaction, if there is one.
            given: For each what came from it, if that is not all that it had.
        """
        owned = attachment.owned(instances)
        written: list[Written] = []
        if noted is not None:
            written = [(i, i._clean, values) for i, values in zip(instances, given or had, strict=True)]
        cls._settle(instances, rows, had)
        if noted is not None:
            noted.note(_uncovered(written, owned), rows[0])
        for instance, owner in owned:
            owner.has_saved(instance)

    @classmethod
    async def _insert_many(cls, rows: Iterable[Any]) -> list[Any]:
        """Insert dicts and instances in one go."""
        cls._get_pk_column()  # several are refused before anything is sent
        instances = cls._instances(rows)
        for instance in instances:
            instance._adopt_keys()
        if not instances:
            return []
        documents = cls._writable_rows(instances)
        had = private_rows(documents)
        request = _requests.insert_known(models.table_path(cls), documents)
        noted = journal()
        inserted = cast("list[Row]", await start(target(), request))
        # An instance that was given twice stands for the later row.
        last = {id(instance): place for place, instance in enumerate(instances)}.values()
        cls._take_over([instances[n] for n in last], [inserted[n] for n in last], [had[n] for n in last], noted)
        return [instance._get_pk() for instance in instances]

    @classmethod
    def _instances(cls, rows: Iterable[Any]) -> list[Self]:
        if not is_collection(rows):
            raise TypeError(f"rows must be a list of dicts and instances, not {type(rows).__name__}")
        return [cls._instance(index, row) for index, row in enumerate(rows)]

    @classmethod
    def _instance(cls, index: int, row: Any) -> Self:
        if isinstance(row, cls):
            return row
        if not is_mapping(row):
            raise TypeError(f"rows[{index}] must be a dict or an instance of {cls.__name__}, not {type(row).__name__}")
        return cls(**row)


def _uncovered(written: list[Written], owned: list[tuple[Any, attachment.Owner]]) -> list[Written]:
    """Leave out the instances whose session undoes what they do here and now."""
    covered = {id(instance) for instance, owner in owned if owner.covers_here()}
    return [entry for entry in written if id(entry[0]) not in covered] if covered else written
