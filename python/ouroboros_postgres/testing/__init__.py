"""For test suites: how many statements a piece of code sends. The fixtures for pytest are in `testing.fixtures`."""

from __future__ import annotations

from typing import Self

from .._statement_count import StatementCount

__all__ = ["QueryCount", "assert_query_count"]

_SHOWN = 50
_LENGTH = 500


def assert_query_count(expected: int | None = None, *, at_most: int | None = None) -> QueryCount:
    """Check how many statements a block sends; the result is for `with` or `async with`.

    The engine reports the statements. What counts is each statement of the current context that the server, or the
    engine, has answered: also one that failed, and each attempt of one that was tried again; tasks that the block
    starts are part of its context, other tasks are not, whatever connections they use. Several statements in one text
    count once, so does a statement that is read through a cursor, however many batches it has. BEGIN, COMMIT, ROLLBACK
    and savepoints do not count unless they are the text of `execute`, nor does what the engine asks for itself: the
    preparation of statements, types and columns. Nor does a statement that was cancelled.

    Args:
        expected: How many statements the block sends.
        at_most: How many it sends at most; instead of `expected`.

    Raises:
        TypeError: Not exactly one of both is given, or it is no int.
        ValueError: The number is negative.
        AssertionError: At the end of the block: it has sent another number of statements; lists them, without values.
            An exception that leaves the block is not replaced.
    """
    return QueryCount(expected, at_most)


class QueryCount:
    """What `assert_query_count` gives; entering it gives the same object."""

    __slots__ = ("_expected", "_is_limit", "_statements")

    def __init__(self, expected: int | None, at_most: int | None) -> None:
        number = at_most if expected is None else expected
        if number is None or (expected is not None and at_most is not None):
            raise TypeError("assert_query_count() takes a number, or at_most")
        self._expected = _checked(number)
        self._is_limit = expected is None
        self._statements = StatementCount()

    @property
    def statements(self) -> tuple[str, ...]:
        """The SQL of the statements so far."""
        return tuple(self._statements.statements)

    @property
    def count(self) -> int:
        """How many statements there are so far."""
        return len(self._statements.statements)

    def __enter__(self) -> Self:
        if self._statements.was_opened:
            raise RuntimeError("each block needs an assert_query_count() of its own")
        self._statements.open()
        return self

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        self._statements.close()
        if error is None:
            self._check()

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self.__exit__(kind, error, traceback)

    def _check(self) -> None:
        __tracebackhide__ = True  # pytest shows the line of the test
        count, expected = self.count, self._expected
        if count > expected or (count < expected and not self._is_limit):
            limit = "at most " if self._is_limit else ""
            raise AssertionError(f"{_counted(count)} sent, not {limit}{expected}{self._listed()}")

    def _listed(self) -> str:
        lines = [f"\n{number}. {_line(sql)}" for number, sql in enumerate(self.statements[:_SHOWN], 1)]
        if self.count > _SHOWN:
            lines.append(f"\nand {self.count - _SHOWN} more")
        return f":{''.join(lines)}" if lines else ""


def _checked(number: object) -> int:
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"the number of statements must be int, not {type(number).__name__}")
    if number < 0:
        raise ValueError(f"the number of statements must not be negative: {number}")
    return number


def _counted(count: int) -> str:
    return "1 statement was" if count == 1 else f"{count or 'no'} statements were"


def _line(sql: str) -> str:
    text = " ".join(sql.split())
    return text if len(text) <= _LENGTH else f"{text[: _LENGTH - 1]}…"
