"""`menagerie predict`: answers to any number of files, into a file that outlives a kill."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from backend.inference.bundle import load_bundle
from backend.inference.decoding import decode
from backend.inference.prediction import Predictor
from databases.places import RemoteFile, Unreachable
from databases.settings import PROJECT
from tests.drawing import draw_class_folders, picture
from tests.training.cli.conftest import Menagerie
from tests.training.making import add_tiny_bundle
from tests.waiting import wait_until
from training.bulk import answer_all
from training.questions import Question

COLOURS = ("red", "green", "blue")


@pytest.fixture(autouse=True)
def champion(engine: Engine, bundles: Path) -> None:
    add_tiny_bundle(engine, bundles, promoted=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Fifteen pictures, and two files that are none."""
    folder = draw_class_folders(tmp_path / "colours", 5)
    (folder / "red" / "cut.jpg").write_bytes(picture("red")[:300])
    (folder / "red" / "words.jpg").write_text("no picture at all")
    return folder


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_picture_of_a_folder_gets_its_answer_and_each_bad_file_its_reason(
    menagerie: Menagerie, folder: Path, tmp_path: Path, bundles: Path
) -> None:
    out = tmp_path / "answers.csv"
    ran = menagerie("predict", folder, "--out", out)
    assert ran.code == 0
    assert "colours-1 on 17 pictures: 15 confident, " in ran.out
    answers = {Path(row["file"]).relative_to(folder).as_posix(): row for row in rows(out)}
    assert len(answers) == 17
    predictor = Predictor(load_bundle(bundles / "colours-1"))
    for name, row in answers.items():
        assert row["model"] == "colours-1"
        if name.startswith("red/") and name in ("red/cut.jpg", "red/words.jpg"):
            continue
        expected = predictor.predict([decode((folder / name).read_bytes()).image])[0]
        assert (row["label"], row["verdict"], row["error"]) == (name.split("/")[0], "confident", "")
        assert float(row["score"]) == pytest.approx(expected.score, abs=1e-5)
    assert answers["red/cut.jpg"]["error"] == "truncated_image"
    assert answers["red/words.jpg"]["error"] == "unsupported_format"
    assert {answers["red/cut.jpg"]["label"], answers["red/words.jpg"]["label"]} == {""}


def test_lines_of_json_hold_the_likeliest_labels_too(
    menagerie: Menagerie, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "answers.jsonl"
    menagerie("predict", folder / "blue", folder / "red" / "cut.jpg", "--out", out)
    answers = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert len(answers) == 6
    assert answers[0]["top_k"][0]["label"] == "blue"
    assert np.isclose(sum(entry["score"] for entry in answers[0]["top_k"]), 1)
    assert set(answers[-1]) == {"file", "error", "detail", "model"}


def test_without_a_file_the_answers_are_printed(menagerie: Menagerie, folder: Path) -> None:
    ran = menagerie("predict", folder / "blue" / "0.jpg", folder / "red" / "words.jpg")
    assert "blue/0.jpg: This looks like: blue" in ran.out
    assert "red/words.jpg: the file is no JPEG, PNG" in ran.out


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_the_same_command_goes_on_where_it_was_broken_off(
    menagerie: Menagerie, folder: Path, tmp_path: Path, suffix: str
) -> None:
    out, whole = tmp_path / f"answers.{suffix}", tmp_path / f"whole.{suffix}"
    menagerie("predict", folder, "--out", whole)
    lines = whole.read_bytes().splitlines(keepends=True)
    out.write_bytes(b"".join(lines[:7]) + lines[7][:20])
    ran = menagerie("predict", folder, "--out", out)
    assert f"{7 if suffix == 'jsonl' else 6} pictures answered in" in ran.out
    assert out.read_bytes() == whole.read_bytes()
    ran = menagerie("predict", folder, "--out", out)
    assert "17 pictures answered in" in ran.out
    assert "colours-1 on 0 pictures\n" in ran.out
    assert out.read_bytes() == whole.read_bytes()


def test_a_killed_run_loses_nothing_that_was_written(
    folder: Path, tmp_path: Path, environment: dict[str, str], menagerie: Menagerie
) -> None:
    for number in range(400):
        (folder / "green" / f"more-{number}.jpg").write_bytes(picture("green", number))
    out = tmp_path / "answers.jsonl"
    command = [sys.executable, "-m", "training.cli.main", "predict", str(folder), "--out", str(out)]
    process = subprocess.Popen(command, env=os.environ | environment, cwd=PROJECT, stderr=subprocess.DEVNULL)
    wait_until(lambda: out.exists() and out.stat().st_size > 0)
    process.send_signal(signal.SIGKILL)
    process.wait()
    menagerie("predict", folder, "--out", out)
    files = [json.loads(line)["file"] for line in out.read_text(encoding="utf-8").splitlines()]
    assert len(files) == len(set(files)) == 417


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "there is no file or folder nowhere"),
        (["{folder}", "--out", "{tmp}/answers.xml"], "answers are written as .csv or .jsonl"),
        (["{folder}", "--out", "{tmp}/none/answers.csv"], "cannot be written: No such file or directory"),
        (["{folder}", "--out", "{tmp}/taken.csv"], "holds something else than answers: name another file"),
        (["{folder}", "--out", "{tmp}/other.jsonl"], "holds answers of lions-3, not colours-1"),
        (["{folder}", "--model", "lions-3"], "no model is called 'lions-3'"),
        (
            ["{folder}", "--task", "lions"],
            "no model of task 'lions' was promoted; there are some of: colours",
        ),
    ],
)
def test_what_cannot_be_is_one_line(
    menagerie: Menagerie, folder: Path, tmp_path: Path, arguments: list[str], told: str
) -> None:
    (tmp_path / "taken.csv").write_text("a,b\n1,2\n")
    (tmp_path / "other.jsonl").write_text('{"file": "1.jpg", "model": "lions-3"}\n')
    filled = [argument.format(folder=folder, tmp=tmp_path) for argument in arguments]
    assert told in menagerie("predict", *filled).error
    assert (tmp_path / "taken.csv").read_text() == "a,b\n1,2\n"


def test_a_name_of_several_lines_is_written_in_one(
    menagerie: Menagerie, folder: Path, tmp_path: Path
) -> None:
    (folder / "red" / "an\nodd one.jpg").write_bytes(picture("red"))
    out = tmp_path / "answers.csv"
    for _ in range(2):
        assert menagerie("predict", folder, "--out", out).code == 0
        assert len(out.read_text(encoding="utf-8").splitlines()) == 19


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("people.csv", b"name,age\nann,3\nbob,4"),
        ("head.csv", b"name,age,city"),
        ("lines.jsonl", b'{"name": "ann"}'),
        ("lines.jsonl", b'{"file": "1.jpg"}\n{"fi'),
        ("list.jsonl", b"[1, 2]\n"),
        ("number.jsonl", b"1\n"),
    ],
)
def test_a_file_of_something_else_is_left_as_it_is(
    menagerie: Menagerie, folder: Path, tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    assert "holds something else than answers" in menagerie("predict", folder, "--out", tmp_path / name).error
    assert (tmp_path / name).read_bytes() == content


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
@pytest.mark.parametrize("odd", ["a\rb", "a\u2028b", "a\x85b", 'a"b,c'])
def test_names_of_any_kind_are_found_again(
    menagerie: Menagerie, folder: Path, tmp_path: Path, odd: str, suffix: str
) -> None:
    (folder / "red" / f"{odd}.jpg").write_bytes(picture("red"))
    out = tmp_path / f"answers.{suffix}"
    menagerie("predict", folder, "--out", out)
    assert "18 pictures answered" in menagerie("predict", folder, "--out", out).out


def test_a_pipe_is_not_waited_for(menagerie: Menagerie, folder: Path) -> None:
    os.mkfifo(folder / "red" / "pipe.jpg")
    assert "it is no regular file" in menagerie("predict", folder).out


def test_what_does_not_answer_ends_the_run_since_it_says_nothing_about_the_file(
    bundles: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_: RemoteFile) -> bytes:
        raise Unreachable("the store does not answer")

    monkeypatch.setattr(RemoteFile, "stat", away)
    question = Question(RemoteFile("s3://bucket", "red.jpg"), "red.jpg", None)
    with pytest.raises(Unreachable, match="does not answer"):
        list(answer_all(load_bundle(bundles / "colours-1"), [question]))
