"""The files of a zip that anybody may have made: they are listed as far as a batch may reach, and unpacked
one by one.

Format: PKWARE's APPNOTE.TXT 6.3.10, section 4.3.7 (the header before each file).
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from frontend.batch.errors import TooMany, UnusableFile, UnusableZip
from frontend.uploads import MOST_PICTURE_BYTES

MAX_PICTURES = 2000
# Beside each picture lie at most its folder and what macOS packs for either.
MOST_ENTRIES = 4 * MAX_PICTURES
MOST_DIRECTORY_BYTES = 1024 * MOST_ENTRIES
ENTRY_SIGN = b"PK\1\2"  # begins each entry of a directory
LOCAL_SIGN, LOCAL_BYTES = b"PK\3\4", 30
LENGTHS = struct.Struct("<2H")  # of the name and of what is added to it: the header's last
ENCRYPTED, UTF_8 = 0x1, 0x800
HIDDEN = ("__MACOSX", ".")


@dataclass(frozen=True)
class ZipEntry:
    """A file in a zip, unpacked when it is its turn, and never beyond what a picture may have."""

    name: str
    path: Path
    entry: zipfile.ZipInfo

    def read(self) -> bytes:
        entry = self.entry
        if entry.flag_bits & ENCRYPTED:
            raise UnusableFile("It is locked with a password.")
        # The others take as much memory as the zip says.
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnusableFile("It is packed in an unusual way: pack it as a plain zip does.")
        if max(entry.file_size, entry.compress_size) > MOST_PICTURE_BYTES:
            raise UnusableFile(too_large())
        data = self._packed()
        if entry.compress_type == zipfile.ZIP_DEFLATED:
            try:
                # One byte more than it claims: that is what a bomb lies about.
                data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, entry.file_size + 1)
            except zlib.error:
                raise _damaged() from None
        if len(data) != entry.file_size or zlib.crc32(data) != entry.CRC:
            raise _damaged()
        return data

    def _packed(self) -> bytes:
        # Not by the standard library's reader: it parses the whole directory anew for each file.
        with self.path.open("rb") as file:
            file.seek(self.entry.header_offset)
            header = file.read(LOCAL_BYTES)
            if len(header) < LOCAL_BYTES or not header.startswith(LOCAL_SIGN):
                raise _damaged()
            file.seek(sum(LENGTHS.unpack(header[-LENGTHS.size :])), io.SEEK_CUR)
            return file.read(self.entry.compress_size)


def entries(name: str, path: Path) -> Iterator[ZipEntry]:
    """The files of the zip at `path`, which people know by `name`, without what systems add for themselves.

    Raises:
        UnusableZip: it is damaged.
        TooMany: it lists more than a batch may have.
    """
    try:
        with _Bounded(io.FileIO(path)) as file, zipfile.ZipFile(file) as archive:
            found = archive.infolist()
    except _TooLong:
        raise TooMany(
            f"“{name}” holds far more than the {MAX_PICTURES:,} pictures that go at a time."
        ) from None
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise UnusableZip(f"“{name}” is no zip that can be opened: it may not have arrived whole.") from error
    for entry in found:
        inside = _name(entry)
        if not entry.is_dir() and not any(part.startswith(HIDDEN) for part in inside.split("/")):
            yield ZipEntry(inside, path, entry)


def too_large() -> str:
    return f"It is larger than {MOST_PICTURE_BYTES // 2**20} MB."


class _TooLong(Exception):
    """A directory that nobody should read."""


class _Bounded(io.BufferedReader):
    """The standard library's reader parses a whole directory before it can be asked how long it is, and takes
    some kilobytes of memory for fifty bytes of it."""

    def read(self, size: int | None = -1) -> bytes:
        if size is not None and size > MOST_DIRECTORY_BYTES:
            raise _TooLong
        data = super().read(size)
        if data.count(ENTRY_SIGN) > MOST_ENTRIES:
            raise _TooLong
        return data


def _name(entry: zipfile.ZipInfo) -> str:
    """macOS writes UTF-8 without saying so."""
    if entry.flag_bits & UTF_8:
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return entry.filename


def _damaged() -> UnusableFile:
    return UnusableFile("The zip is damaged here, so that it cannot be unpacked.")
