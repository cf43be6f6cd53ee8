"""Zips of strangers: what is in sound ones, and what the others are refused for before they are unpacked."""

import io
import zipfile
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.unzipping.archive import STORED, Archive
from backend.unzipping.directory import ENCRYPTED, UTF_8, ZipLimits
from backend.unzipping.errors import UnreadableEntry, UnusableArchive
from tests.zip_forging import GIB, Forged, end, entry, zeros, zipped

MIB = 2**20
LIMITS = ZipLimits(max_files=4, max_bytes=8 * MIB)


def opened(data: bytes, limits: ZipLimits = LIMITS) -> Archive:
    return Archive(io.BytesIO(data), limits)


def contents(data: bytes) -> dict[str, bytes]:
    archive = opened(data)
    return {file.name: archive.read(file) for file in archive.files}


def code_of_archive(data: bytes, limits: ZipLimits = LIMITS) -> str:
    with pytest.raises(UnusableArchive) as refused:
        opened(data, limits)
    assert str(refused.value)
    return refused.value.code


def code_of_entry(forged: Forged) -> str:
    archive = opened(zipped(entry("good", b"good"), forged))
    good, bad = archive.files
    assert archive.read(good) == b"good"
    with pytest.raises(UnreadableEntry) as refused:
        archive.read(bad)
    assert str(refused.value)
    return refused.value.code


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_what_the_standard_library_packs_is_read_in_its_order(method: int) -> None:
    packed = {"b.jpg": b"two" * 999, "a/é.jpg": b"one", "a/empty": b""}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in packed.items():
            archive.writestr(name, data)
        archive.comment = b"a comment"
    assert list(contents(buffer.getvalue()).items()) == list(packed.items())


def test_what_is_packed_into_a_pipe_has_its_sizes_behind_each_file_and_is_read() -> None:
    class Pipe(io.RawIOBase):
        sent = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:  # type: ignore[override]
            self.sent += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jpg", b"one" * 99)
        archive.writestr("b.jpg", b"two" * 99)
    assert contents(pipe.sent) == {"a.jpg": b"one" * 99, "b.jpg": b"two" * 99}


def test_folders_and_what_systems_add_are_left_out() -> None:
    names = ("cat/", "cat/1.jpg", "__MACOSX/cat/._1.jpg", "cat/.DS_Store", "dog\\", "dog\\2.jpg", "../3.jpg")
    archive = opened(zipped(*(entry(name, b"x") for name in names)))
    assert [file.name for file in archive.files] == ["cat/1.jpg", "dog\\2.jpg", "../3.jpg"]


@pytest.mark.parametrize(
    ("name", "flags", "read"),
    [
        ("é.jpg".encode(), UTF_8, "é.jpg"),
        ("é.jpg".encode(), 0, "é.jpg"),
        (b"\x82.jpg", 0, "é.jpg"),
        (b"\x82.jpg", UTF_8, "\N{REPLACEMENT CHARACTER}.jpg"),
    ],
)
def test_names_are_read_in_the_letters_they_were_written_in(name: bytes, flags: int, read: str) -> None:
    assert contents(zipped(entry(name, b"x", flags=flags))) == {read: b"x"}


@pytest.mark.parametrize(
    ("forged", "code"),
    [
        (entry("a", b"x" * 99, flags=ENCRYPTED), "encrypted_entry"),
        (entry("a", b"x" * 99, method=14), "unsupported_compression"),  # LZMA: as much memory as it says
        (entry("a", b"x" * 99, checksum=1), "broken_entry"),
        (entry("a", b"x" * 99, size=98), "broken_entry"),
        (entry("a", b"x" * 99, size=100), "broken_entry"),
        (entry("a", b"x" * 99, method=STORED), "broken_entry"),
        (Forged(b"a", b"\xff" * 9, size=99, checksum=0), "broken_entry"),
        (Forged(b"a", b"", size=99, checksum=0), "broken_entry"),
    ],
)
def test_an_entry_that_cannot_be_read_leaves_the_others_readable(forged: Forged, code: str) -> None:
    assert code_of_entry(forged) == code


def test_a_file_is_unpacked_no_further_than_it_declares_and_its_start_no_further_than_asked() -> None:
    liar = zeros("liar", 10 * GIB)
    listed = liar.listed(0, claimed_size=1000)
    archive = opened(liar.local + listed + end(1, len(listed), len(liar.local)))
    assert archive.read_start(archive.files[0], 16) == bytes(16)
    with pytest.raises(UnreadableEntry, match="damaged"):
        archive.read(archive.files[0])


def test_an_entry_whose_header_is_elsewhere_is_broken() -> None:
    one = entry("a", b"x" * 99)
    listed = one.listed(7)
    archive = opened(one.local + bytes(99) + listed + end(1, len(listed), len(one.local) + 99))
    with pytest.raises(UnreadableEntry, match="damaged"):
        archive.read(archive.files[0])


def sharing(step: int) -> bytes:
    """Four files that begin `step` bytes behind one another, in a body of one."""
    one = entry("a", bytes(range(256)) * 4)
    body = one.local + bytes(3 * step)
    listed = b"".join(one.listed(step * place) for place in range(4))
    return body + listed + end(4, len(listed), len(body))


def many_empty(count: int, declared: int) -> bytes:
    listed = entry("", b"").listed(0) * count
    return listed + end(declared, len(listed), 0)


def zip64(count: int) -> bytes:
    listed = entry("", b"").listed(0) * count
    size = len(listed)
    record = b"PK\6\6" + b"".join(n.to_bytes(8, "little") for n in (44, 0, count, count, size, 0))
    locator = b"PK\6\7" + bytes(4) + size.to_bytes(8, "little") + b"\1\0\0\0"
    return listed + record + locator + end(3, 3 * 46, 0)


@pytest.mark.parametrize(
    ("archive", "code"),
    [
        (lambda: b"", "bad_archive"),
        (lambda: b"hello", "bad_archive"),
        (lambda: zipped(entry("a", b"x"))[:-9], "bad_archive"),
        (lambda: zipped(entry("a", b"x")) + b"more", "bad_archive"),
        (lambda: b"before" + zipped(entry("a", b"x")), "bad_archive"),
        (lambda: zipped(entry("a", b"x", flags=ENCRYPTED)), "bad_archive"),
        (lambda: sharing(step=0), "bad_archive"),
        (lambda: sharing(step=40), "bad_archive"),
        (lambda: end(1, 46, 2**31), "bad_archive"),
        (lambda: end(0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF), "bad_archive"),
        (lambda: zip64(1_000_000), "bad_archive"),
        (lambda: many_empty(1_000_000, declared=3), "bad_archive"),
        (lambda: many_empty(30, declared=3), "bad_archive"),
        (lambda: many_empty(3, declared=4), "bad_archive"),
        (lambda: many_empty(65_534, declared=65_534), "too_many_items"),
        (lambda: zipped(*(entry(str(n), b"x") for n in range(5))), "too_many_items"),
        (lambda: zipped(zeros("a", 10 * GIB)), "archive_too_large"),
        (lambda: zipped(*(zeros(str(n), 4 * MIB) for n in range(2))), "archive_too_large"),
        (lambda: zipped(*(entry(str(n), b"x", size=3 * MIB) for n in range(3))), "archive_too_large"),
        (lambda: zipped(*(entry(str(n), bytes(MIB)) for n in range(2))), "archive_too_large"),
    ],
)
def test_an_archive_that_cannot_be_or_would_be_too_much_is_refused(
    archive: Callable[[], bytes], code: str
) -> None:
    assert code_of_archive(archive()) == code


def test_what_expands_much_but_to_little_is_read() -> None:
    assert contents(zipped(entry("a", bytes(MIB)))) == {"a": bytes(MIB)}


@given(st.data())
def test_a_damaged_archive_is_refused_with_a_code_or_read(data: st.DataObject) -> None:
    damaged = bytearray(zipped(entry("a.jpg", b"x" * 99), entry("b.jpg", b"y" * 99)))
    for place in data.draw(st.lists(st.integers(0, len(damaged) - 1), min_size=1, max_size=4)):
        damaged[place] = data.draw(st.integers(0, 255))
    try:
        archive = opened(bytes(damaged))
    except UnusableArchive:
        return
    for file in archive.files:
        try:
            assert archive.read(file) in (b"x" * 99, b"y" * 99)
        except UnreadableEntry:
            continue
