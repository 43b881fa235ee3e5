"""Traces and metrics behind one small port: off, no trace is kept and the SDK is not even imported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from queuebit_runtime.bus.port import HostedBus
from queuebit_runtime.telemetry.meters import Values
from queuebit_runtime.telemetry.metrics import Metric

SpanSort = Literal["internal", "server"]


class OpenSpan(Protocol):
    """A span that has begun: what one piece of work was about, and how long it took."""

    @property
    def traceparent(self) -> str:
        """What is sent on with this hangs below the span."""
        ...

    def set(self, name: str, value: str | int) -> None:
        """Say what it is about: names of `semconv`, ids and classes, never payloads."""
        ...

    def end(self, error: str | None = None) -> None:
        """It is over; `error` is the class or code of what went wrong, never a text."""
        ...


class Telemetry(Protocol):
    """What a service may say about itself."""

    @property
    def on(self) -> bool:
        """Whether anybody listens: ask before working something out only to tell it."""
        ...

    def bus(self, bus: HostedBus) -> HostedBus:
        """The bus with a span for each record of a kept trace, and with its metrics; the same bus where telemetry is off."""
        ...

    def count(self, metric: Metric, amount: float = 1, labels: Mapping[str, str] | None = None) -> None: ...

    def observe(
        self, metric: Metric, value: float, labels: Mapping[str, str] | None = None, traceparent: str | None = None
    ) -> None:
        """One more value of a histogram; of a gauge, what it is now. `traceparent` makes it an example, where that is kept."""
        ...

    def observe_all(self, metric: Metric, values: Sequence[float], labels: Mapping[str, str] | None = None) -> None:
        """More values of a histogram, which cost less together."""
        ...

    def show(self, metric: Metric, values: Values) -> None:
        """The gauge is this now, by its labels in their order; what it showed before and is not here is gone."""
        ...

    def text(self, *, examples: bool = False) -> bytes:
        """The metrics in the text format of Prometheus; with `examples` in that of OpenMetrics."""
        ...

    def span(self, name: str, parent: str | None, sort: SpanSort = "internal") -> OpenSpan | None:
        """A span below the traceparent `parent`, or the first of a new trace where there is none.

        None where telemetry is off or the parent's trace is not kept. Whether a new trace is kept is decided here; a span of
        one that is not says nothing, but carries the decision on.
        """
        ...

    async def close(self) -> None:
        """Send what is left."""
        ...


class NoTelemetry:
    """Says nothing."""

    on = False

    def bus(self, bus: HostedBus) -> HostedBus:
        return bus

    def count(self, metric: Metric, amount: float = 1, labels: Mapping[str, str] | None = None) -> None:  # noqa: ARG002
        return

    def observe(
        self,
        metric: Metric,  # noqa: ARG002
        value: float,  # noqa: ARG002
        labels: Mapping[str, str] | None = None,  # noqa: ARG002
        traceparent: str | None = None,  # noqa: ARG002
    ) -> None:
        return

    def observe_all(
        self,
        metric: Metric,  # noqa: ARG002
        values: Sequence[float],  # noqa: ARG002
        labels: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> None:
        return

    def show(self, metric: Metric, values: Values) -> None:  # noqa: ARG002
        return

    def text(self, *, examples: bool = False) -> bytes:  # noqa: ARG002
        return b""

    def span(self, name: str, parent: str | None, sort: SpanSort = "internal") -> OpenSpan | None:  # noqa: ARG002
        return None

    async def close(self) -> None:
        return


SILENT: Telemetry = NoTelemetry()
