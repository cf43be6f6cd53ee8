"""What the service tells Prometheus at /metrics."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from backend.api import notes
from backend.api.notes import Passed, Stage
from backend.inference.prediction import Prediction

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counters of one process, each of the name `menagerie_...`."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        self._requests = self._histogram(
            "request_seconds", "A request, by route and status.", "route", "status"
        )
        self._stages = self._histogram("stage_seconds", "A picture in one stage of its way.", "stage")
        self._answers = self._counter("answers", "Answers by model and verdict.", "version", "verdict")
        self._labels = self._counter("labels", "Likeliest labels by model.", "version", "label")

    def show(self, name: str, about: str, value: Callable[[], float]) -> None:
        """Shows a value that is asked for whenever Prometheus comes."""
        Gauge(f"menagerie_{name}", about, registry=self._registry).set_function(value)

    @contextmanager
    def stage(self, name: Stage) -> Iterator[None]:
        """Measures how long the block takes, and notes it of the request that it works for."""
        began = time.perf_counter()
        try:
            yield
        finally:
            passed = Passed(name, began, time.perf_counter() - began)
            self._stages.labels(name).observe(passed.seconds)
            if noted := notes.current.get():
                noted.stages.append(passed)

    def request(self, route: str, status: int, seconds: float) -> None:
        self._requests.labels(route, str(status)).observe(seconds)

    def answer(self, version: str, answer: Prediction) -> None:
        self._answers.labels(version, answer.verdict).inc()
        self._labels.labels(version, answer.likeliest).inc()

    def as_text(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self._registry)

    def _histogram(self, name: str, about: str, *labels: str) -> Histogram:
        return Histogram(f"menagerie_{name}", about, labels, buckets=SECONDS, registry=self._registry)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"menagerie_{name}", about, labels, registry=self._registry)
