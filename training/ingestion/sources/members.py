"""What lies in a zip or tar archive, one after the other, without trusting a word of it.

Only files and folders are let through: a link could lead anywhere, a device does more than hold bytes.
"""

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast

from training.errors import BadArchive

ZIP_SUFFIXES = (".zip",)
TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
UNREAD_SUFFIXES = (".tar.zst", ".tzst", ".rar", ".7z")
OPENERS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
# What lists half a million files in a zip archive. A tar header, which is read at once too, holds one path.
MOST_AT_ONCE = 64 * 2**20
LATEST = 2**33
PADDING = 2**20


@dataclass(frozen=True)
class Member:
    """`name` as the archive has it; `modified` in seconds since 1970; a folder has no `content`."""

    name: str
    modified: int
    content: IO[bytes] | None


def archive_stem(name: str) -> str | None:
    """A file's name without the suffix of an archive, None where it has none.

    Raises:
        BadArchive: it is an archive of a kind that is not read.
    """
    lower = name.lower()
    for suffix in UNREAD_SUFFIXES:
        if lower.endswith(suffix):
            raise BadArchive(f"{name} cannot be unpacked here: unpack it, or pack it as .zip or .tar.xz")
    # The longest first: of pictures.tar.gz, pictures remains.
    for suffix in sorted(ZIP_SUFFIXES + TAR_SUFFIXES, key=len, reverse=True):
        if lower.endswith(suffix):
            return name[: -len(suffix)]
    return None


def read_members(archive: Path) -> Iterator[Member]:
    """The files and folders of an archive, in its order; each content is to be read before the next is asked
    for.

    Raises:
        BadArchive: something else is in it, or it is encrypted or ends early. Where an archive is damaged,
            nearly anything is raised besides.
    """
    return _read_zip(archive) if archive.suffix.lower() in ZIP_SUFFIXES else _read_tar(archive)


def _read_zip(archive: Path) -> Iterator[Member]:
    with archive.open("rb") as stream, zipfile.ZipFile(cast(IO[bytes], Sparing(stream))) as file:
        for info in file.infolist():
            name = info.filename.replace("\\", "/")
            kind = stat.S_IFMT(info.external_attr >> 16)
            if info.flag_bits & 1:
                raise BadArchive(f"{name} is encrypted")
            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _no_file(name, link=kind == stat.S_IFLNK)
            if info.is_dir():
                yield Member(name, 0, None)
                continue
            with file.open(info) as content:
                yield Member(name, _zip_time(info.date_time), content)


def _zip_time(parts: tuple[int, int, int, int, int, int]) -> int:
    try:
        return int(datetime(*parts, tzinfo=UTC).timestamp())
    except ValueError:  # month 0, for one
        return 0


def _read_tar(archive: Path) -> Iterator[Member]:
    with archive.open("rb") as file:
        opener = OPENERS.get(file.read(2), open)
    with cast(IO[bytes], opener(archive, "rb")) as decompressed:
        stream = Sparing(decompressed)
        with tarfile.open(fileobj=cast(IO[bytes], stream), mode="r:") as tar:
            while (info := tar.next()) is not None:
                cast(Any, tar).members.clear()  # otherwise it remembers all of them
                if not (info.isfile() or info.isdir()):
                    raise _no_file(info.name, link=info.issym() or info.islnk())
                content = tar.extractfile(info) if info.isfile() else None
                yield Member(info.name, int(min(max(info.mtime, 0), LATEST)), content)
            ended = stream.last == bytes(tarfile.BLOCKSIZE)  # tarfile takes a damaged header for the end
        decompressed.read(PADDING)  # the checksum over all of it stands behind
    if not ended:
        raise BadArchive("it ends early, or is damaged")


class Sparing:
    """A stream that lets nobody read more than so much at once: what is read is held in memory. `last` is
    what was read last."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.last = b""

    def read(self, size: int = -1) -> bytes:
        if size <= MOST_AT_ONCE:
            self.last = self._stream.read(size if size >= 0 else MOST_AT_ONCE + 1)
        if max(size, len(self.last)) > MOST_AT_ONCE:
            raise BadArchive(f"it has a header of more than {MOST_AT_ONCE / 2**20:.0f} MiB")
        return self.last

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _no_file(name: str, *, link: bool) -> BadArchive:
    return BadArchive(f"{name} is {'a link' if link else 'neither a file nor a folder'}")
