"""PostgreSQL's own side of the gallery: what its migration makes, and the indices of its models."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.orm import Session

from databases import embeddings, library, pgvector, pgvector_index, roots
from databases.errors import MissingExtension
from databases.models import Embedding
from databases.pgvector_extension import require_pgvector
from databases.schema import MIGRATIONS, open_for_writing
from tests.databases.filling import Library, content, register
from tests.opening import open_database
from tests.postgresql import empty

VECTORS = [b"\0\0\x80\x3f" + bytes(4), bytes(4) + b"\0\0\x80\x3f"]  # (1, 0) and (0, 1)


@pytest.fixture
def engine(postgresql: str) -> Iterator[Engine]:
    empty(postgresql)
    engine = open_database(postgresql)
    yield engine
    engine.dispose()


@pytest.fixture
def model(engine: Engine) -> int:
    """A model that has embedded two pictures."""
    with Session(engine) as session, session.begin():
        pets = Library(session)
        model = register(session, "pets-1").id
        for number, vector in enumerate(VECTORS):
            image = pets.add(f"cat/{number}.jpg", sha256=content(f"{number}"))
            embeddings.put_embeddings(session, model, {image: (content(f"{number}"), vector)})
    return model


def searched(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(
            connection.scalars(text("SELECT vector::text FROM gallery_vectors ORDER BY image_id, model_id"))
        )


def indices(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        query = "SELECT indexname FROM pg_indexes WHERE indexdef LIKE '%hnsw%' ORDER BY 1"
        return list(connection.scalars(text(query)))


def execute(engine: Engine, statement: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(statement))


@pytest.mark.usefixtures("model")
def test_what_is_searched_follows_the_embeddings(engine: Engine) -> None:
    assert searched(engine) == ["[1,0]", "[0,1]"]
    with Session(engine) as session, session.begin():
        first = session.query(Embedding).order_by(Embedding.image_id).first()
        assert first is not None
        embeddings.put_embeddings(session, first.model_id, {first.image_id: (first.sha256, VECTORS[1])})
    assert searched(engine) == ["[0,1]", "[0,1]"]
    execute(engine, "DELETE FROM images WHERE uri = 'cat/0.jpg'")
    assert searched(engine) == ["[0,1]"]
    execute(engine, "DELETE FROM models")
    assert searched(engine) == []


@pytest.mark.usefixtures("model")
def test_an_upgrade_makes_what_was_embedded_before_searchable(engine: Engine, postgresql: str) -> None:
    with Session(engine) as session, session.begin():
        last = session.query(Embedding).order_by(Embedding.image_id.desc()).first()
        assert last is not None
        other = register(session, "pets-2").id
        embeddings.put_embeddings(session, other, {last.image_id: (last.sha256, VECTORS[0])})
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0005")
    open_for_writing(postgresql).dispose()
    assert searched(engine) == ["[1,0]", "[0,1]", "[1,0]"]


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize(
    ("statement", "counts"),
    [
        ("UPDATE images SET label = 'dog'", True),
        ("UPDATE images SET excluded = true", True),
        ("UPDATE images SET sharpness = 1", False),
        ("DELETE FROM images", True),
        ("UPDATE roots SET name = 'other'", True),
        ("UPDATE embeddings SET sha256 = ''", True),
        ("UPDATE models SET metrics = '{}'", False),
    ],
)
def test_writes_are_counted_as_far_as_a_gallery_knows_what_was_written(
    engine: Engine, statement: str, counts: bool
) -> None:
    with Session(engine) as session:
        before = pgvector.writes(session)
    execute(engine, statement)
    with Session(engine) as session:
        assert (pgvector.writes(session) > before) == counts


@pytest.mark.usefixtures("model")
def test_however_much_a_transaction_writes_counts_once(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        before = pgvector.writes(session)
        library.update_images(session, [{"id": image, "label": "dog"} for image in (1, 2)])
        roots.forget_root(session, "pets")
        assert pgvector.writes(session) == before + 1


def test_an_index_is_made_where_it_is_worth_it_and_goes_with_its_model(engine: Engine, model: int) -> None:
    with Session(engine) as session:
        pgvector_index.keep_index(engine, model)
        assert not pgvector_index.has_index(session, model)
    for _ in range(2):
        pgvector_index.keep_index(engine, model, worth=2)
        assert indices(engine) == [pgvector_index.index_name(model)]
    with Session(engine) as session:
        assert pgvector_index.has_index(session, model)
    execute(engine, "DELETE FROM models")
    pgvector_index.keep_index(engine, 99)
    assert indices(engine) == []


def test_an_index_whose_making_was_broken_off_is_made_anew(engine: Engine, model: int) -> None:
    pgvector_index.keep_index(engine, model, worth=2)
    execute(engine, "UPDATE pg_index SET indisvalid = false WHERE indisvalid AND indexrelid IN "
            f"(SELECT oid FROM pg_class WHERE relname = '{pgvector_index.index_name(model)}')")  # fmt: skip
    with Session(engine) as session:
        assert not pgvector_index.has_index(session, model)
    pgvector_index.keep_index(engine, model, worth=2)
    with Session(engine) as session:
        assert pgvector_index.has_index(session, model)


def test_where_shared_memory_is_small_an_index_is_made_by_one_process(engine: Engine, model: int) -> None:
    # More than any machine has, as a server in a container is asked for more than Docker's 64 MB.
    greedy = "-c maintenance_work_mem=2000GB -c min_parallel_table_scan_size=0"
    url = engine.url.update_query_dict({"options": greedy})
    strained = create_engine(url)
    pgvector_index.keep_index(strained, model, worth=2)
    strained.dispose()
    with Session(engine) as session:
        assert pgvector_index.has_index(session, model)


def test_embeddings_with_more_numbers_than_can_be_indexed_are_not(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        image = Library(session).add("cat/1.jpg")
        model = register(session, "pets-1").id
        embeddings.put_embeddings(session, model, {image: (content("1"), bytes(4 * 5000))})
    pgvector_index.keep_index(engine, model, worth=1)
    assert indices(engine) == []
    assert len(searched(engine)) == 1


def test_a_server_without_pgvector_is_refused_in_words(postgresql: str) -> None:
    empty(postgresql)
    engine = create_engine(postgresql)
    with engine.connect() as connection:  # nothing of it is committed
        connection.execute(text("CREATE ROLE guest"))
        connection.execute(text("GRANT ALL ON SCHEMA public TO guest"))
        connection.execute(text("SET ROLE guest"))
        with pytest.raises(
            MissingExtension, match=r"needs the extension pgvector.*permission.*run in.*CREATE EXT"
        ):
            require_pgvector(connection)
    engine.dispose()


def test_an_old_pgvector_is_refused_in_words(engine: Engine) -> None:
    with engine.connect() as connection:  # nothing of it is committed
        connection.execute(text("UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'"))
        with pytest.raises(MissingExtension, match=r"pgvector is 0\.7\.4, .* needs 0\.8\..*ALTER EXTENSION"):
            require_pgvector(connection)


def test_sqlite_has_no_index_to_keep(tmp_path: Path) -> None:
    engine = open_database(f"sqlite:///{tmp_path / 'images.db'}")
    before = inspect(engine).get_indexes("embeddings")
    pgvector_index.keep_index(engine, 1, worth=0)
    assert inspect(engine).get_indexes("embeddings") == before
    assert "gallery_vectors" not in inspect(engine).get_table_names()
    engine.dispose()
