"""A store: pictures by what they hold, each once, in a local folder or an object store.

The library keeps telling pictures apart by where they came from; the bytes it reads are the store's, and need
no source any more.
"""

import uuid
from dataclasses import dataclass
from pathlib import Path

from databases.places import Place, content_root, content_uri, parse_place
from training.errors import BadSource

# There an object is seen whole or not at all.
OBJECT_STORES = ("s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "memory")


@dataclass(frozen=True)
class Store:
    place: Place

    def root_uri(self, source: Place) -> str:
        """What the database calls a root whose pictures were copied here from `source`."""
        return content_root(str(self.place), str(source))

    def keep(self, data: bytes, sha256: str, format: str) -> None:
        """Writes a picture, wholly or not at all, unless it is here already.

        Raises:
            OSError: the store cannot be written.
        """
        target = self.place / content_uri(sha256, format)
        try:
            if target.stat().st_size == len(data):
                return
        except FileNotFoundError:
            pass
        if not isinstance(target, Path):
            target.write_bytes(data)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{uuid.uuid4().hex}.part")
        try:
            part.write_bytes(data)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)


def open_store(named: str) -> Store:
    """The store in a local folder, which need not be there yet, or below the URL of an object store.

    Raises:
        BadSource: it is neither.
        BadPlace: as `parse_place` does.
    """
    place = parse_place(named)
    if isinstance(place, Path):
        if place.exists() and not place.is_dir():
            raise BadSource(f"{place} is no folder to copy to")
        return Store(place.resolve())
    scheme = place.root.partition("://")[0].lower()
    if scheme not in OBJECT_STORES:
        raise BadSource(f"{named} is no object store: copy to a folder or to {', '.join(OBJECT_STORES)}")
    return Store(place)
