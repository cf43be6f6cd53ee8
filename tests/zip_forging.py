"""Zips put together by hand: honest ones, and what no honest program would write."""

import struct
import zlib
from dataclasses import dataclass

from backend.unzipping.archive import DEFLATED
from backend.unzipping.directory import END, ENTRY, ENTRY_SIGN, UTF_8

GIB = 2**30


@dataclass(frozen=True)
class Forged:
    """An entry as its header and the directory have it; `packed` are its bytes in the archive."""

    name: bytes
    packed: bytes
    size: int
    checksum: int
    method: int = DEFLATED
    flags: int = UTF_8

    @property
    def local(self) -> bytes:
        lengths = (len(self.packed), self.size % 2**32, len(self.name), 0)
        fields = (b"PK\3\4", 20, self.flags, self.method, 0, 0, self.checksum, *lengths)
        return struct.pack("<4s5H3L2H", *fields) + self.name + self.packed

    def listed(self, offset: int, claimed_size: int | None = None) -> bytes:
        """What the directory says of it. A size that does not fit is written as zip64 does."""
        size = min(self.size if claimed_size is None else claimed_size, 0xFFFFFFFF)
        sizes = (self.checksum, len(self.packed), size, len(self.name), 0, 0)
        fields = (ENTRY_SIGN, 20, 20, self.flags, self.method, 0, 0, *sizes, 0, 0, 0, offset)
        return ENTRY.pack(*fields) + self.name


def entry(name: str | bytes, data: bytes, **changes: int) -> Forged:
    """An honest entry, but for the `changes`."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(data) + packer.flush()
    as_bytes = name.encode() if isinstance(name, str) else name
    return Forged(as_bytes, packed, **{"size": len(data), "checksum": zlib.crc32(data)} | changes)


def zeros(name: str, size: int) -> Forged:
    """So many zeros, a whole number of MiB of them, which pack to a thousandth."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    once = packer.compress(bytes(2**20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return Forged(name.encode(), once * (size // 2**20) + b"\3\0", size, checksum=0)


def zipped(*entries: Forged) -> bytes:
    """An archive of them."""
    body, listed = b"", b""
    for one in entries:
        listed += one.listed(len(body))
        body += one.local
    return body + listed + end(len(entries), len(listed), len(body))


def end(count: int, size: int, offset: int, comment: int = 0) -> bytes:
    """The record at an archive's end, which says where its directory lies."""
    return END.pack(b"PK\5\6", 0, 0, count, count, size, offset, comment)
