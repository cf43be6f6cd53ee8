"""`menagerie roots` and `menagerie pictures refused` as they are typed."""

import sys
from io import StringIO
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import roots
from tests.drawing import draw_class_folders, picture
from tests.training.cli.conftest import Menagerie
from tests.training.making import pictures_of


def known(engine: Engine) -> list[str]:
    with Session(engine) as session:
        return [root.name for root in roots.list_roots(session)]


def test_roots_are_listed_and_forgotten_by_name(
    menagerie: Menagerie, pictures: Path, tmp_path: Path, engine: Engine
) -> None:
    assert "Nothing was ingested yet" in menagerie("roots", "list").out
    menagerie("ingest", pictures)
    menagerie("ingest", draw_class_folders(tmp_path / "more", 1), "--task", "colours")
    menagerie("pictures", "relabel", "red/2.jpg", "--to", "blue")
    listed = (
        f"colours  task colours, 18 pictures of 18 files\n  {pictures}\nmore  task colours, 3 pictures of"
    )
    assert listed in menagerie("roots", "list").out
    said = menagerie("roots", "forget", "colours", "--yes").out
    assert said == "colours is forgotten; its files stay where they are.\n"
    assert {image.root for image in pictures_of(engine).values()} == {"more"}
    assert (pictures / "red" / "2.jpg").is_file()
    assert menagerie("roots", "forget", "colours").error == "no root is called 'colours'; there are: more"
    menagerie("ingest", pictures)
    assert pictures_of(engine)["red/2.jpg"].label == "blue"


@pytest.mark.parametrize(("answer", "left"), [("y\n", []), ("n\n", ["colours"]), ("", ["colours"])])
def test_nothing_is_forgotten_without_a_yes(
    menagerie: Menagerie,
    pictures: Path,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    left: list[str],
) -> None:
    menagerie("ingest", pictures)
    monkeypatch.setattr(sys, "stdin", StringIO(answer))
    ran = menagerie("roots", "forget", "colours")
    assert f"Forget colours of task colours, 18 pictures of 18 files in {pictures}?" in ran.out
    assert (ran.code, known(engine)) == (1 if left else 0, left)


def test_pictures_that_nothing_is_said_of_are_refused_and_leave_no_root(
    menagerie: Menagerie, tmp_path: Path, engine: Engine
) -> None:
    flat = tmp_path / "flat"
    flat.mkdir()
    (flat / "1.jpg").write_bytes(picture("red"))
    error = menagerie("ingest", flat).error
    assert error.startswith(
        f"nothing says what the pictures in {flat} show: put them into one folder a label"
    )
    assert known(engine) == []


def test_pictures_without_a_label_may_join_a_task_that_has_some(
    menagerie: Menagerie, pictures: Path, tmp_path: Path, engine: Engine
) -> None:
    menagerie("ingest", pictures)
    (tmp_path / "flat").mkdir()
    (tmp_path / "flat" / "1.jpg").write_bytes(picture("red", 90))
    assert menagerie("ingest", tmp_path / "flat", "--task", "colours").code == 0
    assert pictures_of(engine)["1.jpg"].label is None


def test_every_refused_file_is_listed_with_its_reason(menagerie: Menagerie, pictures: Path) -> None:
    assert menagerie("ingest", pictures).code == 0
    assert menagerie("pictures", "refused").out == "No file was refused.\n"
    for number in range(25):
        (pictures / "red" / f"empty [{number}].jpg").touch()
    out = menagerie("ingest", pictures).out
    assert out.count("empty_file: ") == 20
    assert "\n  and 5 more; all of them: menagerie pictures refused --task colours\n" in out
    *lines, count = menagerie("pictures", "refused", "--task", "colours").out.splitlines()
    assert sorted(lines) == sorted(f"empty_file: {pictures}/red/empty [{n}].jpg" for n in range(25))
    assert count == "25 files cannot be used."
    error = "nothing was ingested for task 'other'; the library has: colours"
    assert menagerie("pictures", "refused", "--task", "other").error == error


def test_a_root_that_was_copied_says_where_to(menagerie: Menagerie, pictures: Path, tmp_path: Path) -> None:
    menagerie("ingest", pictures, "--copy-to", tmp_path / "store", "--duplicates", "hash")
    assert f"  {pictures}, copied to {tmp_path / 'store'}\n" in menagerie("roots", "list").out


def test_a_source_of_another_task_is_offered_a_name(menagerie: Menagerie, pictures: Path) -> None:
    menagerie("ingest", pictures, "--duplicates", "hash")
    error = menagerie("ingest", pictures, "--name", "colours", "--task", "other").error
    assert error.endswith("not 'other': to have it in both, give it another name here with --name")
