"""Rows for the library and the registry, with only what a test cares about said."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from databases import library, registry
from databases.models import Image, Root
from databases.registry import RegisteredModel

ROOT_URI = "/pictures/pets"


@dataclass(frozen=True)
class Bundle:
    """What the registry keeps of a manifest."""

    version: str
    task: str = "pets"
    architecture: str = "mean_colour"
    labels: tuple[str, ...] = ("cat", "dog")
    dataset_fingerprint: str | None = None
    embedder: str = "mean-colour"


@dataclass
class Library:
    """A root of the library and the pictures that were put there."""

    session: Session
    name: str = "pets"
    task: str = "pets"
    uri: str = ROOT_URI
    sent: bool = False
    root_id: int = field(init=False)

    def __post_init__(self) -> None:
        self.root_id = library.get_or_create_root(self.session, self.name, self.uri, self.task)
        if self.sent:
            self.session.execute(update(Root).where(Root.id == self.root_id).values(sent=True))

    def add(self, uri: str, **changes: Any) -> int:
        """Adds a picture whose label is its folder; returns its id."""
        self.add_all([uri], **changes)
        found = self.session.scalar(select(Image.id).where(Image.root_id == self.root_id, Image.uri == uri))
        assert found is not None
        return found

    def add_all(self, uris: Iterable[str], **changes: Any) -> None:
        """Adds pictures whose label is their folder."""
        rows = [image_row(self.root_id, uri) | changes for uri in uris]
        self.session.execute(insert(Image), [{"source_label": row["label"]} | row for row in rows])


def register(session: Session, version: str, **changes: Any) -> RegisteredModel:
    return registry.register(session, Bundle(version, **changes), metrics=None)


def content(text: str) -> str:
    """A content hash."""
    return hashlib.sha256(text.encode()).hexdigest()


def image_row(root_id: int, uri: str) -> dict[str, Any]:
    return {
        "root_id": root_id,
        "uri": uri,
        "file_name": uri.rpartition("/")[2],
        "bytes": 3_000_000_000,
        "modified_ns": 1_790_000_000_123_456_789,
        "width": 48,
        "height": 32,
        "aspect_ratio": 1.5,
        "format": "JPEG",
        "sha256": content(f"{root_id}/{uri}"),
        "perceptual_hash": "00ff00ff00ff00ff",
        "label": uri.partition("/")[0],
        "split": "train",
        "status": "ok",
    }
