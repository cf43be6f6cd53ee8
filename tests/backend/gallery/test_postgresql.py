"""What only PostgreSQL's gallery does: one moment for all of an answer, whatever is written meanwhile."""

import numpy as np
from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.gallery.choosing import search
from backend.gallery.cosines import exact_cosines
from backend.gallery.postgresql import PostgresqlGallery
from databases import pgvector
from databases.models import Image
from databases.nearest import Among
from tests.backend.gallery.shelving import Picture, Shelving, embed, many, unit

ANY = Among()


def test_an_answer_is_of_one_moment(on_postgresql: Shelving) -> None:
    model = on_postgresql.fill([Picture(1, (1, 0, 0, 0)), Picture(2, (3, 4, 0, 0))])
    gallery = PostgresqlGallery(on_postgresql.engine, model, 4)
    query = unit((1, 0, 0, 0))
    with gallery.opened() as shelf:
        assert shelf.available(ANY, ()) == 2
        with Session(on_postgresql.engine) as session, session.begin():
            session.execute(update(Image).where(Image.id == 1).values(excluded=True))
            embed(session, model, [Picture(2, (0, 0, 0, 1))])
        near = shelf.nearest(query, ANY, (), 2)
        assert [(one.image_id, one.similarity) for one in near] == [(1, 1.0), (2, 0.6)]
        assert shelf.available(Among(label="cat"), ()) == 2
    with gallery.opened() as shelf:
        assert shelf.available(ANY, ()) == shelf.available(Among(label="cat"), ()) == 1


def test_a_root_that_is_added_is_searched(on_postgresql: Shelving) -> None:
    model = on_postgresql.fill([Picture(1, (1, 0, 0, 0))])
    gallery = PostgresqlGallery(on_postgresql.engine, model, 4)
    assert len(gallery) == 1
    on_postgresql.fill([Picture(2, (1, 0, 0, 0), source="more")], "pets-2")
    with Session(on_postgresql.engine) as session, session.begin():
        embed(session, model, [Picture(2, (1, 0, 0, 0), source="more")])
    found = search(gallery, unit((1, 0, 0, 0)), Among(source="more"), k=5)
    assert [match.image_id for match in found.matches] == [2]


def test_of_more_than_half_precision_can_tell_apart_few_are_held_at_once(on_postgresql: Shelving) -> None:
    random = np.random.default_rng(0)
    burst = np.array((1, 0, 0, 0)) + 1e-3 * random.standard_normal((1200, 4))
    model = on_postgresql.fill(many(burst))
    query = unit((1, 0, 0, 0))
    exact = exact_cosines([unit(row).tobytes() for row in burst.tolist()], query)
    with PostgresqlGallery(on_postgresql.engine, model, 4).opened() as shelf:
        near = shelf.nearest(query, ANY, (), 5)
    assert [one.image_id for one in near] == sorted(range(1, 1201), key=lambda one: (-exact[one - 1], one))[
        :5
    ]
    with Session(on_postgresql.engine) as session:
        shelved = pgvector.Shelved(model.id, 4, pgvector.roots(session, "pets").values())
        asked = pgvector.Asked(query, ANY, ())
        pages = [
            len(some) for some in pgvector.near_exactly(session, shelved, asked, most=None, at_least=0.5)
        ]
    assert pages == [500, 500, 200]
