"""How many pictures pass a filter, remembered."""

from backend.recent import Recent
from databases.nearest import Among
from databases.pgvector import Counted

REMEMBERED = 300


class Counts(Recent[Among, Counted]):
    """Those of filters that name a moment are not kept: few come again, and they would put out the others."""

    def __init__(self, capacity: int = REMEMBERED) -> None:
        super().__init__(capacity)

    def put(self, key: Among, value: Counted) -> None:
        if key.since is None and key.before is None:
            super().put(key, value)
