"""`menagerie predict`: answers to any number of files, printed or into a file."""

import json
import os
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from backend.inference.bundle import load_bundle
from backend.inference.decoding import decode
from backend.inference.prediction import Predictor
from databases.places import RemoteFile, Unreachable
from tests.training.cli.conftest import Menagerie
from tests.training.cli.predict.conftest import answers
from training.answer_rows import COLUMNS
from training.answers_file import answering_into
from training.bulk import answer_all
from training.questions import Question
from training.stamps import EPOCH


def test_each_picture_of_a_folder_gets_its_answer_and_each_bad_file_its_reason(
    menagerie: Menagerie, folder: Path, tmp_path: Path, bundles: Path
) -> None:
    out = tmp_path / "answers.csv"
    ran = menagerie("predict", folder, "--out", out)
    assert ran.code == 0
    assert "colours-1 on 17 pictures: 15 confident, " in ran.out
    found = {Path(row["file"]).relative_to(folder).as_posix(): row for row in answers(out)}
    assert len(found) == 17
    predictor = Predictor(load_bundle(bundles / "colours-1"))
    for name, row in found.items():
        assert row["model"] == "colours-1"
        status = (folder / name).stat()
        written = EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000)
        assert (row["bytes"], row["modified"]) == (
            str(status.st_size),
            written.isoformat(timespec="microseconds"),
        )
        if name.startswith("red/") and name in ("red/cut.jpg", "red/words.jpg"):
            continue
        expected = predictor.predict([decode((folder / name).read_bytes()).image])[0]
        assert (row["label"], row["verdict"], row["error"]) == (name.split("/")[0], "confident", "")
        assert float(row["score"]) == pytest.approx(expected.score, abs=1e-5)
    assert found["red/cut.jpg"]["error"] == "truncated_image"
    assert found["red/words.jpg"]["error"] == "unsupported_format"
    assert {found["red/cut.jpg"]["label"], found["red/words.jpg"]["label"]} == {""}


def test_lines_of_json_hold_the_likeliest_labels_too(
    menagerie: Menagerie, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "answers.jsonl"
    menagerie("predict", folder / "blue", folder / "red" / "cut.jpg", "--out", out)
    found = answers(out)
    assert len(found) == 6
    assert found[0]["top_k"][0]["label"] == "blue"
    assert np.isclose(sum(entry["score"] for entry in found[0]["top_k"]), 1)
    assert set(found[-1]) == {"file", "error", "detail", "bytes", "modified", "model"}


def test_a_folder_of_splits_without_train_is_asked_about_like_any_other(
    menagerie: Menagerie, folder: Path, tmp_path: Path
) -> None:
    for split in ("test", "val"):
        (tmp_path / "held" / split).mkdir(parents=True)
    folder.rename(tmp_path / "held" / "test" / "colours")
    assert "colours-1 on 17 pictures: 15 confident, " in menagerie("predict", tmp_path / "held").out


def test_two_at_once_do_not_write_to_one_file(menagerie: Menagerie, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "answers.csv"
    with answering_into(out):
        error = menagerie("predict", folder, "--out", out).error
        assert error == f"another process writes answers to {out}: wait for it, or name another file"
        assert not out.exists()
        assert menagerie("predict", folder, "--out", tmp_path / "others.csv").code == 0
    assert menagerie("predict", folder, "--out", out).code == 0
    assert not list(tmp_path.glob(".*.lock"))


def test_without_a_file_the_answers_are_printed(menagerie: Menagerie, folder: Path) -> None:
    ran = menagerie("predict", folder / "blue" / "0.jpg", folder / "red" / "words.jpg")
    assert "blue/0.jpg: This looks like: blue" in ran.out
    assert "red/words.jpg: the file is no JPEG, PNG" in ran.out


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
    row = {"file": "1.jpg", "bytes": 1, "modified": None, "model": "lions-3"}
    (tmp_path / "other.jsonl").write_text(f"{json.dumps(row)}\n")
    filled = [argument.format(folder=folder, tmp=tmp_path) for argument in arguments]
    assert told in menagerie("predict", *filled).error
    assert (tmp_path / "taken.csv").read_text() == "a,b\n1,2\n"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("people.csv", b"name,age\nann,3\nbob,4"),
        ("head.csv", b"name,age,city"),
        ("lines.jsonl", b'{"name": "ann"}'),
        ("lines.jsonl", b'{"file": "1.jpg"}\n{"fi'),
        ("labels.jsonl", b'{"file": "1.jpg", "label": "cat"}\n'),
        ("sizes.jsonl", b'{"file": "1.jpg", "bytes": "many", "modified": null, "model": "colours-1"}\n'),
        ("short.csv", ",".join(COLUMNS).encode() + b"\n1.jpg,cat\n"),
        ("latin.csv", ",".join(COLUMNS).encode() + b"\ncaf\xe9.jpg\n"),
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


def test_where_nothing_can_be_read_that_is_the_last_line(
    menagerie: Menagerie, folder: Path, tmp_path: Path
) -> None:
    bad = [folder / "red" / "cut.jpg", folder / "red" / "words.jpg"]
    out = tmp_path / "answers.csv"
    for _ in range(2):
        ran = menagerie("predict", *bad, "--out", out)
        assert ran.error == f"no picture could be read; the reasons stand in {out}"
        assert ran.err.splitlines()[-1] == f"error: {ran.error}"
        assert [row["error"] for row in answers(out)] == ["truncated_image", "unsupported_format"]
    ran = menagerie("predict", bad[0])
    assert ran.error == "no picture could be read; the reasons stand above"
    assert f"{bad[0]}: the picture is cut short" in ran.out


def test_one_answer_is_enough_for_success_whenever_it_was_given(
    menagerie: Menagerie, folder: Path, tmp_path: Path
) -> None:
    asked = ("predict", folder / "red" / "0.jpg", folder / "red" / "cut.jpg", "--out", tmp_path / "a.jsonl")
    assert [menagerie(*asked).code for _ in range(2)] == [0, 0]


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
