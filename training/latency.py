"""How long calls take, measured so that what else the machine does falls on all of them alike."""

import statistics
import time
from collections.abc import Callable, Sequence

WARM_UP = 5


def paired_medians_ms(calls: Sequence[Callable[[], object]], rounds: int, *, stretch: int = 0) -> list[float]:
    """The median milliseconds of each call, over `rounds` in which each is made once, in turn.

    `stretch`: how often a call is made before it is timed. What is compared with PyTorch needs that: OpenMP's
    threads go on spinning after a call, on the cores that the next one counts on.
    """
    times: list[list[float]] = [[] for _ in calls]
    for number in range(WARM_UP + rounds):
        for call, taken in zip(calls, times, strict=True):
            for _ in range(stretch):
                call()
            begin = time.perf_counter()
            call()
            if number >= WARM_UP:
                taken.append(1000 * (time.perf_counter() - begin))
    return [statistics.median(taken) for taken in times]
