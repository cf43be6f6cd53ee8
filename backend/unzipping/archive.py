"""The files of an archive, one at a time.

Format: PKWARE's APPNOTE.TXT 6.3.10, section 4.3.7 (the header before each file).
"""

import struct
import threading
import zlib
from typing import BinaryIO

from backend.unzipping.directory import LOCAL_BYTES, Entry, ZipLimits, read_directory
from backend.unzipping.errors import UnreadableEntry

LENGTHS = struct.Struct("<2H")  # of the name and of what is added to it: the header's last
LOCAL_SIGN = b"PK\3\4"
STORED, DEFLATED = 0, 8
START_PACKED_BYTES = 1024  # the codes that a block begins with take up to 300


class Archive:
    """A zip whose `files`, in its order, several threads may read."""

    def __init__(self, stream: BinaryIO, limits: ZipLimits) -> None:
        """Raises UnusableArchive, as `read_directory` does."""
        self.files = read_directory(stream, limits)
        self._stream = stream
        self._lock = threading.Lock()

    def read(self, entry: Entry) -> bytes:
        """The bytes of a file: as many as it declares.

        Raises:
            UnreadableEntry: `encrypted_entry`, `unsupported_compression` or `broken_entry`.
        """
        data = self._unpack(entry, entry.packed, entry.size + 1)
        if len(data) != entry.size or zlib.crc32(data) != entry.checksum:
            raise _broken()
        return data

    def read_start(self, entry: Entry, count: int) -> bytes:
        """The first `count` bytes, perhaps of more than the file declares: unchecked, but at next to no cost.

        Raises:
            UnreadableEntry: as `read` does.
        """
        return self._unpack(entry, min(entry.packed, START_PACKED_BYTES), count)

    def _unpack(self, entry: Entry, packed_bytes: int, most: int) -> bytes:
        if entry.encrypted:
            raise UnreadableEntry("encrypted_entry", "the file is encrypted: pack it without a password")
        if entry.method not in (STORED, DEFLATED):
            detail = "the file is compressed in an unusual way: pack it as a plain zip does"
            raise UnreadableEntry("unsupported_compression", detail)
        packed = self._read_packed(entry, packed_bytes)
        return packed[:most] if entry.method == STORED else _inflate(packed, most)

    def _read_packed(self, entry: Entry, count: int) -> bytes:
        with self._lock:
            self._stream.seek(entry.offset)
            header = self._stream.read(LOCAL_BYTES)
            if len(header) < LOCAL_BYTES or not header.startswith(LOCAL_SIGN):
                raise _broken()
            self._stream.seek(sum(LENGTHS.unpack(header[-LENGTHS.size :])), 1)
            return self._stream.read(count)


def _inflate(packed: bytes, most: int) -> bytes:
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most)
    except zlib.error:
        raise _broken() from None


def _broken() -> UnreadableEntry:
    return UnreadableEntry("broken_entry", "the file is damaged in the archive")
