"""What a batch is made of, before anybody is asked about it."""

import io
import zipfile
from pathlib import Path

import pytest

from frontend.batch import sources
from frontend.batch.sources import UnusableFile, UnusableZip, store


def zipped(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def test_files_keep_their_order_and_can_be_read_again(tmp_path: Path) -> None:
    found = store([("b.jpg", b"bb"), ("a.jpg", b"a"), ("b.jpg", b"again")], tmp_path)
    assert [(one.name, one.read()) for one in found] == [
        ("b.jpg", b"bb"),
        ("a.jpg", b"a"),
        ("b.jpg", b"again"),
    ]
    assert found[0].read() == b"bb"


def test_a_zip_is_looked_into_where_it_stands_among_the_files(tmp_path: Path) -> None:
    archive = zipped(
        {"zoo/lion.jpg": b"lion", "__MACOSX/zoo/._lion.jpg": b"", "zoo/.DS_Store": b"", "zoo/": b""}
    )
    found = store([("a.jpg", b"a"), ("zoo.zip", archive), ("z.jpg", b"z")], tmp_path)
    assert [(one.name, one.read()) for one in found] == [
        ("a.jpg", b"a"),
        ("zoo/lion.jpg", b"lion"),
        ("z.jpg", b"z"),
    ]


def test_a_file_that_is_too_large_is_told_and_a_bomb_is_not_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "MOST_PICTURE_BYTES", 2**20)
    found = store([("big.jpg", bytes(2**20 + 1)), ("bomb.zip", zipped({"bomb.jpg": bytes(2**22)}))], tmp_path)
    for one in found:
        with pytest.raises(UnusableFile, match="larger than 1 MB"):
            one.read()


def test_a_locked_entry_is_told(tmp_path: Path) -> None:
    archive = bytearray(zipped({"a.jpg": b"secret"}))
    for mark, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        archive[archive.index(mark) + flags] |= 1
    with pytest.raises(UnusableFile, match="password"):
        store([("a.zip", bytes(archive))], tmp_path)[0].read()


def test_a_damaged_entry_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    archive = bytearray(zipped({"a.jpg": b"first" * 9, "b.jpg": b"second"}, zipfile.ZIP_STORED))
    archive[archive.index(b"first")] ^= 0xFF
    first, second = store([("a.zip", bytes(archive))], tmp_path)
    with pytest.raises(UnusableFile, match="damaged"):
        first.read()
    assert second.read() == b"second"


def test_a_zip_that_did_not_arrive_whole_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(UnusableZip, match=r"zoo\.zip"):
        store([("zoo.zip", zipped({"a.jpg": b"a" * 999})[:-40])], tmp_path)


def test_nothing_is_in_an_empty_zip(tmp_path: Path) -> None:
    assert store([("empty.zip", zipped({}))], tmp_path) == []
