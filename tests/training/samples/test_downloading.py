"""Downloads: broken off, gone on with, and trusted only with the right checksum."""

import hashlib
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np
import pytest

from tests.training.samples.serving import Site
from training.errors import DownloadFailed
from training.progress import Advance, Silent
from training.samples.catalogue import Archive
from training.samples.downloading import download

DATA = np.random.default_rng(0).bytes(3_000_000)


@pytest.fixture
def archive(site: Site) -> Archive:
    site.files["set.zip"] = DATA
    return Archive(site.url("set.zip"), len(DATA), hashlib.sha256(DATA).hexdigest())


def names(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


def test_a_file_is_fetched_once(archive: Archive, site: Site, tmp_path: Path) -> None:
    for _ in range(2):
        assert download(archive, tmp_path, Silent()).read_bytes() == DATA
    assert site.asked == [("set.zip", None)]
    assert names(tmp_path) == ["set.zip"]


def test_what_was_broken_off_goes_on_where_it_stopped(archive: Archive, site: Site, tmp_path: Path) -> None:
    site.breaks["set.zip"] = 1_234_567
    for _ in range(2):
        with pytest.raises(DownloadFailed, match=r"set\.zip cannot be fetched: .*; run it again to go on"):
            download(archive, tmp_path, Silent())
        assert names(tmp_path) == ["set.zip.part"]
    site.breaks.clear()
    assert download(archive, tmp_path, Silent()).read_bytes() == DATA
    assert site.asked == [("set.zip", None), ("set.zip", "bytes=1234567-"), ("set.zip", "bytes=2469134-")]


def test_a_server_that_knows_no_parts_is_asked_for_all(archive: Archive, site: Site, tmp_path: Path) -> None:
    (tmp_path / "set.zip.part").write_bytes(DATA[:1000])
    site.ranges = False
    assert download(archive, tmp_path, Silent()).read_bytes() == DATA


def test_a_whole_part_is_not_asked_for_again(archive: Archive, site: Site, tmp_path: Path) -> None:
    (tmp_path / "set.zip.part").write_bytes(DATA)
    assert download(archive, tmp_path, Silent()).read_bytes() == DATA
    assert site.asked == []


@pytest.mark.parametrize("kept", [b"", b"x" * 1000, b"x" * len(DATA), DATA + b"x"])
def test_a_wrong_checksum_is_refused_and_nothing_is_kept(
    archive: Archive, site: Site, tmp_path: Path, kept: bytes
) -> None:
    (tmp_path / "set.zip.part").write_bytes(kept)
    if not kept:
        site.files["set.zip"] = DATA[:-1] + b"?"
    with pytest.raises(DownloadFailed, match=r"set\.zip is not the file it was: its SHA-256 is [0-9a-f]{64}"):
        download(archive, tmp_path, Silent())
    assert names(tmp_path) == []


def test_a_file_without_end_is_not_followed(archive: Archive, site: Site, tmp_path: Path) -> None:
    site.files["set.zip"] = DATA * 20
    with pytest.raises(DownloadFailed, match="is not the file it was"):
        download(archive, tmp_path, Silent())
    assert names(tmp_path) == []


def test_an_answer_that_is_no_file_is_told(archive: Archive, site: Site, tmp_path: Path) -> None:
    site.files.clear()
    with pytest.raises(DownloadFailed, match=r"cannot be fetched: the answer is 404 Not Found"):
        download(archive, tmp_path, Silent())
    assert names(tmp_path) == []


class Listening(Silent):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.totals: list[int] = []
        self.steps: list[int] = []

    def track(self, what: str, total: int) -> AbstractContextManager[Advance]:
        del what
        self.totals.append(total)
        return nullcontext(self.steps.append)


def test_progress_is_told_in_mebibytes(archive: Archive, site: Site, tmp_path: Path) -> None:
    progress = Listening()
    site.breaks["set.zip"] = 1_500_000
    for _ in range(2):
        with pytest.raises(DownloadFailed):
            download(archive, tmp_path, progress)
        site.breaks["set.zip"] = 1_000_000
    assert progress.totals == [2, 2]
    assert sum(progress.steps) == 1 + 2
