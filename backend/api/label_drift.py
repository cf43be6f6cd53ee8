"""Are the labels that a model answers of late as frequent as in what it learnt from?

Where other pictures are sent than it was made for, or another mixture of them, that shows here first.
"""

import math
import threading
from collections import deque
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike
from prometheus_client import Gauge
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

RECENT = "menagerie_label_recent"
WINDOW = 1000
NORMAL_95 = 1.6448536269514722  # the normal distribution's 95 % point
LEAST = 100  # of fewer answers, the distance would tell of chance


class LabelDrift:
    """Of one model: keeps the labels of its last 1,000 answers in `recent`, a gauge by version and label.
    `prior`: each label's share of what the model learnt from. Safe to use from several threads."""

    def __init__(
        self, recent: Gauge, version: str, labels: tuple[str, ...], prior: tuple[float, ...]
    ) -> None:
        self.version = version
        self._prior = dict(zip(labels, prior, strict=True))
        self._counts = {label: recent.labels(version, label) for label in labels}
        self._window: deque[Gauge] = deque()
        self._lock = threading.Lock()
        for count in self._counts.values():
            count.set(0)  # it may have served before

    def add(self, label: str) -> None:
        count = self._counts[label]
        with self._lock:
            if len(self._window) == WINDOW:
                self._window.popleft().dec()
            self._window.append(count)
            count.inc()

    def tell(self, recent: Metric) -> Iterator[Metric]:
        """What Prometheus is told, `recent` being as every process that serves the model has counted."""
        counts = dict.fromkeys(self._prior, 0.0)
        for sample in recent.samples:
            if sample.labels["version"] == self.version:
                counts[sample.labels["label"]] = sample.value
        yield self._by_label(RECENT, recent.documentation, counts)
        yield self._by_label(
            "menagerie_label_share_expected", "Labels' shares of what the model learnt from.", self._prior
        )
        drift = GaugeMetricFamily(
            "menagerie_label_drift",
            "From what the model learnt from to its last answers: Jensen-Shannon distance of labels, 0 to 1.",
            labels=("version",),
        )
        drift.add_metric((self.version,), self._distance(counts))
        yield drift

    def _distance(self, counts: dict[str, float]) -> float:
        answers = sum(counts.values())
        if answers < LEAST:
            return math.nan
        return jensen_shannon_distance(
            list(self._prior.values()), [counts[label] / answers for label in self._prior]
        )

    def _by_label(self, name: str, about: str, values: dict[str, float]) -> Metric:
        family = GaugeMetricFamily(name, about, labels=("version", "label"))
        for label, value in values.items():
            family.add_metric((self.version, label), value)
        return family


def jensen_shannon_distance(p: ArrayLike, q: ArrayLike) -> float:
    """How far two distributions, float [n] of sum 1, are from one another: 0 where they are the same, 1 where
    they have nothing in common.

    The square root of the divergence of Lin 1991 (IEEE Transactions on Information Theory 37(1), section IV)
    with logarithms to base 2.
    """
    one, other = np.asarray(p, np.float64), np.asarray(q, np.float64)
    middle = (one + other) / 2
    divergence = (_relative_entropy(one, middle) + _relative_entropy(other, middle)) / 2
    return math.sqrt(min(max(divergence, 0.0), 1.0))  # rounding may lead out of there


def distance_by_chance(labels: int, answers: int) -> float:
    """The Jensen-Shannon distance that 1 in 20 samples of so many answers would exceed if labels were as
    frequent as ever.

    Near the truth, the divergence is chi-squared over 8 n ln 2 (a Taylor series of Lin's, loc. cit.); the
    quantile of that by Wilson and Hilferty 1931 (Proceedings of the National Academy of Sciences 17, 684).
    """
    free = labels - 1
    quantile = free * (1 - 2 / (9 * free) + NORMAL_95 * math.sqrt(2 / (9 * free))) ** 3
    return min(1.0, math.sqrt(quantile / (8 * answers * math.log(2))))


def _relative_entropy(p: np.ndarray, q: np.ndarray) -> float:
    there = p > 0
    return float(np.sum(p[there] * np.log2(p[there] / q[there])))
