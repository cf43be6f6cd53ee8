"""How a task's pictures look: measured when it is first asked for, and kept."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.inference.cpu import available_cpus
from databases.library import LibraryImage, update_images
from databases.quality import Quality, qualities
from training.checking.quality import LONGER_SIDE, measure, miniature_of
from training.errors import TrainingError
from training.pictures import read_picture
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
        for image, quality in zip(images, pool.map(_quality_of, images), strict=True):
            if quality is not None:
                yield {"id": image.id} | asdict(quality)


def _quality_of(image: LibraryImage) -> Quality | None:
    try:
        picture = read_picture(image, LONGER_SIDE)
    except TrainingError:
        return None
    return measure(np.asarray(miniature_of(picture)))
