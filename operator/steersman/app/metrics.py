"""Metrics of the operator, all called `steersman_…`. Labels never hold names of releases, revisions or digests."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_STATUSES = frozenset({0, 401, 403, 404, 429})


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

        self._charts = {
            True: Counter(
                "steersman_chart_cache_hits",
                "Charts that were wanted by digest and were in the cache.",
                registry=self.registry,
            ),
            False: Counter(
                "steersman_chart_cache_misses",
                "Charts that were wanted by digest and had to be downloaded.",
                registry=self.registry,
            ),
        }
        self._registry_answers = Counter(
            "steersman_registry_requests",
            "Requests to registries and repositories, by status (0: no answer); redirects and tokens count too.",
            ["code"],
            registry=self.registry,
        )
        self._received = Counter(
            "steersman_registry_received_bytes",
            "Bytes that registries and repositories sent, without headers.",
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

    def chart_asked(self, *, kept: bool) -> None:
        """A chart was wanted by digest, and was in the cache or not."""
        self._charts[kept].inc()

    def registry_answered(self, status: int) -> None:
        """One request to a registry or repository was answered (or, with status 0, was not)."""
        known = str(status) if status in _STATUSES else f"{status // 100}xx"  # a server may make up any status
        self._registry_answers.labels(known).inc()

    def received(self, size: int) -> None:
        """So many bytes have come from a registry or repository."""
        self._received.inc(size)

    def gauge(self, name: str, text: str, read: Callable[[], float]) -> None:
        """A gauge that is read when it is asked for."""
        Gauge(name, text, registry=self.registry).set_function(read)

    def render(self) -> bytes:
        """All metrics in Prometheus' text form."""
        return generate_latest(self.registry)
