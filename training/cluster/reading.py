"""How the machines of a cluster read pictures."""

from collections.abc import Iterable
from pathlib import Path

from databases.places import Place

# Of what answers over a network, one waits more than one reads.
READERS = 8


def absolute(place: Place) -> Place:
    """The same place, wherever a worker was started."""
    return place.absolute() if isinstance(place, Path) else place


def readers_for(places: Iterable[Place]) -> int:
    """With how many threads a worker, which has one core, reads pictures."""
    return 1 if all(isinstance(place, Path) for place in places) else READERS
