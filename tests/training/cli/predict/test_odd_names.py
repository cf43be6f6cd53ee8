"""Names of files that no format, no screen and no encoding has room for."""

import os
from pathlib import Path

import pytest

from tests.drawing import picture
from tests.training.cli.conftest import Menagerie
from tests.training.cli.predict.conftest import answers

ODD = (
    b"an\nodd one",
    b"an\\nodd one",  # the same where only the line break is escaped
    b"a\rb",
    "a\u2028b".encode(),
    "a\x85b".encode(),
    b'a"b,c',
    b'"',
    b"=1+1",
    b"+1",
    b"-1",
    b"@sum",
    b"caf\xe9",
    b"\x1b[31mred",
    b" ",
)


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    folder = tmp_path / "odd"
    folder.mkdir()
    for number, name in enumerate(ODD):
        (folder / f"{os.fsdecode(name)}.jpg").write_bytes(picture("red", number))
    return folder


def test_each_gets_a_row_and_is_found_again(menagerie: Menagerie, odd: Path, out: Path) -> None:
    assert menagerie("predict", odd, "--out", out).code == 0
    files = {row["file"] for row in answers(out)}
    assert len(files) == len(answers(out)) == len(ODD)
    assert files >= {f"{odd}/an\\nodd one.jpg", f"{odd}/an\\\\nodd one.jpg", f"{odd}/caf\\udce9.jpg"}
    assert {row["label"] for row in answers(out)} == {"red"}
    assert len(out.read_bytes().splitlines()) == len(ODD) + (out.suffix == ".csv")
    before = out.read_bytes()
    named_one_by_one = menagerie("predict", *odd.iterdir(), "--out", out)
    assert f"{len(ODD)} pictures answered in {out} already: nothing is left to do" in named_one_by_one.out
    assert out.read_bytes() == before


def test_those_that_could_not_be_read_are_found_again(menagerie: Menagerie, odd: Path, out: Path) -> None:
    for path in odd.iterdir():
        path.write_text("no picture at all")
    for _ in range(2):
        assert menagerie("predict", odd, "--out", out).code == 1
        assert len(answers(out)) == len({row["file"] for row in answers(out)}) == len(ODD)


def test_each_is_printed_in_a_line(menagerie: Menagerie, odd: Path) -> None:
    told = menagerie("predict", odd).out
    assert len(told.split("\n")) == len(ODD) + 2
    assert "\x1b" not in told


def test_the_file_of_answers_may_have_such_a_name_too(
    menagerie: Menagerie, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "caf\udce9\n.csv"
    menagerie("predict", folder / "red" / "0.jpg", "--out", out)
    again = menagerie("predict", folder / "red" / "0.jpg", "--out", out)
    assert "caf\\udce9\\n.csv already: nothing is left to do\n" in again.out
