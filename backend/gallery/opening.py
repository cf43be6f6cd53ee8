"""The gallery of a model, by the kind of its database."""

import logging
import tempfile
import time
from pathlib import Path

from sqlalchemy import Engine

from backend.gallery.asking import Gallery
from backend.gallery.embedded import EmbeddedGallery
from backend.gallery.files import check_lockable, remove_unused
from backend.gallery.keeping import Keeper
from backend.gallery.postgresql import PostgresqlGallery
from backend.gallery.private import private_folder, remove_abandoned
from databases.registry import RegisteredModel

log = logging.getLogger(__name__)


def open_gallery(
    reader: Engine,
    model: RegisteredModel,
    embedding_size: int,
    folder: Path | None,
    threads: int,
    *,
    patient: bool = False,
) -> Gallery:
    """The gallery of a model, up to date; `threads` search it.

    Beside SQLite an index lies below `folder`, by default beside the database, one a model: made where there
    is none, which takes about two minutes for a million pictures, and to be deleted whenever one likes. Where
    none can be written now, as on a full disk, a `patient` gallery is as it was or empty, until `follow` can.
    """
    if reader.dialect.name == "postgresql":
        return PostgresqlGallery(reader, model, embedding_size)
    remove_abandoned()
    below = folder or Path(f"{reader.url.database}.galleries")
    keeper = Keeper(reader, model, embedding_size, _writable(below / model.version))
    gallery = EmbeddedGallery(reader, model, keeper, threads, patient=patient)
    remove_unused(below, time.time())
    return gallery


def _writable(folder: Path) -> Path:
    """`folder`, or where nothing can be written there, or its lock not be taken, as on some shared disks, a
    temporary one of this process alone."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            check_lockable(folder)
        return folder
    except OSError as error:
        log.warning("no index can be kept at %s (%s): each process makes one of its own", folder, error)
        return private_folder()
