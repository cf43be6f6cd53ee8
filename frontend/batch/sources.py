"""Where a batch's pictures are until they are asked about: in files of its own folder, or in a zip."""

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from frontend.uploads import MOST_PICTURE_BYTES, ZIP_STARTS

MAX_PICTURES = 2000
ENCRYPTED = 0x1
HIDDEN = ("__MACOSX", ".")


class UnusableFile(Exception):
    """What is wrong with one file, in words for people."""


class UnusableZip(Exception):
    """What is wrong with a whole zip, in words for people."""


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
            raise UnusableFile(_too_large())
        return data


@dataclass(frozen=True)
class ZipEntry:
    """A file in a zip, unpacked when it is its turn, and never beyond what a picture may have."""

    name: str
    path: Path
    entry: zipfile.ZipInfo

    def read(self) -> bytes:
        if self.entry.flag_bits & ENCRYPTED:
            raise UnusableFile("It is locked with a password.")
        try:
            with zipfile.ZipFile(self.path) as archive, archive.open(self.entry) as file:
                # Not by the size that the zip claims: that is what a bomb lies about.
                data = file.read(MOST_PICTURE_BYTES + 1)
        except (
            zipfile.BadZipFile,
            OSError,
            NotImplementedError,
            RuntimeError,
            ValueError,
            EOFError,
        ) as error:
            raise UnusableFile("The zip is damaged here, so that it cannot be unpacked.") from error
        except Exception as error:
            raise UnusableFile("The zip is damaged here, so that it cannot be unpacked.") from error
        if len(data) > MOST_PICTURE_BYTES:
            raise UnusableFile(_too_large())
        return data


def store(files: Iterable[tuple[str, bytes]], folder: Path) -> list[Source]:
    """Puts files into `folder`, and says what is to be asked about, zips looked into, in their order.

    Raises:
        UnusableZip: one is damaged.
    """
    sources: list[Source] = []
    for number, (name, data) in enumerate(files):
        path = folder / f"{number:05}"
        path.write_bytes(data)
        sources.extend(_of_zip(name, path) if data[:4] in ZIP_STARTS else [StoredFile(name, path)])
    return sources


def _of_zip(name: str, path: Path) -> Iterator[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnusableZip(f"“{name}” is no zip that can be opened: it may not have arrived whole.") from error
    for entry in entries:
        if not any(part.startswith(HIDDEN) for part in entry.filename.split("/")):
            yield ZipEntry(entry.filename, path, entry)


def _too_large() -> str:
    return f"It is larger than {MOST_PICTURE_BYTES // 2**20} MB."
