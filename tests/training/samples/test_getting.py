"""Sample sets as folders, ready to ingest."""

import csv
from pathlib import Path

import pytest

from tests.drawing import picture
from tests.training.ingestion.packing import pack_tar
from tests.training.samples.publishing import publish, publish_colours
from tests.training.samples.serving import Site
from training.errors import DownloadFailed, TrainingError
from training.ingestion.sources.archives import ArchiveLimits
from training.progress import Silent
from training.samples.catalogue import Sample
from training.samples.getting import get_sample
from training.samples.oxford_pets import write_labels

LIMITS = ArchiveLimits()


@pytest.fixture
def drawn(site: Site, tmp_path: Path) -> Sample:
    return publish_colours(site, tmp_path)


def test_a_set_is_a_folder_with_its_licence(drawn: Sample, site: Site, tmp_path: Path) -> None:
    folder = get_sample(drawn, tmp_path / "sets", LIMITS, Silent())
    assert len(list(folder.glob("pets/*/*.jpg"))) == 10
    about = (folder / "SOURCE.txt").read_text(encoding="utf-8")
    assert "Licence: CC0" in about
    assert drawn.archives[0].sha256 in about
    assert [entry.name for entry in (tmp_path / "sets").iterdir()] == ["drawn"]
    site.files.clear()
    assert get_sample(drawn, tmp_path / "sets", LIMITS, Silent()) == folder


def test_a_set_that_was_broken_off_is_not_there_yet(drawn: Sample, site: Site, tmp_path: Path) -> None:
    site.breaks["drawn.zip"] = 2000
    with pytest.raises(DownloadFailed):
        get_sample(drawn, tmp_path / "sets", LIMITS, Silent())
    assert [entry.name for entry in (tmp_path / "sets").iterdir()] == [".drawn.download"]
    site.breaks.clear()
    get_sample(drawn, tmp_path / "sets", LIMITS, Silent())
    assert site.asked[-1] == ("drawn.zip", "bytes=2000-")
    assert [entry.name for entry in (tmp_path / "sets").iterdir()] == ["drawn"]


def test_another_folder_of_that_name_is_left_alone(drawn: Sample, tmp_path: Path) -> None:
    (tmp_path / "drawn").mkdir()
    with pytest.raises(TrainingError, match="drawn is in the way"):
        get_sample(drawn, tmp_path, LIMITS, Silent())


def test_the_pets_of_oxford_become_a_table(site: Site, tmp_path: Path) -> None:
    images = [(f"images/{name}.jpg", picture("red")) for name in ("Great_Dane_1", "Ragdoll_20")]
    lists = [("trainval.txt", b"Great_Dane_1 1 2 1\n"), ("test.txt", b"Ragdoll_20 2 1 2\n")]
    files = (
        pack_tar(tmp_path / "images.tar.gz", *images),
        pack_tar(tmp_path / "annotations.tar.gz", *((f"annotations/{name}", text) for name, text in lists)),
    )
    folder = get_sample(publish(site, *files, finish=write_labels), tmp_path, LIMITS, Silent())
    with (folder / "labels.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.DictReader(file)) == [
            {"path": "images/Great_Dane_1.jpg", "label": "Great Dane", "split": "train"},
            {"path": "images/Ragdoll_20.jpg", "label": "Ragdoll", "split": "test"},
        ]
