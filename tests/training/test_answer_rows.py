"""Answers as lines, written and read again."""

import pytest

from training.answer_rows import ROW_FORMATS, Row, RowFormat
from training.stamps import Stamp

STAMP = Stamp(10, "2023-11-14T22:13:20.000000+00:00")


@pytest.fixture(params=sorted(ROW_FORMATS))
def rows(request: pytest.FixtureRequest) -> RowFormat:
    return ROW_FORMATS[request.param]


def test_a_row_tells_what_going_on_needs(rows: RowFormat) -> None:
    values = {"file": 'a,"b".jpg', "label": "cat", "bytes": 10, "modified": STAMP.modified, "model": "cats-1"}
    assert rows.read(rows.write(values)) == Row('a,"b".jpg', STAMP, False, "cats-1")
    refused = {"file": "c.jpg", "error": "corrupt_image", "bytes": None, "modified": None, "model": "cats-1"}
    assert rows.read(rows.write(refused)) == Row("c.jpg", None, True, "cats-1")


def test_a_label_of_two_lines_makes_no_second_row(rows: RowFormat) -> None:
    label = "wild\r\ncat\u2028s\nand dogs"
    values = {"file": "1.jpg", "label": label, "bytes": 10, "modified": STAMP.modified, "model": "cats-1"}
    line = rows.write(values)
    assert (line.count("\n"), line[-1]) == (1, "\n")
    assert rows.read(line) == Row("1.jpg", STAMP, False, "cats-1")
