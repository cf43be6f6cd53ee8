"""The schema: made, upgraded, checked; never guessed at."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from databases import engine as databases_engine
from databases.engine import open_engine
from databases.errors import DatabaseUnavailable, SchemaMismatch
from databases.models import Base
from databases.schema import MIGRATIONS, head_revision, open_for_serving, open_for_writing
from tests.waiting import SECONDS


def execute(url: str, statement: str) -> None:
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()


def belongs_to(dialect: str) -> Callable[..., bool]:
    """Whether a table is one of this kind of database: some are of one kind alone."""

    def included(thing: Any, name: str, kind: str, reflected: bool, other: Any) -> bool:
        del name, reflected, other
        return kind != "table" or thing.info.get("dialect", dialect) == dialect

    return included


def test_migrations_from_empty_give_exactly_what_the_models_say(engine: Engine) -> None:
    with engine.connect() as connection:
        options = {"compare_type": True, "include_object": belongs_to(engine.dialect.name)}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Base.metadata) == []


def test_an_upgrade_of_what_is_up_to_date_changes_nothing(engine: Engine, empty_url: str) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO roots (name, uri, task, created_at) VALUES ('a', 'b', 'c', '2026-01-01')")
        )
    open_for_writing(empty_url).dispose()
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM roots")).scalar_one() == 1
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [
            head_revision()
        ]


def test_two_programs_that_start_together_upgrade_one_after_the_other(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine an upgrade takes longer than one waits for others as a rule.
    monkeypatch.setattr(databases_engine, "BUSY_TIMEOUT_MS", 1000 * SECONDS)
    with ThreadPoolExecutor(4) as pool:
        engines = list(pool.map(open_for_writing, [empty_url] * 4))
    assert "images" in inspect(engines[0]).get_table_names()
    for engine in engines:
        engine.dispose()


@pytest.mark.usefixtures("engine")
def test_a_database_of_a_newer_version_is_neither_written_nor_served(empty_url: str) -> None:
    execute(empty_url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaMismatch, match=r"schema 9999.*a newer menagerie made it"):
        open_for_writing(empty_url)
    with pytest.raises(SchemaMismatch, match=r"schema 9999.*a newer menagerie made it"):
        open_for_serving(empty_url, read_only=True)


def test_a_database_with_other_tables_is_left_alone(empty_url: str, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    execute(empty_url, "CREATE TABLE invoices (id INTEGER)")
    with pytest.raises(SchemaMismatch, match="tables that menagerie did not make"):
        open_for_writing(empty_url)
    with pytest.raises(SchemaMismatch, match="tables that menagerie did not make"):
        open_for_serving(empty_url, read_only=False)
    engine = open_engine(empty_url)
    assert inspect(engine).get_table_names() == ["invoices"]
    engine.dispose()


def test_an_empty_database_is_not_served_and_the_message_says_what_to_run(
    empty_url: str, tmp_path: Path
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "images.db").touch()
    with pytest.raises(SchemaMismatch, match=r"schema none, .* run: menagerie db upgrade"):
        open_for_serving(empty_url, read_only=True)


def test_an_absent_database_is_not_served_and_not_made(database_url: str, tmp_path: Path) -> None:
    with pytest.raises(SchemaMismatch, match=r"there is no database at .* run: menagerie db upgrade"):
        open_for_serving(database_url, read_only=True)
    assert not (tmp_path / "state").exists()


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize("read_only", [True, False])
def test_a_database_of_this_version_is_served(empty_url: str, read_only: bool) -> None:
    serving = open_for_serving(empty_url, read_only=read_only)
    assert "images" in inspect(serving).get_table_names()
    serving.dispose()


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "photo.db").write_bytes(b"no database " * 100)
    with pytest.raises(DatabaseUnavailable, match=r"photo\.db does not answer: file is not a database"):
        open_for_writing(f"sqlite:///{tmp_path / 'photo.db'}")
    with pytest.raises(DatabaseUnavailable, match=r"photo\.db does not answer: file is not a database"):
        open_for_serving(f"sqlite:///{tmp_path / 'photo.db'}", read_only=True)


def test_a_migration_can_be_taken_back_and_made_again(engine: Engine, empty_url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert inspect(engine).get_table_names() == ["alembic_version"]
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    again = open_for_writing(empty_url)
    assert "images" in inspect(again).get_table_names()
    again.dispose()
