"""How many pictures pass a filter, remembered."""

import threading
from collections import OrderedDict

from databases.nearest import Among
from databases.pgvector import Counted

REMEMBERED = 300


class Counts:
    """Of more than `capacity` filters, the one that was asked for least lately goes. Those that name a moment
    are not kept: few come again, and they would put out the others. Threads may share one."""

    def __init__(self, capacity: int = REMEMBERED) -> None:
        self._capacity = capacity
        self._counts: OrderedDict[Among, Counted] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, among: Among) -> Counted | None:
        with self._lock:
            counted = self._counts.get(among)
            if counted is not None:
                self._counts.move_to_end(among)
            return counted

    def put(self, among: Among, counted: Counted) -> None:
        if among.since is not None or among.before is not None:
            return
        with self._lock:
            self._counts[among] = counted
            while len(self._counts) > self._capacity:
                self._counts.popitem(last=False)
