"""What is known of a batch's pictures, and how it is written down."""

import csv
import io

from frontend.answers import LabelScore, ModelName, Prediction, Verdict
from frontend.batch.rows import COLUMNS, Row, as_csv, counts, labels, passing


def row(name: str, label: str | None, verdict: Verdict = "confident") -> Row:
    scores = (LabelScore(label=label or "lion", score=0.91), LabelScore(label="lynx", score=0.05))
    prediction = Prediction(
        label=label,
        score=0.91,
        verdict=verdict,
        sentence="",
        top_k=scores,
        neighbours_agree=0.8,
        model=ModelName(task="cats", version="cats-1"),
    )
    return Row(name, prediction, None, None)


REFUSED = Row("notes.jpg", None, "This file is not a picture I can read.", None)
ROWS = [
    row("1", "lion"),
    row("2", "tiger", "unsure"),
    row("3", None, "not_an_animal"),
    REFUSED,
    row("4", "lion"),
]


def read(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_rows_are_counted_by_verdict_and_by_label() -> None:
    assert counts(ROWS) == {"confident": 2, "unsure": 1, "not_an_animal": 1, "refused": 1}
    assert labels(ROWS) == [("lion", 2), ("tiger", 1)]


def test_filters_hold_together() -> None:
    assert [one.name for one in passing(ROWS, "all", None)] == ["1", "2", "3", "notes.jpg", "4"]
    assert [one.name for one in passing(ROWS, "unsure", None)] == ["2"]
    assert [one.name for one in passing(ROWS, "all", "lion")] == ["1", "4"]
    assert passing(ROWS, "unsure", "lion") == []


def test_the_csv_tells_answers_and_problems() -> None:
    head, first, *_, refused, _ = read(as_csv(ROWS))
    assert head == list(COLUMNS)
    assert first == ["1", "lion", "0.9100", "confident", "lynx", "0.0500", "0.80", "cats-1", "", "", ""]
    assert refused == [
        "notes.jpg",
        "",
        "",
        "refused",
        "",
        "",
        "",
        "",
        "This file is not a picture I can read.",
        "",
        "",
    ]


def test_of_a_guess_that_was_refused_the_csv_measures_nothing_as_the_table_does() -> None:
    cells = dict(zip(COLUMNS, read(as_csv([row("wood.jpg", None, "not_an_animal")]))[1], strict=True))
    told = {name: said for name, said in cells.items() if said}
    assert told == {"file": "wood.jpg", "verdict": "not_an_animal", "model": "cats-1"}


def test_names_survive_the_csv_and_none_is_a_formula() -> None:
    names = ['a, "b"\nc.jpg', "größe.jpg", '=HYPERLINK("http://x")', "@SUM(A1)", "-1.jpg", "+1.jpg"]
    written = [cells[0] for cells in read(as_csv([row(name, "lion") for name in names]))[1:]]
    assert written == [*names[:2], *(f"'{name}" for name in names[2:])]
