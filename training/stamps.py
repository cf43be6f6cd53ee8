"""What is told of a file without reading it: enough to notice that another one took its place."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from databases.places import SECOND, Status

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Stamp:
    """Size in bytes, and when the file was written: ISO 8601 in UTC, to the microsecond; None where it is
    not told.

    Of a file behind a URL, what stands below the second is a mark of its content; see `Status`.
    """

    bytes: int
    modified: str | None

    def differs_from(self, other: "Stamp") -> bool:
        """Whether these are two files for sure. A time that only one of them tells says nothing."""
        if self.bytes != other.bytes:
            return True
        return None not in (self.modified, other.modified) and self.modified != other.modified


def stamp_of(status: os.stat_result | Status) -> Stamp:
    return Stamp(status.st_size, _written(status.st_mtime_ns))


def _written(moment: int) -> str | None:
    if 0 <= moment < SECOND:  # what places say where a store tells no time
        return None
    try:
        return (EPOCH + timedelta(microseconds=moment // 1000)).isoformat(timespec="microseconds")
    except OverflowError:  # file systems hold years that no date does
        return None
