"""A CSV table with the columns `file_path` (or `path`), `label` and perhaps `split`."""

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from databases.places import Place
from training.errors import BadSource
from training.ingestion.sources.listed import Listed, locate, read_split

PATH_COLUMNS = ("file_path", "path")
# Spreadsheets write the others where a comma is the decimal sign.
DELIMITERS = (",", ";", "\t")


def read_table(table: Place, inside: Path | None = None) -> list[Listed]:
    """The pictures of a table; paths are relative to it, and lie `inside` that folder where one is given.

    Raises:
        BadSource: it is no such table, or names what it must not.
    """
    try:
        text = table.read_bytes().decode("utf-8-sig")
        if not text.strip():
            raise BadSource(f"{table} is empty: expected the columns file_path,label and a row a picture")
        delimiter = _delimiter(text.partition("\n")[0])
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
        column = _path_column(table, reader.fieldnames or ())
        return [
            Listed(
                locate(row[column], table.parent, table, inside),
                row["label"] or None,
                read_split(row.get("split"), table),
            )
            for row in _rows_with_a_path(reader, column, table)
        ]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadSource(f"{table} is no CSV table in UTF-8: {error}") from error


def _rows_with_a_path(reader: "csv.DictReader[str]", column: str, table: Place) -> Iterator[dict[str, str]]:
    """Blank rows, as spreadsheets leave them, are none."""
    for row in reader:
        if row[column]:
            yield row
        elif row["label"]:
            raise BadSource(f"{table}, line {reader.line_num}: there is a label and no {column}")


def is_table(table: Path) -> bool:
    """Whether a CSV file has the columns that one of pictures needs."""
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:
            header = file.readline()
            _path_column(table, next(csv.reader([header], delimiter=_delimiter(header)), []))
    except (BadSource, UnicodeDecodeError, csv.Error):
        return False
    return True


def _delimiter(header: str) -> str:
    return max(DELIMITERS, key=header.count)


def _path_column(table: Place, columns: Sequence[str]) -> str:
    found = [column for column in PATH_COLUMNS if column in columns]
    missing = ([] if found else [PATH_COLUMNS[0]]) + ([] if "label" in columns else ["label"])
    if missing:
        raise BadSource(f"{table} lacks the column {', '.join(missing)}; it has: {', '.join(columns)}")
    return found[0]
