"""`ingest` and `index` as they are typed."""

import csv
import os
import re
import shutil
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.drawing import picture
from tests.object_store import Bucket
from tests.training.cli.conftest import Menagerie
from tests.training.making import add_tiny_bundle, pictures_of
from training.cli.pictures import ingest_sources, names_of, slug
from training.cli.state import State
from training.errors import BadSource
from training.ingestion.run import SplitPlan


@pytest.mark.parametrize(
    ("folder", "name"),
    [("Cats & Dogs", "cats-dogs"), ("animals_10", "animals-10"), ("--x--", "x"), ("Кошки", "pictures")],
)
def test_a_folders_name_becomes_a_plain_task_name(folder: str, name: str) -> None:
    assert slug(folder) == name


def test_an_ingest_tells_what_it_found(menagerie: Menagerie, pictures: Path, engine: Engine) -> None:
    (pictures / "red" / "cut [1].jpg").write_bytes(picture("red")[:-200])
    (pictures / "red" / "copy.jpg").write_bytes((pictures / "red" / "0.jpg").read_bytes())
    (pictures / "notes.txt").touch()
    ran = menagerie("ingest", pictures)
    assert ran.code == 0
    assert "colours: 19 pictures (20 new, 0 changed, 0 as before, 0 gone), 1 exact copy" in ran.out
    assert "Passed over, being no pictures: 1 .txt" in ran.out
    assert "1 file cannot be used:\n  truncated_image: red/cut [1].jpg" in ran.out
    rows = {words[0]: words[1:] for line in ran.out.splitlines() if (words := line.split())}
    assert sum(map(int, rows["blue"])) == 6
    assert sum(map(int, rows["red"])) == 7
    assert len(pictures_of(engine)) == 19
    assert "20 as before" in menagerie("ingest", pictures).out


def test_what_ingests_by_itself_finds_duplicates_as_the_environment_says(
    pictures: Path, engine: Engine, bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MENAGERIE_DUPLICATES", "hash")
    state = State(engine, bundles, bundles.parent / "reports")
    (report,) = ingest_sources(state, [pictures], ["colours"], "colours", SplitPlan())
    assert report.added == 18
    assert not list(bundles.glob("starter*"))  # whose embeddings would have told them apart


def test_the_library_is_written_as_a_table_and_read_back(
    menagerie: Menagerie, pictures: Path, engine: Engine, tmp_path: Path
) -> None:
    out = tmp_path / "table.csv"
    assert f"18 rows written to {out}" in menagerie("ingest", pictures, "--csv", out).out
    with out.open(newline="") as file:
        assert {row["label"] for row in csv.DictReader(file)} == {"red", "green", "blue"}
    assert menagerie("ingest", out, "--task", "again").code == 0
    first, again = pictures_of(engine), pictures_of(engine, "again")
    assert {(i.sha256, i.label) for i in first.values()} == {(i.sha256, i.label) for i in again.values()}
    assert {image.root for image in again.values()} == {"table"}


def test_a_table_that_cannot_be_written_is_told_before_anything_is_ingested(
    menagerie: Menagerie, pictures: Path, tmp_path: Path
) -> None:
    absent = menagerie("ingest", pictures, "--csv", tmp_path / "absent" / "t.csv").error
    assert absent == f"there is no folder {tmp_path / 'absent'} to write t.csv into"
    folder = menagerie("ingest", pictures, "--csv", pictures).error
    assert folder == f"{pictures} is a folder: --csv names the file to write"
    assert not (tmp_path / "state").exists()


def test_shares_and_seed_decide_what_is_held_back(
    menagerie: Menagerie, pictures: Path, engine: Engine
) -> None:
    menagerie("ingest", pictures, "--val", "0.5", "--test", "0", "--seed", "3")
    splits = [image.split for image in pictures_of(engine).values()]
    assert (splits.count("train"), splits.count("val"), splits.count("test")) == (9, 9, 0)


def test_pictures_outside_class_folders_stand_in_a_row_without_a_name(
    menagerie: Menagerie, pictures: Path
) -> None:
    (pictures / "lone.jpg").write_bytes(picture("red", 60))
    assert re.search(r"^ *\(none\) +0 +0 +0 +1 *$", menagerie("ingest", pictures).out, re.MULTILINE)


def test_several_sources_make_one_task(
    menagerie: Menagerie, pictures: Path, engine: Engine, tmp_path: Path
) -> None:
    archive = shutil.make_archive(str(tmp_path / "More Blue"), "zip", pictures, "blue")
    out = tmp_path / "all.csv"
    ran = menagerie("ingest", pictures, archive, "--task", "mixed", "--csv", out)
    assert "colours: 18 pictures (18 new" in ran.out
    assert "more-blue: 6 pictures (6 new" in ran.out
    assert f"24 rows written to {out}" in ran.out
    assert {image.root for image in pictures_of(engine, "mixed").values()} == {"colours", "more-blue"}
    again = menagerie("ingest", pictures, archive, "--task", "mixed")
    assert "Unpacking" in ran.err
    assert "Unpacking" not in again.err
    assert "more-blue: 6 pictures (0 new, 0 changed, 6 as before" in again.out


def test_archives_are_unpacked_beside_the_database(
    menagerie: Menagerie, pictures: Path, environment: dict[str, str], tmp_path: Path
) -> None:
    archive = shutil.make_archive(str(tmp_path / "pets"), "gztar", pictures)
    assert menagerie("ingest", archive).code == 0
    database = Path(environment["DATABASE_URL"].removeprefix("sqlite:///"))
    (unpacked,) = (database.parent / "unpacked").iterdir()
    assert re.fullmatch(r"pets-[0-9a-f]{8}", unpacked.name)


def test_sources_of_one_name_are_called_by_their_folders_too(tmp_path: Path) -> None:
    named = [f"{tmp_path}/{split}/_annotations.coco.json" for split in ("train", "valid")]
    assert names_of(named) == ["train-annotations-coco", "valid-annotations-coco"]
    assert names_of(["s3://bucket/My Pets", "x/pets.tar.gz"]) == ["my-pets", "pets"]
    with pytest.raises(BadSource, match="two of the sources have the same name"):
        names_of(["a/x/pets", "b/x/pets"])


def test_what_several_sources_belong_to_must_be_named(menagerie: Menagerie, pictures: Path) -> None:
    error = "of several sources each is called as it is: name what they belong to with --task"
    sources = (pictures / "red", pictures / "blue")
    assert menagerie("ingest", *sources).error == error
    assert menagerie("ingest", *sources, "--task", "a", "--name", "b").error == error


def test_pictures_are_copied_to_a_store_and_used_from_there(
    menagerie: Menagerie, pictures: Path, engine: Engine, bucket: Bucket
) -> None:
    assert menagerie("ingest", pictures, "--copy-to", f"{bucket.url}/store").code == 0
    assert len(bucket.names()) == 18
    shutil.rmtree(pictures)
    assert all(image.place.read_bytes() for image in pictures_of(engine).values())


def test_a_bucket_is_a_source(menagerie: Menagerie, pictures: Path, engine: Engine, bucket: Bucket) -> None:
    bucket.put_folder(pictures, "my/Pets")
    assert "pets: 18 pictures (18 new" in menagerie("ingest", f"{bucket.url}/my/Pets").out
    assert {image.root_uri for image in pictures_of(engine, "pets").values()} == {f"{bucket.url}/my/Pets"}
    nowhere = "s3://no-such-bucket-at-all/x"
    assert menagerie("ingest", nowhere).error == f"there is no {nowhere}"


def test_strict_fails_after_everything_is_recorded(
    menagerie: Menagerie, pictures: Path, engine: Engine
) -> None:
    for number in range(25):
        (pictures / "red" / f"empty-{number}.jpg").touch()
    (pictures / "red" / os.fsdecode(b"\xff.jpg")).write_bytes(picture("red", 99))
    ran = menagerie("ingest", pictures, "--strict")
    assert ran.error == "26 files cannot be used, and none may be so with --strict"
    assert len(re.findall("empty_file: ", ran.out)) == 25
    assert len(pictures_of(engine)) == 18
    assert menagerie("ingest", pictures, "--strict").code == 1
    assert menagerie("ingest", pictures).code == 0
    for path in (pictures / "red").iterdir():
        path.unlink()
    assert menagerie("ingest", pictures, "--strict").code == 0


def test_a_hostile_archive_is_one_line(menagerie: Menagerie, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr("../evil.jpg", picture("red"))
    error = "evil.zip is refused: '../evil.jpg' would lie outside of it"
    assert menagerie("ingest", tmp_path / "evil.zip").error == error


def test_a_limit_on_archives_that_is_none_is_told_by_its_name(
    menagerie: Menagerie, environment: dict[str, str], pictures: Path
) -> None:
    environment["MENAGERIE_ARCHIVE_MAX_FILES"] = "none"
    assert menagerie("ingest", pictures).error.startswith("MENAGERIE_ARCHIVE_MAX_FILES='none': ")


def test_index_embeds_for_the_champion_and_says_how_many(
    menagerie: Menagerie, pictures: Path, engine: Engine, bundles: Path
) -> None:
    menagerie("ingest", pictures)
    add_tiny_bundle(engine, bundles, promoted=True)
    assert "The gallery of colours-1 is complete (18 pictures added)." in menagerie("index").out
    assert "(0 pictures added)" in menagerie("index", "--version", "colours-1", "--task", "colours").out


def test_an_ingest_tells_what_it_takes_until_its_pictures_are_served(
    menagerie: Menagerie, pictures: Path, engine: Engine, bundles: Path
) -> None:
    train = "To have them served, similar ones too: menagerie train --task colours --promote\n"
    assert menagerie("ingest", pictures).out.endswith(train)
    add_tiny_bundle(engine, bundles, promoted=True)
    index = "18 pictures not in the gallery yet: menagerie index --task colours\n"
    assert menagerie("ingest", pictures).out.endswith(index)
    menagerie("index")
    assert menagerie("ingest", pictures).out.endswith("0 exact copies, 0 look-alikes\n")


def test_index_takes_the_models_own_task_where_there_are_several(
    menagerie: Menagerie, pictures: Path, engine: Engine, bundles: Path
) -> None:
    menagerie("ingest", pictures)
    menagerie("ingest", pictures, "--name", "pets")
    add_tiny_bundle(engine, bundles, promoted=True)
    own = menagerie("index", "--version", "colours-1").out
    assert "(18 pictures added)" in own
    assert "--promote" not in own
    other = menagerie("index", "--version", "colours-1", "--task", "pets").out
    assert "(18 pictures added)" in other
    assert "For one of pets: menagerie train --task pets --promote" in other
    absent = menagerie("index", "--version", "colours-1", "--task", "emus").error
    assert absent.startswith("task 'emus' has no picture, the library has: colours, pets; run: ")
