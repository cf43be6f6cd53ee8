"""A task's pictures, looked through."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from databases import corrections, library
from databases.findings import OF_LABELS
from databases.labelling import Decision
from training.checking.appearance import find_bad_looks
from training.checking.contradictions import find_contradictions
from training.checking.findings import Finding, Found, Kind
from training.checking.judging import judge_pictures
from training.checking.measuring import measured
from training.errors import NoPictures
from training.workshop import Workshop

UNDECIDED = Decision()


@dataclass(frozen=True)
class Checkup:
    """What was found in a task's `pictures`, by kind, and `notes` on what could not be looked at."""

    task: str
    pictures: int
    found: tuple[Found, ...]
    notes: tuple[str, ...]

    @property
    def pictures_found(self) -> int:
        """How many pictures have one finding or more."""
        return len({finding.image.id for part in self.found for finding in part.findings})

    def of(self, kind: Kind) -> tuple[Finding, ...]:
        return next(part.findings for part in self.found if part.kind == kind)


def check(workshop: Workshop, task: str) -> Checkup:
    """Looks through a task's usable pictures, those of all splits.

    The test pictures are looked at like the others, and tell no model anything: what was fitted to doubt
    labels is thrown away. What people decided stands: of a picture that somebody included nothing is found,
    and no label is doubted that somebody gave.

    Raises:
        NoPictures: the task has none.
        TrainingError: a file changed since it was ingested.
    """
    with Session(workshop.engine) as session:
        images = tuple(library.task_images(session, task))
        decisions = corrections.effective(session, task)
    if not images:
        raise NoPictures(f"task {task!r} has no picture; run: menagerie ingest DIR --task {task}")
    quality = measured(workshop.engine, task, images, workshop.progress)
    judged = judge_pictures(workshop, task, images)
    found = (*judged.found, find_contradictions(images), *find_bad_looks(images, quality))
    return Checkup(task, len(images), tuple(_undecided(part, decisions) for part in found), judged.notes)


def _undecided(part: Found, decisions: Mapping[str, Decision]) -> Found:
    def stands(finding: Finding) -> bool:
        decision = decisions.get(finding.image.sha256, UNDECIDED)
        on_label = decision.label is not None and part.kind.code in OF_LABELS
        return decision.excluded is not False and not on_label

    return Found(part.kind, tuple(one for one in part.findings if stands(one)))
