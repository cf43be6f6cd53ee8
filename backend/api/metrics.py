"""What the service tells Prometheus at /metrics."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from backend.api import notes, worker_metrics
from backend.api.label_drift import RECENT, WINDOW, LabelDrift
from backend.api.notes import Passed, Stage
from backend.inference.manifest import Manifest
from backend.inference.prediction import Prediction

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """Counters of one process, or of all workers together, each of the name `menagerie_...`."""

    def __init__(self) -> None:
        """Raises SettingsError where the workers' folder is none."""
        self._registry = CollectorRegistry()
        self._source: Collector = self._registry
        if worker_metrics.are_shared():
            self._source = worker_metrics.of_all_workers()
        else:
            ProcessCollector(registry=self._registry)
        self._requests = self._histogram(
            "request_seconds", "A request, by route and status.", "route", "status"
        )
        stages = self._histogram("stage_seconds", "A picture in one stage of its way.", "stage")
        self._stages = {name: stages.labels(name) for name in get_args(Stage)}
        self._waiting = self._gauge("menagerie_waiting", "Pictures that wait for their turn.")
        self._answers = self._counter("answers", "Answers by model and verdict.", "version", "verdict")
        self._labels = self._counter("labels", "Likeliest labels by model.", "version", "label")
        self._cached = self._counter("answers_from_cache", "Answers kept from when the same bytes came.")
        self._dropped = self._counter("predictions_dropped", "Answers that were not recorded.")
        self._away = self._gauge("menagerie_database_unavailable", "Workers whose database does not answer.")
        self._unwritten = self._gauge(
            "menagerie_recording_fails", "Workers that could not write down what they answered."
        )
        about = f"Answers among each worker's last {WINDOW}, by model and label."
        self._recent = self._gauge(RECENT, about, "version", "label")
        self._drift: LabelDrift | None = None
        for gauge in (self._waiting, self._away, self._unwritten):
            gauge.set(0)  # a worker that was killed may have had the same process id

    @contextmanager
    def stage(self, name: Stage) -> Iterator[None]:
        """Measures how long the block takes, and notes it of the request that it works for."""
        began = time.perf_counter()
        try:
            with self._waiting.track_inprogress() if name == "queue" else nullcontext():
                yield
        finally:
            passed = Passed(name, began, time.perf_counter() - began)
            self._stages[name].observe(passed.seconds)
            if noted := notes.current.get():
                noted.stages.append(passed)

    def request(self, route: str, status: int, seconds: float) -> None:
        self._requests.labels(route, str(status)).observe(seconds)

    def serve(self, manifest: Manifest) -> None:
        """Compares the labels that this model answers from now on with what it learnt from."""
        self._drift = None
        if manifest.label_prior is not None:
            self._drift = LabelDrift(self._recent, manifest.version, manifest.labels, manifest.label_prior)

    def answer(self, version: str, answer: Prediction, *, of_library: bool = False) -> None:
        """`of_library`: whether the picture is known to be the library's own, which is no sign of drift."""
        self._answers.labels(version, answer.verdict).inc()
        self._labels.labels(version, answer.likeliest).inc()
        drift = self._drift
        if drift is None or drift.version != version or of_library:
            return
        if answer.label is not None:
            drift.add(answer.label)

    def cached(self) -> None:
        """Counts an answer that was found among the last ones."""
        self._cached.inc()

    def database(self, *, answers: bool) -> None:
        """Tells whether the database answered when it was asked last."""
        self._away.set(0 if answers else 1)

    def recording(self, *, fails: bool) -> None:
        """Tells whether answers could be written down when that was tried last; they wait otherwise."""
        self._unwritten.set(1 if fails else 0)

    def drop(self, predictions: int) -> None:
        """Counts predictions that were not recorded."""
        self._dropped.inc(predictions)

    def as_text(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self)

    def collect(self) -> Iterator[Metric]:
        drift = self._drift
        for metric in self._source.collect():
            if metric.name != RECENT:
                yield metric
            elif drift is not None:
                yield from drift.tell(metric)

    def _histogram(self, name: str, about: str, *labels: str) -> Histogram:
        return Histogram(f"menagerie_{name}", about, labels, buckets=SECONDS, registry=self._registry)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"menagerie_{name}", about, labels, registry=self._registry)

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        """One whose values in the workers that live are summed."""
        return Gauge(name, about, labels, registry=self._registry, multiprocess_mode="livesum")
