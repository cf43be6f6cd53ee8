"""Archives that want out of their folder, or more of the disk than they should have."""

import gzip
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.drawing import picture
from tests.training.ingestion.packing import pack_tar, pack_zip, tar_entry, zip_entry
from training.errors import BadArchive, BadSource
from training.ingestion.sources import open_source
from training.ingestion.sources.archives import ArchiveLimits, Unpacking
from training.progress import Silent

RED, GREEN = picture("red"), picture("green")
Pack = Callable[[Path], Path]
HOSTILE: dict[str, tuple[Pack, str]] = {
    "zip that climbs": (lambda p: pack_zip(p / "a.zip", ("cat/../../evil.jpg", RED)), "would lie outside"),
    "zip with backslashes": (lambda p: pack_zip(p / "a.zip", ("..\\evil.jpg", RED)), "would lie outside"),
    "zip from the top": (lambda p: pack_zip(p / "a.zip", ("/tmp/evil.jpg", RED)), "would lie outside"),
    "zip on a drive": (lambda p: pack_zip(p / "a.zip", ("C:\\evil.jpg", RED)), "would lie outside"),
    "tar that climbs": (lambda p: pack_tar(p / "a.tgz", ("../evil.jpg", RED)), "would lie outside"),
    "tar from the top": (lambda p: pack_tar(p / "a.tgz", ("/tmp/evil.jpg", RED)), "would lie outside"),
    "zip with a link": (
        lambda p: pack_zip(p / "a.zip", (zip_entry("1.jpg", stat.S_IFLNK), b"/etc/passwd")),
        r"1\.jpg is a link",
    ),
    "tar with a link": (
        lambda p: pack_tar(p / "a.tgz", (tar_entry("1.jpg", tarfile.SYMTYPE, "/etc/passwd"), b"")),
        r"1\.jpg is a link",
    ),
    "tar with a hard link": (
        lambda p: pack_tar(p / "a.tgz", (tar_entry("1.jpg", tarfile.LNKTYPE, "/etc/passwd"), b"")),
        r"1\.jpg is a link",
    ),
    "zip with a device": (
        lambda p: pack_zip(p / "a.zip", (zip_entry("1.jpg", stat.S_IFCHR), b"")),
        r"1\.jpg is neither a file nor a folder",
    ),
    "tar with a device": (
        lambda p: pack_tar(p / "a.tgz", (tar_entry("1.jpg", tarfile.CHRTYPE), b"")),
        r"1\.jpg is neither a file nor a folder",
    ),
    "tar with a pipe": (
        lambda p: pack_tar(p / "a.tgz", (tar_entry("1.jpg", tarfile.FIFOTYPE), b"")),
        r"1\.jpg is neither a file nor a folder",
    ),
    "tar with a name twice": (
        lambda p: pack_tar(p / "a.tgz", ("cat/1.jpg", RED), ("cat//./1.jpg", GREEN)),
        r"it holds cat//\./1\.jpg twice",
    ),
    "zip with a file that is a folder": (
        lambda p: pack_zip(p / "a.zip", ("cat", RED), ("cat/1.jpg", GREEN)),
        "it holds cat/1.jpg twice",
    ),
    "text called zip": (lambda p: _write(p / "a.zip", b"dear reader"), "File is not a zip file"),
    "text called tar": (lambda p: _write(p / "a.tgz", b"dear reader"), "truncated header"),
    "zip cut short": (
        lambda p: _write(p / "a.zip", pack_zip(p / "b.zip", ("cat/1.jpg", RED)).read_bytes()[:-30]),
        "File is not a zip file",
    ),
    "gzip cut short": (
        lambda p: _write(p / "a.tgz", pack_tar(p / "b.tgz", ("cat/1.jpg", RED)).read_bytes()[:-9]),
        "Compressed file ended before the end",
    ),
    "tar without its end": (lambda p: _write(p / "a.tar", _plain_tar(p)[: 4 * 512]), "it ends early"),
    "tar with a damaged header": (
        lambda p: _write(p / "a.tar", _flip(_plain_tar(p), 2 * 512 + 3)),
        "it ends early",
    ),
    "zip with a damaged file": (
        lambda p: _write(p / "a.zip", _flip(pack_zip(p / "b.zip", ("cat/1.jpg", RED)).read_bytes(), 300)),
        "Bad CRC-32|while decompressing",
    ),
}


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def _flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]


def _plain_tar(folder: Path) -> bytes:
    """Two files of one block each: four blocks, and zeros behind."""
    return pack_tar(folder / "b.tar", ("1.jpg", bytes(512)), ("2.jpg", bytes(512)), mode="w").read_bytes()


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_or_damaged_archive_is_refused_and_leaves_nothing(
    tmp_path: Path, unpacking: Unpacking, case: str
) -> None:
    pack, reason = HOSTILE[case]
    archive = pack(tmp_path)
    with pytest.raises(BadArchive, match=rf"^{archive.name} (is refused|cannot be unpacked): .*({reason})"):
        open_source(archive, unpacking)
    assert list(unpacking.folder.iterdir()) == []
    assert not list(tmp_path.glob("**/evil.jpg"))


def test_a_zip_with_a_name_twice_is_refused(tmp_path: Path, unpacking: Unpacking) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive = pack_zip(tmp_path / "a.zip", ("cat/1.jpg", RED), ("cat/1.jpg", GREEN))
    with pytest.raises(BadArchive, match=r"a\.zip is refused: it holds cat/1\.jpg twice"):
        open_source(archive, unpacking)


@pytest.mark.parametrize("pack", [pack_zip, pack_tar])
def test_limits_hold_for_what_comes_out(tmp_path: Path, pack: Callable[..., Path]) -> None:
    archive = pack(
        tmp_path / ("a.zip" if pack is pack_zip else "a.tgz"), *((f"c/{n}.jpg", RED) for n in range(4))
    )

    def unpack(limits: ArchiveLimits) -> None:
        open_source(archive, Unpacking(tmp_path / "unpacked", limits, Silent()))

    with pytest.raises(BadArchive, match="is refused: it holds more than 3 files"):
        unpack(ArchiveLimits(max_files=3))
    with pytest.raises(BadArchive, match="is refused: it expands to more than 0 MiB"):
        unpack(ArchiveLimits(max_bytes=4 * len(RED) - 1))
    unpack(ArchiveLimits(max_files=4, max_bytes=4 * len(RED)))


@pytest.mark.parametrize("pack", [pack_zip, pack_tar])
def test_a_bomb_is_refused_before_it_fills_the_disk(
    tmp_path: Path, unpacking: Unpacking, pack: Callable[..., Path]
) -> None:
    archive = pack(tmp_path / ("a.zip" if pack is pack_zip else "a.tgz"), ("cat/1.jpg", bytes(80 * 2**20)))
    with pytest.raises(BadArchive, match="is refused: it expands to more than 100 times its size"):
        open_source(archive, unpacking)
    assert list(unpacking.folder.iterdir()) == []


def test_a_header_as_large_as_the_memory_is_refused_unread(tmp_path: Path, unpacking: Unpacking) -> None:
    header = tar_entry("x", tarfile.XHDTYPE)
    header.size = 2**33 - 1
    with gzip.open(tmp_path / "a.tgz", "wb") as file:
        file.write(header.tobuf(tarfile.USTAR_FORMAT) + bytes(2**20))
    with pytest.raises(BadArchive, match="it has a header of more than 64 MiB"):
        open_source(tmp_path / "a.tgz", unpacking)


def test_an_encrypted_zip_is_refused(tmp_path: Path, unpacking: Unpacking) -> None:
    data = bytearray(pack_zip(tmp_path / "b.zip", ("cat/1.jpg", RED)).read_bytes())
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(BadArchive, match=r"cat/1\.jpg is encrypted"):
        open_source(_write(tmp_path / "a.zip", bytes(data)), unpacking)


@pytest.mark.parametrize(
    "path", ["../../secret.jpg", "/etc/hostname", "s3://bucket/1.jpg", "http://localhost/x"]
)
def test_a_table_in_an_archive_names_nothing_outside(tmp_path: Path, unpacking: Unpacking, path: str) -> None:
    archive = pack_zip(tmp_path / "a.zip", ("labels.csv", f"path,label\n{path},cat\n".encode()))
    with pytest.raises(BadSource, match=r"labels\.csv names .*, which lies outside of the archive"):
        open_source(archive, unpacking)
