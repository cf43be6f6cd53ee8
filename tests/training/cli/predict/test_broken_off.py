"""A run that is stopped or killed, as it is typed: nothing that was answered is lost, or answered twice."""

import os
import signal
from pathlib import Path

import pytest

from tests.drawing import draw, encode
from tests.processes import talking
from tests.training.cli.conftest import Menagerie, command
from tests.training.cli.predict.conftest import answers
from tests.waiting import wait_until

FEW = 80  # in no less than three steps
MANY = 8_000
SECONDS = 240


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A folder that keeps any machine busy for a while: large pictures, all of them one file."""
    folder = tmp_path / "many"
    folder.mkdir()
    first = folder / "00000.jpg"
    first.write_bytes(encode(draw("green", size=(1200, 800))))
    for number in range(1, MANY):
        os.link(first, folder / f"{number:05}.jpg")
    return folder


def leave_few(folder: Path) -> None:
    for path in sorted(folder.iterdir())[FEW:]:
        path.unlink()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_the_next_run_comes_to_what_an_unbroken_one_comes_to(
    many: Path, out: Path, tmp_path: Path, environment: dict[str, str], menagerie: Menagerie, number: int
) -> None:
    with talking(command("predict", many, "--out", out), environment) as process:
        wait_until(lambda: out.exists() and out.stat().st_size > 1000, SECONDS)
        process.send_signal(number)
        told, _ = process.communicate(timeout=SECONDS)
    if number == signal.SIGINT:
        assert process.returncode == 1
        last = told.splitlines()[-1]
        assert last == "error: stopped, and no answer is lost; to go on, run the same command again"
        assert "Traceback" not in told
        assert len(answers(out)) >= 32
    leave_few(many)
    whole = tmp_path / f"whole{out.suffix}"
    menagerie("predict", many, "--out", whole)
    assert "already" in menagerie("predict", many, "--out", out).out
    assert sorted(one["file"] for one in answers(out)[:FEW]) == sorted(map(str, many.iterdir()))
    assert set(out.read_bytes().splitlines()) >= set(whole.read_bytes().splitlines())
    assert len(answers(out)) == len({row["file"] for row in answers(out)})
