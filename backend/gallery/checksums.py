"""Whether files still hold what was written to them: a map of one that rotted on its disk tells nothing."""

import zlib
from pathlib import Path

from pydantic import TypeAdapter

SUMS = "sums.json"
AT_ONCE = 2**20
NOTES = TypeAdapter(dict[str, int])


def write_sums(folder: Path) -> None:
    """Notes the checksums of all files in a folder."""
    sums = {path.name: _checksum(path) for path in sorted(folder.iterdir())}
    (folder / SUMS).write_bytes(NOTES.dump_json(sums))


def is_as_written(folder: Path) -> bool:
    """Whether all files are there whose checksums were noted, and still have them.

    Raises:
        OSError, ValueError: there are no such notes, or they cannot be read.
    """
    sums = NOTES.validate_json((folder / SUMS).read_bytes())
    return all(_checksum(folder / name) == noted for name, noted in sums.items())


def _checksum(path: Path) -> int:
    """CRC-32. Not through a map: what is only read for this should not count as the process's memory."""
    checksum, buffer = 0, memoryview(bytearray(AT_ONCE))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(buffer):
            checksum = zlib.crc32(buffer[:count], checksum)
    return checksum
