"""The index follows its database: another, an older copy, one changed while nobody told."""

import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import update
from sqlalchemy.orm import Session

from databases.models import Image
from databases.nearest import Among
from databases.registry import RegisteredModel
from databases.schema import MIGRATIONS, open_for_writing
from tests.backend.gallery.keeping.indexing import change, crowd, ids, opened
from tests.backend.gallery.shelving import Shelving, embed
from tests.opening import open_database


@pytest.mark.parametrize("embedded_anew", [0, 1050], ids=["none", "whose change would tell"])
def test_the_index_of_another_database_is_not_served(
    shelving: Shelving, tmp_path: Path, caplog: pytest.LogCaptureFixture, embedded_anew: int
) -> None:
    model = shelving.fill(crowd(50))
    opened(shelving, model)
    engine = open_database(f"sqlite:///{tmp_path / 'other.db'}")
    other = Shelving(engine, shelving.folder)
    pictures = [replace(one, id=one.id + 1000) for one in crowd(80)]
    theirs = other.fill(pictures)
    with Session(engine) as session, session.begin():
        embed(session, theirs, [one for one in pictures if one.id == embedded_anew])
    with caplog.at_level(logging.WARNING):
        same_name = replace(theirs, created_at=model.created_at)
        assert ids(opened(other, same_name)) == set(range(1001, 1081))
    assert "is of another database" in caplog.text
    engine.dispose()


def copied(shelving: Shelving) -> Callable[[], None]:
    """Copies the database; what it returns puts the copy in its place."""
    database = Path(str(shelving.engine.url.database))
    copy = database.with_suffix(".copy")
    shelving.engine.dispose()
    shutil.copy(database, copy)

    def put_back() -> None:
        shelving.engine.dispose()
        for path in database.parent.glob(f"{database.name}*"):
            if path.is_file():
                path.unlink()
        shutil.copy(copy, database)

    return put_back


def test_an_older_copy_of_the_database_is_followed(shelving: Shelving, model: RegisteredModel) -> None:
    put_back = copied(shelving)
    gallery = opened(shelving, model)
    change(shelving, 1, label="dog")
    assert gallery.follow()
    assert ids(gallery, Among(label="dog")) == {1}
    put_back()
    assert gallery.follow()
    assert ids(gallery, Among(label="dog")) == set()


@pytest.mark.parametrize("anew", [False, True], ids=["followed", "opened anew"])
def test_an_older_copy_that_went_further_than_the_index_is_read_whole(
    shelving: Shelving, model: RegisteredModel, anew: bool
) -> None:
    put_back = copied(shelving)
    gallery = opened(shelving, model)
    for image_id in (1, 2):
        change(shelving, image_id, label="dog")
    assert gallery.follow()
    put_back()
    for image_id in (3, 4, 5):
        change(shelving, image_id, label="dog")
    assert anew or gallery.follow()
    gallery = opened(shelving, model) if anew else gallery
    assert ids(gallery, Among(label="dog")) == {3, 4, 5}
    assert ids(gallery, Among(label="cat")) == set(range(1, 201)) - {3, 4, 5}


def test_what_changed_while_nobody_told_of_changes_is_taken_up(
    shelving: Shelving, model: RegisteredModel
) -> None:
    opened(shelving, model)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with shelving.engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0004")
        connection.execute(update(Image).where(Image.id == 7).values(label="dog"))
    open_for_writing(shelving.engine.url.render_as_string()).dispose()
    gallery = opened(shelving, model)
    assert ids(gallery, Among(label="dog")) == {7}
