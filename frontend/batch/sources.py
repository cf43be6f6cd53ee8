"""Where a batch's pictures are until they are asked about: in files of its own folder, or in a zip."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from frontend.batch import zips
from frontend.batch.errors import TooMany, UnusableFile
from frontend.batch.zips import MAX_PICTURES
from frontend.uploads import MOST_PICTURE_BYTES, ZIP_STARTS


class Source(Protocol):
    """A picture to be. `read` gives its bytes, and raises UnusableFile where it cannot."""

    @property
    def name(self) -> str: ...
    def read(self) -> bytes: ...


@dataclass(frozen=True)
class StoredFile:
    """A file of its own."""

    name: str
    path: Path

    def read(self) -> bytes:
        data = self.path.read_bytes()
        if len(data) > MOST_PICTURE_BYTES:
            raise UnusableFile(zips.too_large())
        return data


def store(files: Iterable[tuple[str, bytes]], folder: Path) -> list[Source]:
    """Puts files into `folder`, and says what is to be asked about, zips looked into, in their order.

    Raises:
        UnusableZip: one is damaged.
        TooMany: pictures.
    """
    sources: list[Source] = []
    for number, (name, data) in enumerate(files):
        path = folder / f"{number:05}"
        path.write_bytes(data)
        sources.extend(zips.entries(name, path) if data[:4] in ZIP_STARTS else [StoredFile(name, path)])
        if len(sources) > MAX_PICTURES:  # at once: what lies in further zips would take memory as well
            raise TooMany(f"These are more than {MAX_PICTURES:,} pictures: send them in several batches.")
    return sources
