"""Every earlier schema, full of rows, is brought to this one with each of them in place."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import (
    JSON,
    Boolean,
    Connection,
    DateTime,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    delete,
    insert,
    select,
    text,
)
from sqlalchemy.types import TypeEngine

from databases import holdings
from databases.engine import open_engine
from databases.schema import MIGRATIONS, head_revision, known_revisions, open_for_writing, sqlite_file

ROWS = 3
# What the databases write by themselves.
THEIR_OWN = {"alembic_version", "gallery_changes", "gallery_vectors", "gallery_writes"}
# Columns that a migration may change, by its revision and their table; None: the table itself is made anew.
MAY_CHANGE: Mapping[str, Mapping[str, set[str] | None]] = {
    "0003": {"images": {"perceptual_hash", "duplicate_group", "modified_ns"}},
    "0007": {"feedback": None},  # nothing wrote to it before
}
# Where any value will not do.
VALUES = {
    ("images", "split"): "train",
    ("images", "status"): "ok",
    ("images", "compared"): "hash",
    ("corrections", "kind"): "label",
    ("label_operations", "kind"): "rename",
    ("images", "excluded"): False,
    ("embeddings", "vector"): np.ones(4, "<f4").tobytes(),
}


def upgrade(connection: Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def tables(connection: Connection) -> list[Table]:
    """Those that people's data lies in, each after those that it refers to."""
    metadata = MetaData()
    metadata.reflect(connection)
    return [table for table in metadata.sorted_tables if table.name not in THEIR_OWN]


def value(table: Table, name: str, kind: TypeEngine[Any], number: int) -> Any:
    if (table.name, name) in VALUES:
        return VALUES[table.name, name]
    if table.columns[name].foreign_keys:
        target = next(iter(table.columns[name].foreign_keys)).column
        return value(target.table, target.name, target.type, number)
    made = {
        Boolean: number % 2 == 0,
        Integer: number,
        Float: number / 4,
        DateTime: datetime(2026, 1, number, tzinfo=UTC),
        JSON: {"number": number},
        LargeBinary: bytes([number]) * 8,
    }
    return next((one for type_, one in made.items() if isinstance(kind, type_)), f"{name[:8]}-{number}")


def fill(connection: Connection) -> None:
    for table in tables(connection):
        rows = [
            {column.name: value(table, column.name, column.type, number) for column in table.columns}
            for number in range(1, ROWS + 1)
        ]
        connection.execute(insert(table), rows)


def held(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    return {
        table.name: [
            dict(row)
            for row in connection.execute(select(table).order_by(*table.primary_key.columns)).mappings()
        ]
        for table in tables(connection)
    }


def kept(before: str) -> dict[str, set[str] | None]:
    """What the migrations after `before` may change."""
    changes: dict[str, set[str] | None] = {}
    for revision, by_table in MAY_CHANGE.items():
        if revision > before:
            changes |= by_table
    return changes


@pytest.mark.parametrize("before", sorted(known_revisions()))
def test_every_row_of_an_earlier_schema_is_in_place_after_the_upgrade(empty_url: str, before: str) -> None:
    if (file := sqlite_file(empty_url)) is not None:
        file.parent.mkdir()
    engine = open_engine(empty_url)
    with engine.begin() as connection:
        upgrade(connection, before)
    with engine.begin() as connection:
        fill(connection)
        there = held(connection)
    engine.dispose()
    assert all(len(rows) == ROWS for rows in there.values())
    engine = open_for_writing(empty_url)
    with engine.connect() as connection:
        now = held(connection)
        assert not strays(connection)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM images"))
        # From then on, what belongs to a row goes with it.
        assert connection.execute(text("SELECT image_id FROM embeddings")).all() == []
    engine.dispose()
    may_change = kept(before)
    for name, rows in there.items():
        columns = may_change.get(name, set())
        if columns is not None:
            assert [without(columns, row, rows[0]) for row in now[name]] == [
                without(columns, row, rows[0]) for row in rows
            ], name


SHA256 = "ab" * 32
BEFORE_MARKS = {
    "sent": ("pets-uploads", "/srv/uploads/pets", f"{SHA256}.jpg", True),
    "sent to a store": ("pets-uploads", "s3://bucket/uploads/pets", f"{SHA256}.jpg", True),
    "deleted since": ("pets-uploads", "/srv/uploads/pets", None, True),
    "one's own": ("pets-uploads", "/home/me/pets-uploads", f"{SHA256}.jpg", False),
    "another name": ("uploads-of-pets", "/srv/uploads/pets", f"{SHA256}.jpg", False),
    "one's own, and named by hand": ("pets-uploads", "/home/me/pets", "cat/1.jpg", False),
    "copied": ("pets-uploads", "content:s3://bucket?of=/home/me/pets", "cat/1.jpg", False),
}


@pytest.mark.parametrize(("name", "uri", "picture", "sent"), BEFORE_MARKS.values(), ids=BEFORE_MARKS)
def test_a_root_of_an_older_schema_counts_as_sent_only_if_the_service_made_it(
    empty_url: str, name: str, uri: str, picture: str | None, sent: bool
) -> None:
    if (file := sqlite_file(empty_url)) is not None:
        file.parent.mkdir()
    engine = open_engine(empty_url)
    with engine.begin() as connection:
        upgrade(connection, "0008")
    with engine.begin() as connection:
        found = {table.name: table for table in tables(connection)}
        root = {"id": 1, "name": name, "uri": uri, "task": "pets", "created_at": datetime.now(UTC)}
        connection.execute(insert(found["roots"]), root)
        if picture is not None:
            columns = found["images"].columns
            row = {column.name: value(found["images"], column.name, column.type, 1) for column in columns}
            row |= {"root_id": 1, "uri": picture, "sha256": SHA256}
            connection.execute(insert(found["images"]), row)
        assert [root.sent for root in holdings.roots(connection)] == [sent]
    engine.dispose()
    engine = open_for_writing(empty_url)
    with engine.connect() as connection:
        assert [root.sent for root in holdings.roots(connection)] == [sent]
    engine.dispose()


def test_no_id_of_a_picture_is_given_again_in_a_database_of_before(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'images.db'}"
    engine = open_engine(url)
    with engine.begin() as connection:
        upgrade(connection, "0008")
        fill(connection)
    engine.dispose()
    engine = open_for_writing(url)
    with engine.begin() as connection:
        images = Table("images", MetaData(), autoload_with=connection)
        row = dict(connection.execute(select(images).where(images.c.id == ROWS)).mappings().one())
        del row["id"]
        connection.execute(delete(images).where(images.c.id == ROWS))
        assert connection.scalar(insert(images).returning(images.c.id), row) == ROWS + 1
    engine.dispose()


def without(columns: set[str], row: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Of a row what there was before, but for these columns."""
    return {name: row[name] for name in before if name not in columns}


def strays(connection: Connection) -> list[Any]:
    """Rows that refer to none, where the database does not see to that itself."""
    if connection.dialect.name != "sqlite":
        return []
    return list(connection.exec_driver_sql("PRAGMA foreign_key_check"))


def test_what_may_change_is_told_of_known_revisions() -> None:
    assert set(MAY_CHANGE) <= known_revisions()
    assert max(known_revisions()) == head_revision()
