"""What an archive declares of its files, and whether that can be true and is not too much.

Format: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.12 (directory) and 4.3.16 (its end).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import BinaryIO

from backend.unzipping.errors import UnusableArchive

END = struct.Struct("<4s4H2LH")
ENTRY = struct.Struct("<4s6H3L5H2L")
END_SIGN, ENTRY_SIGN, ZIP64_SIGN = b"PK\5\6", b"PK\1\2", b"PK\6\7"
LOCAL_BYTES = 30  # of the header before each file, without its name
ZIP64_LOCATOR_BYTES = 20
MAX_COMMENT = 0xFFFF
ENCRYPTED, UTF_8 = 0x1, 0x800

# Beside each picture lie at most its folder and what macOS packs for either.
ENTRIES_A_PICTURE = 4
DIRECTORY_BYTES_AN_ENTRY = 1024
MAX_RATIO, RATIO_COUNTS_FROM = 100, 2**20


@dataclass(frozen=True)
class ZipLimits:
    """`max_files`: folders and what systems add do not count. `max_bytes`: of all files, unpacked."""

    max_files: int
    max_bytes: int


@dataclass(frozen=True)
class Entry:
    """What the directory declares of a file: its bytes in the archive (`packed`) and unpacked (`size`), their
    CRC-32, and where its header lies (`offset`)."""

    name: str
    encrypted: bool
    method: int
    checksum: int
    packed: int
    size: int
    offset: int

    @property
    def most_bytes(self) -> int:
        """How many bytes reading it has to do with."""
        return max(self.size, self.packed) if self.size else 0

    @property
    def is_file(self) -> bool:
        """Neither a folder, nor what systems hide or add for themselves."""
        parts = self.name.replace("\\", "/").split("/")
        return parts[0] != "__MACOSX" and not parts[-1].startswith(".") and parts[-1] != ""


@dataclass(frozen=True)
class End:
    """Where the directory lies: `count` entries in `size` bytes from `offset` on."""

    count: int
    size: int
    offset: int


def read_directory(stream: BinaryIO, limits: ZipLimits) -> list[Entry]:
    """The files of an archive, in its order.

    Raises:
        UnusableArchive: `bad_archive`, `too_many_items` or `archive_too_large`.
    """
    end = _find_end(stream)
    if end.count > ENTRIES_A_PICTURE * limits.max_files:
        raise _too_many(end.count, limits)
    if end.size > end.count * DIRECTORY_BYTES_AN_ENTRY:
        raise _contradiction()
    stream.seek(end.offset)
    entries = list(_parse(stream.read(end.size), end.count))
    _check_overlaps(entries, end.offset)
    _check_expansion(entries, limits)
    files = [entry for entry in entries if entry.is_file]
    if len(files) > limits.max_files:
        raise _too_many(len(files), limits)
    if files and all(entry.encrypted for entry in files):
        raise UnusableArchive("bad_archive", "the archive is encrypted: pack it without a password")
    return files


def _find_end(stream: BinaryIO) -> End:
    length = stream.seek(0, 2)
    stream.seek(max(0, length - END.size - MAX_COMMENT))
    tail = stream.read()
    at = tail.rfind(END_SIGN)
    if at < 0 or len(tail) - at < END.size:
        raise UnusableArchive("bad_archive", "the file is no zip archive, or ends early")
    _, disk, first_disk, here, count, size, offset, comment = END.unpack_from(tail, at)
    zip64 = tail[max(0, at - ZIP64_LOCATOR_BYTES) : at].startswith(ZIP64_SIGN)
    if zip64 or count == 0xFFFF or 0xFFFFFFFF in (size, offset):
        raise UnusableArchive("bad_archive", "archives in the zip64 form are not read: pack fewer pictures")
    if (disk, first_disk, here) != (0, 0, count) or at + END.size + comment != len(tail):
        raise _contradiction()
    if offset + size > length - len(tail) + at:
        raise _contradiction()
    return End(count, size, offset)


def _parse(directory: bytes, count: int) -> Iterator[Entry]:
    """Exactly `count` entries, which fill the directory."""
    at = 0
    for _ in range(count):
        if len(directory) - at < ENTRY.size or not directory.startswith(ENTRY_SIGN, at):
            raise _contradiction()
        values = ENTRY.unpack_from(directory, at)
        flags, method = values[3:5]
        checksum, packed, size, name_length, extra_length, comment_length = values[7:13]
        name_at = at + ENTRY.size
        name = _text(directory[name_at : name_at + name_length], flags)
        yield Entry(name, bool(flags & ENCRYPTED), method, checksum, packed, size, offset=values[-1])
        at = name_at + name_length + extra_length + comment_length
    if at != len(directory):
        raise _contradiction()


def _text(name: bytes, flags: int) -> str:
    """macOS writes UTF-8 without saying so; what is none is in the first PC's letters."""
    if flags & UTF_8:
        return name.decode("utf-8", "replace")
    try:
        return name.decode("utf-8")
    except UnicodeDecodeError:
        return name.decode("cp437")


def _check_overlaps(entries: list[Entry], directory: int) -> None:
    """Files that share their bytes would be unpacked once each."""
    spans = sorted((entry.offset, entry.offset + LOCAL_BYTES + entry.packed) for entry in entries)
    if any(ended > begun for (_, ended), (begun, _) in pairwise([*spans, (directory, directory)])):
        raise _contradiction()


def _check_expansion(entries: list[Entry], limits: ZipLimits) -> None:
    size, packed = sum(entry.size for entry in entries), sum(entry.packed for entry in entries)
    if size > limits.max_bytes:
        detail = f"the archive expands to more than {limits.max_bytes / 2**20:.0f} MiB: send fewer at a time"
        raise UnusableArchive("archive_too_large", detail)
    declared = [(size, packed), *((entry.size, entry.packed) for entry in entries)]
    if any(size > max(RATIO_COUNTS_FROM, MAX_RATIO * packed) for size, packed in declared):
        detail = f"the archive, or a file in it, expands more than {MAX_RATIO} times"
        raise UnusableArchive("archive_too_large", detail)


def _too_many(count: int, limits: ZipLimits) -> UnusableArchive:
    detail = f"the archive holds {count} files; at most {limits.max_files} pictures are answered at a time"
    return UnusableArchive("too_many_items", detail)


def _contradiction() -> UnusableArchive:
    return UnusableArchive("bad_archive", "the archive is damaged: what it says of itself cannot be true")
