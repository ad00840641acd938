"""Annotations of models: what they are, also where they are written as text."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from types import FrameType, SimpleNamespace, UnionType
from typing import Annotated, Any, ClassVar, ForwardRef, Union, get_args, get_origin, get_type_hints

from .._sql.proxy import ColumnProxy

__all__ = ["annotations_of", "is_class_variable", "nullable", "resolved", "without_none"]


def annotations_of(owner: type[Any]) -> Mapping[str, Any]:
    """The annotations in the body of one class; those that cannot be evaluated yet are text or forward references."""
    if sys.version_info >= (3, 14):
        import annotationlib

        return annotationlib.get_annotations(owner, format=annotationlib.Format.FORWARDREF)
    return inspect.get_annotations(owner)


def resolved(annotation: Any, owner: type[Any]) -> Any:
    """The type that an annotation means; the annotation as it is, or its text, if a name in it cannot be found.

    `ColumnProxy[T]`, which is for type checkers, means `T`.
    """
    try:
        found = _evaluated(annotation, owner)
    except Exception:  # the text may hold any code
        return annotation.__forward_arg__ if isinstance(annotation, ForwardRef) else annotation
    if found is ColumnProxy:
        return Any
    return get_args(found)[0] if get_origin(found) is ColumnProxy else found


def is_class_variable(annotation: Any) -> bool:
    """Whether an annotation says `ClassVar`, evaluated or as text."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        return annotation.strip().partition("[")[0].rpartition(".")[2].strip() == "ClassVar"
    return annotation is ClassVar or get_origin(annotation) is ClassVar


def _evaluated(annotation: Any, owner: type[Any]) -> Any:
    """Evaluate text, wherever it stands in an annotation."""
    module = sys.modules.get(owner.__module__)
    names = vars(module) if module is not None else {}
    scope = _defining_locals(owner)
    holder = SimpleNamespace(__annotations__={"column": annotation})
    try:
        return get_type_hints(holder, names, scope, include_extras=True)["column"]
    except NameError:
        # Only now the names of the class body: a column may be called like the type of another one.
        scope = {**vars(owner), **scope, owner.__name__: owner}
        return get_type_hints(holder, names, scope, include_extras=True)["column"]


def _defining_locals(owner: type[Any]) -> dict[str, Any]:
    """The local names of the function that defines the class, as long as it runs."""
    *_, function, last, _ = (".", ".", *owner.__qualname__.split("."))
    frame: FrameType | None = inspect.currentframe() if last == "<locals>" else None
    while frame is not None:
        if frame.f_code.co_name == function and frame.f_globals.get("__name__") == owner.__module__:
            return frame.f_locals
        frame = frame.f_back
    return {}


def nullable(annotation: Any) -> bool:
    """Whether a type takes `None`."""
    annotation = _plain(annotation)
    if annotation is None or annotation is type(None) or annotation is Any:
        return True
    return _is_union(annotation) and type(None) in get_args(annotation)


def without_none(annotation: Any) -> Any:
    """A type without `None` and `Annotated`; a union of several types stays one."""
    annotation = _plain(annotation)
    if not _is_union(annotation):
        return annotation
    members = [member for member in get_args(annotation) if member is not type(None)]
    return without_none(members[0]) if len(members) == 1 else annotation


def _plain(annotation: Any) -> Any:
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, UnionType)
