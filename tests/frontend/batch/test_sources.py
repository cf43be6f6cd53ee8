"""What a batch is made of, before anybody is asked about it."""

import io
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from frontend.batch import sources, zips
from frontend.batch.errors import TooMany, UnusableFile, UnusableZip
from frontend.batch.sources import store


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
    for module in (sources, zips):
        monkeypatch.setattr(module, "MOST_PICTURE_BYTES", 2**20)
    found = store([("big.jpg", bytes(2**20 + 1)), ("bomb.zip", zipped({"bomb.jpg": bytes(2**22)}))], tmp_path)
    for one in found:
        with pytest.raises(UnusableFile, match="larger than 1 MB"):
            one.read()


def test_a_file_that_claims_to_be_smaller_than_it_is_is_not_unpacked_beyond_that(tmp_path: Path) -> None:
    archive = bytearray(zipped({"bomb.jpg": bytes(2**22)}))
    size = archive.index(b"PK\1\2") + 24
    archive[size : size + 4] = (99).to_bytes(4, "little")
    with pytest.raises(UnusableFile, match="damaged"):
        store([("a.zip", bytes(archive))], tmp_path)[0].read()


def test_a_file_that_is_packed_in_an_unusual_way_is_told(tmp_path: Path) -> None:
    (found,) = store([("a.zip", zipped({"a.jpg": b"a" * 99}, zipfile.ZIP_LZMA))], tmp_path)
    with pytest.raises(UnusableFile, match="unusual way"):
        found.read()


def test_names_from_a_mac_are_read_as_they_were_written(tmp_path: Path) -> None:
    name = "Bär.jpg"
    archive = bytearray(zipped({name: b"a", "b.jpg": b"b"}))
    for mark, flags in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        archive[archive.index(mark) + flags + 1] &= ~8  # that it is UTF-8
    found = store([("a.zip", bytes(archive))], tmp_path)
    assert [(one.name, one.read()) for one in found] == [(name, b"a"), ("b.jpg", b"b")]


def directory_of(entries: int, name_bytes: int) -> bytes:
    """A zip that is nearly all directory."""
    archive = zipped({"a" * name_bytes: b"a"})
    at, end = archive.index(b"PK\1\2"), archive.index(b"PK\5\6")
    directory = archive[at:end] * entries
    length = len(directory).to_bytes(4, "little")
    count = min(entries, 0xFFFF - 1).to_bytes(2, "little") * 2
    return archive[:at] + directory + archive[end : end + 8] + count + length + archive[end + 16 :]


@pytest.mark.parametrize(("entries", "name_bytes"), [(1_000_000, 4), (100_000, 4), (7000, 2000)])
def test_an_endless_directory_is_refused_before_it_is_read(
    tmp_path: Path, entries: int, name_bytes: int
) -> None:
    archive = directory_of(entries, name_bytes)
    tracemalloc.start()
    with pytest.raises(TooMany, match=r"“zoo\.zip” holds far more than the 2,000 pictures"):
        store([("zoo.zip", archive)], tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000


def test_a_directory_as_long_as_that_of_the_largest_batch_is_read(tmp_path: Path) -> None:
    with pytest.raises(TooMany, match="more than 2,000 pictures: send them in several batches"):
        store([("zoo.zip", directory_of(8000, 200))], tmp_path)
    assert len(store([("zoo.zip", directory_of(2000, 200))], tmp_path)) == 2000


def test_pictures_in_several_zips_are_counted_together(tmp_path: Path) -> None:
    halves = [
        ("a.zip", directory_of(1500, 9)),
        ("b.zip", directory_of(1500, 9)),
        ("c.zip", b"PK\3\4 never looked at"),
    ]
    with pytest.raises(TooMany, match="more than 2,000"):
        store(halves, tmp_path)


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
