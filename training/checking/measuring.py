"""Pictures that an older version ingested, which measured nothing yet."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.inference.cpu import available_cpus
from databases.library import LibraryImage, update_images
from databases.quality import Quality, qualities
from training.ingestion.examination import examine
from training.progress import Progress

BATCH = 256  # a kill loses no more than these


def measured(
    engine: Engine, task: str, images: Sequence[LibraryImage], progress: Progress
) -> Mapping[int, Quality]:
    """How the pictures of a task look, by id; those never measured are measured now, and that is kept.

    A file that is gone, or another picture than was ingested, is left out until the next ingest.

    Raises:
        Unreachable: the place where pictures lie does not answer.
    """
    with Session(engine) as session:
        known = qualities(session, task)
    lacking = [image for image in images if image.id not in known]
    if not lacking:
        return known
    with progress.track("Measuring pictures", len(lacking)) as advance:
        for start in range(0, len(lacking), BATCH):
            batch = lacking[start : start + BATCH]
            rows = list(_measure(batch))
            with Session(engine) as session, session.begin():
                update_images(session, rows)
            advance(len(batch))
    with Session(engine) as session:
        return qualities(session, task)


def _measure(images: Sequence[LibraryImage]) -> Iterator[dict[str, float]]:
    with ThreadPoolExecutor(available_cpus()) as pool:
        for image, found in zip(images, pool.map(examine, [one.place for one in images]), strict=True):
            if found.sha256 == image.sha256:
                yield {"id": image.id} | {field.name: getattr(found, field.name) for field in fields(Quality)}
