"""Spans of statements that read related rows."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from .config import LoadingStrategy

if TYPE_CHECKING:
    from .plan import Branch

__all__ = ["observed"]

Report: TypeAlias = "Callable[[int], None]"


@contextmanager
def observed(branch: Branch, owners: int) -> Generator[Report]:
    """Report the loading of a relationship for so many owners; what is yielded takes the number of related rows."""
    from .. import options  # which imports this; its names are looked up when they are needed, and may be replaced

    if not options.is_tracing_enabled():
        yield lambda _count: None
        return
    target = branch.link.target_model
    with options.create_relationship_span(
        name=branch.name,
        target_model=None if target is None else target.__name__,
        strategy="selectinload" if branch.config.strategy is LoadingStrategy.SELECTIN else branch.config.strategy.value,
        fk_column=branch.link.target_column if branch.link.many else branch.link.owner_column,
        batch_count=owners,
        depth=branch.depth,
    ) as span:
        try:
            yield lambda count: options.set_span_result(span, count=count)
        except Exception as error:
            options.add_exception(span, error)
            raise
