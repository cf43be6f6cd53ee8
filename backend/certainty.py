"""How sure a figure is that was counted on some pictures: Wilson's interval, McNemar's test."""

import math
from dataclasses import dataclass

WILSON_Z = 1.959963984540054  # the normal distribution's 97.5 % point


@dataclass(frozen=True)
class Share:
    """`count` of `total`, with its 95 % interval by Wilson's score (1927)."""

    count: int
    total: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class PairedTest:
    """How often only the first, and only the second, of two was right on the same pictures; and how likely
    such a difference is between two that are equally good."""

    only_first: int
    only_second: int
    p_value: float


def wilson(count: int, total: int) -> Share:
    """`count` of `total` as a share; of nothing it is 0, and may be anything from 0 to 1."""
    if not total:
        return Share(0, 0, 0.0, 0.0, 1.0)
    return Share(count, total, count / total, *wilson_interval(count, total))


def wilson_interval(right: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a share `right` / `n` by Wilson's score (1927); `right` need not be whole."""
    centre = (right + WILSON_Z**2 / 2) / (n + WILSON_Z**2)
    spread = WILSON_Z * math.sqrt(right * (n - right) / n + WILSON_Z**2 / 4) / (n + WILSON_Z**2)
    return max(0.0, centre - spread), min(1.0, centre + spread)


def mcnemar(only_first: int, only_second: int) -> PairedTest:
    """McNemar's exact test (1947, Psychometrika 12, 153) of two that were asked about the same pictures: the
    sign test on those where one was right and the other wrong, two-sided."""
    discordant = only_first + only_second
    ways = tail = 1  # whole numbers: no rounding, however many pictures
    for chosen in range(min(only_first, only_second)):
        ways = ways * (discordant - chosen) // (chosen + 1)
        tail += ways
    return PairedTest(only_first, only_second, min(1.0, 2 * tail / 2**discordant))
