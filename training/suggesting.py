"""Labels for pictures that have none, by the labelled pictures that are nearest to them."""

from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.gallery.asking import Gallery
from backend.gallery.neighbours import labelled_neighbours
from databases import library
from databases.library import LibraryImage
from training.progress import Progress


@dataclass(frozen=True)
class Suggested:
    """`share`: of the ten nearest labelled pictures, weighed by their similarity, those with `label`.
    `nearest`: the similarity of the nearest: where it is low, nothing like the picture is known."""

    image: LibraryImage
    label: str
    share: float
    nearest: float


def suggest(engine: Engine, gallery: Gallery, task: str, progress: Progress) -> list[Suggested]:
    """A label for each picture of a task that has none and lies in the gallery, the surest first."""
    with Session(engine) as session:
        unlabelled = library.unlabelled_images(session, task)
    found = []
    with progress.track("Asking neighbours", len(unlabelled)) as advance:
        for image in unlabelled:
            advance(1)
            entry = gallery.find(image.id)
            if entry is None:
                continue
            neighbours = labelled_neighbours(gallery, entry.vector, image.sha256)
            suggestions = neighbours.suggestions()
            if suggestions and neighbours.nearest is not None:
                best = suggestions[0]
                found.append(Suggested(image, best.label, best.share, neighbours.nearest))
    return sorted(found, key=lambda one: (-one.share, -one.nearest, one.image.id))
