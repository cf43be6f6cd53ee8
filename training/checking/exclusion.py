"""What was found, not used any more; to be undone like any other decision on pictures."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import corrections, library
from training.checking.check import Checkup
from training.checking.findings import Kind


@dataclass(frozen=True)
class Exclusion:
    """How many different pictures are not used any more, in how many files, and how many test pictures were
    left as they are."""

    excluded: int
    files: int
    left_in_test: int


def exclude_found(engine: Engine, checkup: Checkup, kinds: Sequence[Kind]) -> Exclusion:
    """Excludes all pictures of some kinds of findings, at one moment.

    What a network judged is left in the test split: were the pictures that a network doubts taken out of it,
    models would be measured on those that suit them. A person may decide on them one by one.
    """
    with Session(engine) as session, session.begin():
        images = library.task_images(session, checkup.task)
        test = {image.sha256 for image in images if image.split == "test"}
        excluded, left = set(), set()
        for kind in kinds:
            found = {finding.image.sha256 for finding in checkup.of(kind)}
            excluded |= found - test if kind.judged else found
            left |= found & test if kind.judged else set()
        reason = f"check found: {', '.join(kind.code for kind in kinds)}"
        count = len(corrections.add(session, checkup.task, sorted(excluded), "exclude", reason=reason))
    files = sum(image.sha256 in excluded for image in images)
    return Exclusion(count, files, len(left - excluded))
