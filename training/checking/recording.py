"""What was found, kept in the database for those who look through the library."""

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import findings
from databases.findings import Ranked
from training.checking.check import Checkup


def record(engine: Engine, checkup: Checkup) -> None:
    """Writes all that was found in a task's pictures in place of what the check before found, at once."""
    found = [
        Ranked(finding.image.id, part.kind.code, rank, finding.better)
        for part in checkup.found
        for rank, finding in enumerate(part.findings)
    ]
    with Session(engine) as session, session.begin():
        findings.replace(session, checkup.task, found)
