"""What a search among embeddings is about: which pictures count, and what one of them is."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from databases.embeddings import in_gallery
from databases.library import Split
from databases.models import Embedding, Image
from databases.registry import RegisteredModel
from databases.soundness import is_sound


@dataclass(frozen=True)
class Among:
    """Which pictures may be answers: those that are all of this; None: whatever it is.

    `labelled`: only those that have a label at all. `source`: the root's name. `since` and `before`: when the
    picture was last ingested, the first included. `sent`: those too that people sent to the service and of
    which nobody has said yet what they show: these are for the eyes of who decides on them.
    """

    label: str | None = None
    labelled: bool = False
    split: Split | None = None
    source: str | None = None
    since: datetime | None = None
    before: datetime | None = None
    sent: bool = False

    @property
    def names_labels(self) -> bool:
        """Whether only pictures with a label pass."""
        return self.labelled or self.label is not None


@dataclass(frozen=True)
class Entry:
    """A picture of a gallery. `vector`: float32 [embedding_size] of length 1."""

    image_id: int
    label: str | None
    sha256: str
    vector: NDArray[np.float32]


def find_entry(session: Session, model: RegisteredModel, size: int, image_id: int) -> Entry | None:
    """A picture of a model's gallery by its id; None where it has none, or its embedding is not of `size`
    numbers, or cannot be searched."""
    columns = select(Image.id, Image.label, Embedding.sha256, Embedding.vector)
    row = session.execute(in_gallery(columns, model.id, model.task).where(Image.id == image_id)).first()
    if row is None or len(row[3]) != 4 * size or not is_sound(row[3]):
        return None
    return Entry(row[0], row[1], row[2], np.frombuffer(row[3], "<f4"))
