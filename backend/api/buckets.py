"""Token buckets: so many requests a minute on average, and some at once."""

import time
from collections.abc import Callable

Clock = Callable[[], float]

LEAST_BURST = 10
BURST_MINUTES = 0.1
ROUNDING = 1e-6  # of a token: who waits as long as told finds one
MOST_CLIENTS = 10_000  # a bucket each, of some 200 bytes


class Bucket:
    """Holds a tenth of a minute's tokens, 10 at least, and fills with `per_minute` of them; full at first.

    `share`: the part of all that which is this process's own.
    """

    def __init__(self, per_minute: float, share: float = 1.0, clock: Clock = time.monotonic) -> None:
        self._per_second = share * per_minute / 60
        self._capacity = max(1.0, share * max(LEAST_BURST, BURST_MINUTES * per_minute))
        self._tokens = self._capacity
        self._clock = clock
        self._filled_at = clock()

    def take(self, cost: int, paid: int = 0) -> float:
        """Takes `cost` tokens, less those `paid` before, if they are there; returns 0, or else in how many
        seconds they will be, and takes none.

        What costs more than a bucket holds needs a full one, and leaves it in debt.
        """
        self._fill()
        missing = min(cost, self._capacity) - paid - self._tokens
        if missing > ROUNDING:
            return missing / self._per_second
        self._tokens -= cost - paid
        return 0.0

    def _fill(self) -> None:
        at = self._clock()
        self._tokens = min(self._capacity, self._tokens + (at - self._filled_at) * self._per_second)
        self._filled_at = at


class Buckets:
    """A bucket a client. Of more than `most` clients, those who came last keep theirs."""

    def __init__(self, share: float, clock: Clock, most: int = MOST_CLIENTS) -> None:
        self._share = share
        self._clock = clock
        self._most = most
        self._buckets: dict[str, Bucket] = {}  # who came last is last

    def of(self, client: str, per_minute: float) -> Bucket:
        bucket = self._buckets.pop(client, None) or Bucket(per_minute, self._share, self._clock)
        self._buckets[client] = bucket
        if len(self._buckets) > self._most:
            del self._buckets[next(iter(self._buckets))]
        return bucket
