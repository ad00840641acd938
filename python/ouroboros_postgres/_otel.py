"""The OpenTelemetry API, where it is installed: found without importing it, imported at its first use."""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter
    from opentelemetry.trace import Tracer

__all__ = ["SCOPE", "is_installed", "keeps_metrics", "keeps_spans", "meter", "tracer"]

SCOPE: Final = "ouroboros_postgres"
"""The name of the instrumentation scope."""


def is_installed() -> bool:
    """Look for the API."""
    if "opentelemetry.trace" in sys.modules:
        return sys.modules["opentelemetry.trace"] is not None  # pyright: ignore[reportUnnecessaryComparison] - blocked
    try:
        package = find_spec("opentelemetry")  # imports nothing, as it is not in a package
    except ValueError:  # a stand-in without a spec
        return False
    if package is None or package.submodule_search_locations is None:
        return False
    return PathFinder.find_spec("opentelemetry.trace", list(package.submodule_search_locations)) is not None


class _Latest:
    """What was made by a provider, until there is another provider."""

    __slots__ = ("made", "provider")

    def __init__(self) -> None:
        self.provider: Any = None
        self.made: Any = None


_tracer = _Latest()
_meter = _Latest()


def tracer() -> Tracer | None:
    """Find the tracer of this package, `None` without the API."""
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    provider = trace.get_tracer_provider()
    if provider is not _tracer.provider:
        _tracer.made, _tracer.provider = provider.get_tracer(SCOPE, _version()), provider
    made: Tracer = _tracer.made
    return made


def meter() -> Meter | None:
    """Find the meter of this package, `None` without the API."""
    try:
        from opentelemetry import metrics
    except ImportError:
        return None
    provider = metrics.get_meter_provider()
    if provider is not _meter.provider:
        _meter.made, _meter.provider = provider.get_meter(SCOPE, _version()), provider
    made: Meter = _meter.made
    return made


def keeps_spans() -> bool:
    """Whether anybody receives spans: a provider of the API itself drops them, and a program imports what it sets."""
    return _keeps("opentelemetry.trace", "get_tracer_provider")


def keeps_metrics() -> bool:
    """Whether anybody receives metrics."""
    return _keeps("opentelemetry.metrics", "get_meter_provider")


def _keeps(module: str, name: str) -> bool:
    # The module lacks the function while another thread imports it.
    provider_of: Any = getattr(sys.modules.get(module), name, None)
    if provider_of is None:
        return False
    return not type(provider_of()).__module__.startswith(("opentelemetry.trace", "opentelemetry.metrics"))


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("ouroboros-postgres")
    except PackageNotFoundError:  # run from its sources
        return "unknown"
