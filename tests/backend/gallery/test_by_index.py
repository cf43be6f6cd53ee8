"""PostgreSQL's gallery where pgvector has an index."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from backend.gallery.choosing import search
from backend.gallery.postgresql import PostgresqlGallery
from databases import pgvector, pgvector_index
from databases.nearest import Among
from databases.registry import RegisteredModel
from tests.backend.gallery.shelving import Picture, Shelving, many, unit

SIZE = 16
CENTRES = np.eye(SIZE)[:3] * 4
ANY = Among()


@pytest.fixture(scope="module")
def pictures() -> list[Picture]:
    """2,000: near the first centre `cat`, near the second `dog`, but for three that are `rare`; and near the
    third 200 that are `far`."""
    random = np.random.default_rng(0)
    labels = ["cat"] * 1000 + ["dog"] * 797 + ["rare"] * 3 + ["far"] * 200
    centre = {"cat": CENTRES[0], "dog": CENTRES[1], "rare": CENTRES[1], "far": CENTRES[2]}
    vectors = np.stack([centre[label] for label in labels]) + random.standard_normal((len(labels), SIZE))
    return [replace(one, label=label) for one, label in zip(many(vectors), labels, strict=True)]


@pytest.fixture(scope="module")
def indexed(
    migrated: Engine, pictures: list[Picture], tmp_path_factory: pytest.TempPathFactory
) -> RegisteredModel:
    """Their model, with an index."""
    shelving = Shelving(migrated, tmp_path_factory.mktemp("galleries"))
    shelving.empty()
    model = shelving.fill(pictures)
    pgvector_index.keep_index(migrated, model.id, worth=1000)
    return model


@pytest.fixture(scope="module")
def by_index(migrated: Engine) -> Iterator[Engine]:
    """Here the index is used although so few pictures are sorted as soon."""
    url = migrated.url.update_query_dict({"options": "-c enable_sort=off"})
    engine = create_engine(url)
    yield engine
    engine.dispose()


def test_the_index_finds_what_comparing_all_finds(
    by_index: Engine, indexed: RegisteredModel, pictures: list[Picture]
) -> None:
    rows = np.stack([unit(one.vector) for one in pictures])
    gallery = PostgresqlGallery(by_index, indexed, SIZE, compared_all=100)
    for among in (ANY, Among(label="cat")):
        passing = [number for number, one in enumerate(pictures) if among.label in (None, one.label)]
        nearest = sorted(passing, key=lambda number: -float(rows[number] @ rows[0]))[:10]
        found = search(gallery, rows[0], among, k=10)
        assert [match.image_id for match in found.matches] == [pictures[number].id for number in nearest]
        assert found.available == len(passing)


def test_a_rare_label_gives_all_it_has_although_there_is_an_index(
    by_index: Engine, indexed: RegisteredModel
) -> None:
    gallery = PostgresqlGallery(by_index, indexed, SIZE, compared_all=0)
    found = search(gallery, unit(CENTRES[0]), Among(label="rare"), k=10)
    assert sorted(match.image_id for match in found.matches) == [1798, 1799, 1800]
    assert found.available == 3


def test_where_the_index_finds_too_few_all_are_compared(
    by_index: Engine, indexed: RegisteredModel, pictures: list[Picture]
) -> None:
    query, far = unit(CENTRES[0]), Among(label="far")
    with Session(by_index) as session:
        shelved = pgvector.Shelved(indexed.id, SIZE, pgvector.roots(session, "pets").values())
        asked = pgvector.Asked(query, far, ())
        pages = pgvector.near_by_index(session, shelved, asked, most=60, wide=20, seen=60)
        assert sum(map(len, pages)) < 20
    cosines = {one.id: float(unit(one.vector) @ query) for one in pictures if one.label == "far"}
    gallery = PostgresqlGallery(by_index, indexed, SIZE, compared_all=100)
    found = search(gallery, query, far, k=20)
    assert [match.image_id for match in found.matches] == sorted(cosines, key=lambda one: -cosines[one])[:20]
