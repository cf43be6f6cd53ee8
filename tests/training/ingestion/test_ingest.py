"""Bringing a folder's pictures into the library, again and again."""

import os
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import library
from databases.errors import RootConflict
from databases.library import KnownFile, Refusal
from tests.drawing import draw_class_folders, picture
from tests.training.making import pictures_of, take_in
from training.ingestion.run import SplitPlan


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return draw_class_folders(tmp_path / "pictures", per_label=5, labels=("red", "green"))


def known(engine: Engine) -> dict[str, KnownFile]:
    with Session(engine) as session:
        root_id = library.get_or_create_root(session, "colours", uri_of(session), "colours")
        return library.known_files(session, root_id)


def uri_of(session: Session) -> str:
    return library.task_images(session, "colours")[0].root_uri


def test_every_picture_is_measured_labelled_and_split(engine: Engine, folder: Path) -> None:
    report = take_in(engine, folder)
    assert (report.added, report.changed, report.unchanged, report.missing) == (10, 0, 0, 0)
    assert (report.pictures, report.copies, report.refused) == (10, 0, [])
    assert Counter(label for label, _ in report.counts) == {"red": 3, "green": 3}
    found = pictures_of(engine)["red/0.jpg"]
    data = (folder / "red" / "0.jpg").read_bytes()
    assert (found.label, found.width, found.height, found.format) == ("red", 48, 32, "JPEG")
    assert (found.bytes, found.root_uri, found.file_name) == (len(data), str(folder.resolve()), "0.jpg")


def test_a_second_run_reads_no_picture_again(engine: Engine, folder: Path) -> None:
    take_in(engine, folder)
    before = pictures_of(engine)
    for path in folder.rglob("*.jpg"):  # the same size and time: whoever opens one now finds rubbish
        stat = path.stat()
        path.write_bytes(b"?" * stat.st_size)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    report = take_in(engine, folder)
    assert (report.added, report.changed, report.unchanged, report.pictures) == (0, 0, 10, 10)
    assert pictures_of(engine) == before


def test_a_changed_file_is_examined_again_and_keeps_its_id_and_split(engine: Engine, folder: Path) -> None:
    take_in(engine, folder)
    before = pictures_of(engine)
    (folder / "red" / "1.jpg").write_bytes(picture("red", 77, "PNG"))
    report = take_in(engine, folder)
    assert (report.added, report.changed, report.unchanged) == (0, 1, 9)
    after = pictures_of(engine)
    old, new = before.pop("red/1.jpg"), after.pop("red/1.jpg")
    assert (new.format, new.id, new.split) == ("PNG", old.id, old.split)
    assert new.sha256 != old.sha256
    assert after == before


def test_a_vanished_file_is_missing_and_comes_back_as_it_was(engine: Engine, folder: Path) -> None:
    take_in(engine, folder)
    before = pictures_of(engine)
    (folder / "red" / "1.jpg").rename(folder / "red" / "1.hidden")
    assert take_in(engine, folder).missing == 1
    assert "red/1.jpg" not in pictures_of(engine)
    assert known(engine)["red/1.jpg"].status == "missing"
    (folder / "red" / "1.hidden").rename(folder / "red" / "1.jpg")
    assert take_in(engine, folder).missing == 0
    assert pictures_of(engine) == before


def test_files_that_are_no_pictures_are_recorded_with_their_reason_and_stop_nothing(
    engine: Engine, folder: Path
) -> None:
    (folder / "red" / "cut.jpg").write_bytes(picture("red")[:-200])
    (folder / "red" / "empty.jpg").touch()
    (folder / "green" / "letter.jpg").write_text("dear reader")
    (folder / "green" / "gone.jpg").symlink_to(folder / "nowhere.jpg")
    report = take_in(engine, folder)
    assert report.refused == [
        Refusal("green/gone.jpg", "unreadable_file"),
        Refusal("green/letter.jpg", "unsupported_format"),
        Refusal("red/cut.jpg", "truncated_image"),
        Refusal("red/empty.jpg", "empty_file"),
    ]
    assert (report.pictures, len(pictures_of(engine))) == (10, 10)
    assert take_in(engine, folder).refused == report.refused


def test_a_file_that_was_mended_becomes_a_picture_with_a_split(engine: Engine, folder: Path) -> None:
    (folder / "red" / "cut.jpg").write_bytes(picture("red", 50)[:-200])
    take_in(engine, folder)
    (folder / "red" / "cut.jpg").write_bytes(picture("red", 50))
    report = take_in(engine, folder)
    assert (report.changed, report.refused, report.pictures) == (1, [], 11)
    assert pictures_of(engine)["red/cut.jpg"].split is not None


def test_exact_copies_are_counted_and_go_to_one_split(engine: Engine, folder: Path) -> None:
    for name in ("a", "b"):
        (folder / "green" / f"{name}.jpg").write_bytes((folder / "red" / "0.jpg").read_bytes())
    assert take_in(engine, folder).copies == 2
    found = pictures_of(engine)
    assert found["green/a.jpg"].split == found["green/b.jpg"].split == found["red/0.jpg"].split


def test_new_pictures_move_no_earlier_one(engine: Engine, folder: Path) -> None:
    take_in(engine, folder)
    before = {uri: image.split for uri, image in pictures_of(engine).items()}
    for number in range(20, 40):
        (folder / "red" / f"{number}.jpg").write_bytes(picture("red", number))
    take_in(engine, folder, plan=SplitPlan(seed=9))
    after = {uri: image.split for uri, image in pictures_of(engine).items()}
    assert {uri: after[uri] for uri in before} == before
    assert None not in after.values()


def test_folders_decide_the_splits_that_they_name_and_the_others_are_carved(
    engine: Engine, tmp_path: Path
) -> None:
    draw_class_folders(tmp_path / "pictures" / "train", per_label=20, labels=("red", "green"))
    draw_class_folders(tmp_path / "pictures" / "test", per_label=3, labels=("red", "green"), first=100)
    report = take_in(engine, tmp_path / "pictures", plan=SplitPlan(val=0.2, test=0.2))
    expected = {"train": 15, "val": 5, "test": 3}  # 0.6 to 0.2 of what the training folder holds
    assert report.counts == {(label, split): n for label in ("red", "green") for split, n in expected.items()}
    assert {i.uri.split("/")[0] for i in pictures_of(engine).values() if i.split == "test"} == {"test"}
    assert take_in(engine, tmp_path / "pictures", plan=SplitPlan(val=0.2, test=0.2)).counts == report.counts


def test_a_copy_of_a_given_test_picture_is_never_learnt_from(engine: Engine, tmp_path: Path) -> None:
    draw_class_folders(tmp_path / "pictures" / "train", per_label=20, labels=("red", "green"))
    draw_class_folders(tmp_path / "pictures" / "test", per_label=3, labels=("red", "green"))
    take_in(engine, tmp_path / "pictures")
    found = pictures_of(engine)
    for label in ("red", "green"):
        for number in range(3):
            assert found[f"train/{label}/{number}.jpg"].split == "test"


def test_a_pipe_is_recorded_and_not_waited_for(engine: Engine, folder: Path) -> None:
    os.mkfifo(folder / "red" / "pipe.jpg")
    assert [refusal.reason for refusal in take_in(engine, folder).refused] == ["unreadable_file"]
    again = take_in(engine, folder)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 11)
    (folder / "red" / "pipe.jpg").unlink()
    (folder / "red" / "pipe.jpg").write_bytes(picture("red", 60))
    assert take_in(engine, folder).changed == 1
    assert "red/pipe.jpg" in pictures_of(engine)


def test_a_name_that_is_no_text_is_passed_over(engine: Engine, folder: Path) -> None:
    (folder / "red" / os.fsdecode(b"\xff.jpg")).write_bytes(picture("red", 99))
    assert take_in(engine, folder).passed_over["with a name that is no UTF-8"] == 1


def test_a_table_relabels_pictures_without_reading_them(engine: Engine, folder: Path) -> None:
    table = folder / "table.csv"
    table.write_text("file_path,label\nred/0.jpg,scarlet\nred/1.jpg,scarlet\n")
    take_in(engine, table)
    table.write_text("file_path,label,split\nred/0.jpg,crimson,test\nred/1.jpg,scarlet,\n")
    report = take_in(engine, table)
    assert (report.changed, report.unchanged) == (0, 2)
    found = pictures_of(engine)["0.jpg"]
    assert (found.label, found.split) == ("crimson", "test")


def test_a_name_that_another_folder_has_is_refused(engine: Engine, folder: Path, tmp_path: Path) -> None:
    take_in(engine, folder)
    with pytest.raises(RootConflict, match="'colours' is taken"):
        take_in(engine, draw_class_folders(tmp_path / "others", per_label=1))
