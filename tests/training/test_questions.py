"""Which pictures are asked about, and what they are called."""

import os
from pathlib import Path

from tests.drawing import picture
from training.questions import from_paths


def test_pictures_of_a_folder_are_asked_about_whatever_their_names(tmp_path: Path) -> None:
    for name in (b"caf\xe9.jpg", b"tea.jpg", b"words-\xe9.txt"):
        (tmp_path / os.fsdecode(name)).write_bytes(picture("red"))
    written = [one.written for one in from_paths([tmp_path], frozenset())]
    assert written == [f"{tmp_path}/tea.jpg", f"{tmp_path}/caf\\udce9.jpg"]
    (tmp_path / "tea.jpg").unlink()
    assert len(from_paths([tmp_path], frozenset())) == 1


def test_pictures_of_several_folders_are_named_with_theirs(tmp_path: Path) -> None:
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "tea.jpg").write_bytes(picture("red"))
    here, there = tmp_path / "here", tmp_path / "there"
    assert [one.name for one in from_paths([here], frozenset())] == ["tea.jpg"]
    names = [one.name for one in from_paths([here, there], frozenset())]
    assert names == [f"{here}/tea.jpg", f"{there}/tea.jpg"]


def test_two_names_are_never_written_alike(tmp_path: Path) -> None:
    for name in ("a\nb.jpg", "a\\nb.jpg", "a\\\nb.jpg", "a\\\\nb.jpg"):
        (tmp_path / name).write_bytes(picture("red"))
    assert len({one.written for one in from_paths([tmp_path], frozenset())}) == 4
