"""Metrics of the operator, all called `steersman_…`. Labels never hold names of releases, revisions or digests."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest


class Metrics:
    """The registry and what is counted."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=True)
        self._steps = Counter(
            "steersman_steps",
            "Steps run, by kind and by the reason of their problem.",
            ["step", "reason"],
            registry=self.registry,
        )
        self._step_seconds = Histogram(
            "steersman_step_seconds",
            "How long steps take.",
            ["step"],
            registry=self.registry,
            buckets=(0.005, 0.02, 0.1, 0.5, 2, 10, 60),
        )
        self._requests = Counter(
            "steersman_api_requests",
            "Requests to the API server, by verb and status code (0: no answer).",
            ["verb", "code"],
            registry=self.registry,
        )

    def step_done(self, step: str, reason: str, seconds: float) -> None:
        """One step was run; `reason` is empty where it worked."""
        self._steps.labels(step, reason).inc()
        self._step_seconds.labels(step).observe(seconds)

    def request_done(self, verb: str, code: int, seconds: float) -> None:
        """One request was answered (or, with code 0, was not)."""
        del seconds
        self._requests.labels(verb, str(code)).inc()

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A gauge that is read when it is asked for."""
        Gauge(name, text, registry=self.registry).set_function(read)

    def render(self) -> bytes:
        """All metrics in Prometheus' text form."""
        return generate_latest(self.registry)
