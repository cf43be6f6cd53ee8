"""Embeddings that no search can compare."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import update
from sqlalchemy.orm import Session

from databases.models import Embedding
from databases.registry import RegisteredModel
from tests.backend.gallery.keeping.indexing import SIZE, crowd, files, ids, opened
from tests.backend.gallery.shelving import Shelving, embed, unit


def spoil(shelving: Shelving, vector: NDArray[np.float64], *image_ids: int) -> None:
    """Gives pictures an embedding that we would not put there."""
    values = {"vector": vector.astype("<f4").tobytes()}
    with shelving.engine.begin() as connection:
        connection.execute(update(Embedding).where(Embedding.image_id.in_(image_ids)).values(values))


@pytest.mark.parametrize(
    "vector",
    [np.full(SIZE, np.nan), np.full(SIZE, 0.1), unit([1.0] * (SIZE - 1))],
    ids=["nan", "short", "15"],
)
def test_pictures_whose_embeddings_cannot_be_searched_are_left_out_and_told(
    shelving: Shelving,
    model: RegisteredModel,
    caplog: pytest.LogCaptureFixture,
    vector: NDArray[np.float64],
) -> None:
    spoil(shelving, vector, 3, 4)
    gallery = opened(shelving, model)
    assert ids(gallery) == set(range(1, 201)) - {3, 4}
    assert "embeddings under pets-1 cannot be searched: [3, 4], 2 in all" in caplog.text
    assert len(gallery) == 200  # all are embedded: nothing more is to come
    assert gallery.find(3) is None
    assert gallery.find(5) is not None
    with Session(shelving.engine) as session, session.begin():
        embed(session, model, crowd(3)[2:])
    assert gallery.follow()
    assert ids(gallery) == set(range(1, 201)) - {4}
    spoil(shelving, vector, 7)
    assert gallery.follow()
    assert ids(gallery) == set(range(1, 201)) - {4, 7}
    written = files(shelving)
    assert ids(opened(shelving, model)) == set(range(1, 201)) - {4, 7}
    assert files(shelving) == written


def test_where_no_embedding_can_be_searched_the_gallery_is_empty(
    shelving: Shelving, model: RegisteredModel
) -> None:
    spoil(shelving, np.zeros(0), *range(1, 201))
    gallery = opened(shelving, model)
    assert (len(gallery), ids(gallery), gallery.follow()) == (200, set(), False)
