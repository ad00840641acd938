"""Finding forgotten eager loads: relationships that are loaded for one instance of a query result after the other."""

from __future__ import annotations

from ._n_plus_one.detection import Detection, Mode, set_default
from ._n_plus_one.report import NPlusOne, NPlusOneError, NPlusOneWarning

__all__ = [
    "Detection",
    "Mode",
    "NPlusOne",
    "NPlusOneError",
    "NPlusOneWarning",
    "detect_n_plus_one",
    "set_n_plus_one_detection",
]


def detect_n_plus_one(mode: Mode = "raise", *, threshold: int = 2) -> Detection:
    """Look for N+1 queries in a block; the result is for `with` or `async with`.

    They are found where a relationship, or a column that the query left out, is awaited for several instances that one
    query gave: the query should have loaded it. Of a `BackReference` or a `ManyToMany` attribute that is `fetch_all()`
    without arguments. What is loaded already, or is known to be nothing, is no load. Both the query and the loads must
    be in the block, tasks that it starts included. A block within another one has its own mode, for its own code.

    Args:
        mode: `raise` an `NPlusOneError` before the statement is sent; `warn` with an `NPlusOneWarning`, once for each
            query result and attribute; `off`.
        threshold: The number of instances with which it begins.

    Returns:
        The context manager; entering it gives the same object, whose `found` lists what was found.

    Raises:
        ValueError: There is no such mode, or the threshold is less than 2.
        TypeError: The threshold is no int.
    """
    return Detection(mode, threshold)


def set_n_plus_one_detection(mode: Mode, *, threshold: int = 2) -> None:
    """Look for N+1 queries wherever no `detect_n_plus_one` block is around the code, in the whole process.

    Args:
        mode: As for `detect_n_plus_one`; at the start of a process it is `off`.
        threshold: As for `detect_n_plus_one`.

    Raises:
        ValueError: There is no such mode, or the threshold is less than 2.
        TypeError: The threshold is no int.
    """
    detection = Detection(mode, threshold)
    set_default(None if mode == "off" else detection)
