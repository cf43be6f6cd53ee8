"""What people gave a label since the last ingest gets from a training what an ingest would have given it."""

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import kept, library
from databases.labelling import lock_labels
from databases.library import LibraryImage
from training.duplicates.grouping import LookCloser, compare, write_groups
from training.ingestion.examination import examine
from training.ingestion.run import SplitPlan
from training.ingestion.splitting import split_task
from training.progress import Progress


def take_up(engine: Engine, task: str, look_closer: LookCloser | None, progress: Progress) -> int:
    """Gives each labelled picture of a task without a split one, by the rule of an ingest; returns how many.

    They had no label when they came in, or were sent to the service and kept: those are compared with all
    others first, so that nothing that shows the same is parted. The shares are those that the task's pictures
    have now. Held-back splits get theirs: what people send is what the service is asked about, and a model
    that learnt from some of it is measured on the rest, its predecessor too. Does nothing where all have one.

    Raises:
        Unreachable: the place where one lies does not answer.
    """
    with Session(engine) as session:
        if not library.count_unsplit(session, task):
            return 0
        fresh = kept.unexamined(session, task)
    _examine(engine, fresh, progress)
    comparison = compare(engine, task, look_closer, progress)
    with Session(engine) as session, session.begin():
        lock_labels(session, task)
        write_groups(session, task, comparison)
        return split_task(session, task, *_shares(session, task))


def _examine(engine: Engine, fresh: list[LibraryImage], progress: Progress) -> None:
    """Hashes what the service kept, by what it shows; a file that is another one, or gone, is missing."""
    hashed, lost = [], []
    with progress.track("Examining pictures", len(fresh)) as advance:
        for image in fresh:
            found = examine(image.place)
            if found.sha256 == image.sha256 and found.reason is None:
                hashed.append({"id": image.id, "perceptual_hash": found.perceptual_hash})
            else:
                lost.append({"id": image.id, "status": "missing"})
            advance(1)
    with Session(engine) as session, session.begin():
        library.update_images(session, hashed)
        library.update_images(session, lost)


def _shares(session: Session, task: str) -> tuple[dict[str, float], int]:
    """Of the splits that the task has, and the seed; an ingest's own where it has none yet."""
    counts = library.count_task_by_label_and_split(session, task)
    shares: dict[str, float] = {}
    for (_, split), count in counts.items():
        if split is not None:
            shares[split] = shares.get(split, 0) + count
    plan = SplitPlan()
    return (shares or plan.shares), plan.seed
