"""An index beside an SQLite database, opened, changed and looked at."""

import numpy as np
from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.gallery.asking import Gallery
from backend.gallery.choosing import search
from backend.gallery.opening import open_gallery
from databases.models import Image
from databases.nearest import Among
from databases.registry import RegisteredModel
from tests.backend.gallery.shelving import Picture, Shelving, embed, many, put, unit

SIZE = 16
ANY = Among()


def crowd(count: int) -> list[Picture]:
    return many(np.random.default_rng(7).standard_normal((count, SIZE)))


def opened(shelving: Shelving, model: RegisteredModel) -> Gallery:
    return open_gallery(shelving.engine, model, SIZE, shelving.folder, threads=1)


def add(shelving: Shelving, model: RegisteredModel, *pictures: Picture) -> None:
    with Session(shelving.engine) as session, session.begin():
        put(session, pictures)
        embed(session, model, pictures)


def change(shelving: Shelving, image_id: int, **values: object) -> None:
    with shelving.engine.begin() as connection:
        connection.execute(update(Image).where(Image.id == image_id).values(**values))


def ids(gallery: Gallery, among: Among = ANY) -> set[int]:
    return {match.image_id for match in search(gallery, unit([1.0] * SIZE), among, k=1000).matches}


def files(shelving: Shelving) -> dict[str, int]:
    """When each file of the index was written."""
    return {
        str(path.relative_to(shelving.folder)): path.stat().st_mtime_ns
        for path in shelving.folder.rglob("*")
        if path.is_file() and path.name != "lock"
    }
