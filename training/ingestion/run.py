"""The ingest command's work: scan, examine what is new or changed, commit in batches, split."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import findings, library
from databases.duplicates import Redundant, count_redundant
from databases.labelling import apply_labelling, lock_labels
from databases.library import KnownFile, Refusal
from databases.models import now
from training.duplicates.grouping import LookCloser, compare, write_groups
from training.ingestion.examination import UNREADABLE_FILE, Findings
from training.ingestion.examining import Examiner, Seen, examine_here, see
from training.ingestion.sources import Candidate, Source
from training.ingestion.splitting import split_task
from training.ingestion.store import Store
from training.progress import Progress

# Of what a file holds now; what is found later.
NOT_YET_KNOWN = dict.fromkeys(
    ("duplicate_group", "compared", "sharpness", "brightness", "contrast", "saturation")
)


@dataclass(frozen=True)
class SplitPlan:
    """Shares of the pictures whose split no folder gives; `seed` decides which go where."""

    val: float = 0.15
    test: float = 0.15
    seed: int = 0

    @property
    def shares(self) -> dict[str, float]:
        """Of each split."""
        return {"train": 1 - self.val - self.test, "val": self.val, "test": self.test}


@dataclass(frozen=True)
class IngestReport:
    """What an ingest did, and what the root holds now. `counts` are usable pictures by (label, split)."""

    root: str
    task: str
    added: int
    changed: int
    unchanged: int
    missing: int
    redundant: Redundant
    refused: list[Refusal]
    counts: dict[tuple[str | None, str | None], int]
    passed_over: Counter[str]

    @property
    def pictures(self) -> int:
        return sum(self.counts.values())


def ingest(
    engine: Engine,
    source: Source,
    *,
    name: str,
    task: str,
    plan: SplitPlan,
    progress: Progress,
    store: Store | None = None,
    look_closer: LookCloser | None = None,
    examiner: Examiner = examine_here,
) -> IngestReport:
    """Brings root `name` up to date with `source`. May be run again at any time, after a kill too.

    With a `store`, usable pictures are copied there, and the library reads them from there. `look_closer`
    finds pictures that show the same where their hashes do not tell. `examiner` reads what is new or changed.

    Raises:
        RootConflict: the name is taken by another folder or task.
        OSError: the store cannot be written, or what the source lies in does not answer.
    """
    with Session(engine) as session, session.begin():
        uri = store.root_uri(source.root) if store else str(source.root)
        root_id = library.get_or_create_root(session, name, uri, task)
        known = library.known_files(session, root_id)
    seen = [see(candidate) for candidate in source.candidates]
    fresh = [entry for entry in seen if not _unchanged(entry, known.get(entry.candidate.uri))]
    _examine_all(engine, root_id, fresh, known, progress, store, examiner)
    comparison = compare(engine, task, look_closer, progress)
    gone = known.keys() - {candidate.uri for candidate in source.candidates}
    with Session(engine) as session, session.begin():
        lock_labels(session, task)
        library.update_images(session, list(_relabelled(source.candidates, known)))
        library.update_images(session, [{"id": known[uri].id, "status": "missing"} for uri in sorted(gone)])
        apply_labelling(session, task)
        write_groups(session, task, comparison)
        _split(session, task, source, plan)
        return IngestReport(
            root=name,
            task=task,
            added=sum(entry.candidate.uri not in known for entry in fresh),
            changed=sum(entry.candidate.uri in known for entry in fresh),
            unchanged=len(seen) - len(fresh),
            missing=len(gone),
            redundant=count_redundant(session, root_id),
            refused=library.refusals(session, root_id),
            counts=library.count_by_label_and_split(session, root_id),
            passed_over=source.passed_over,
        )


def _unchanged(seen: Seen, known: KnownFile | None) -> bool:
    return (
        known is not None
        and (known.bytes, known.modified_ns) == (seen.bytes, seen.modified_ns)
        and known.status != "missing"
    )


def _examine_all(
    engine: Engine,
    root_id: int,
    fresh: Sequence[Seen],
    known: dict[str, KnownFile],
    progress: Progress,
    store: Store | None,
    examiner: Examiner,
) -> None:
    with progress.track("Examining pictures", len(fresh)) as advance:
        for batch, examined in examiner(fresh, store):
            new, changed = [], []
            for entry, found in zip(batch, examined, strict=True):
                row = _row(root_id, entry, found)
                if before := known.get(entry.candidate.uri):
                    changed.append(row | {"id": before.id})
                else:
                    new.append(row | {"split": entry.candidate.split})
            with Session(engine) as session, session.begin():
                library.add_images(session, new)
                library.update_images(session, changed)
                findings.forget(session, [row["id"] for row in changed])
            advance(len(batch))


def _row(root_id: int, seen: Seen, findings: Findings) -> dict[str, Any]:
    candidate = seen.candidate
    return (
        vars(findings)
        | NOT_YET_KNOWN
        | {
            "root_id": root_id,
            "uri": candidate.uri,
            "file_name": Path(candidate.uri).name,
            "modified_ns": seen.modified_ns if findings.reason != UNREADABLE_FILE else 0,
            "source_label": candidate.label,
            "status": "invalid" if findings.reason else "ok",
            "ingested_at": now(),
        }
    )


def _relabelled(candidates: Iterable[Candidate], known: dict[str, KnownFile]) -> Iterator[dict[str, Any]]:
    for candidate in candidates:
        before = known.get(candidate.uri)
        if before is None:
            continue
        split = candidate.split or before.split
        if (before.source_label, before.split) != (candidate.label, split):
            yield {"id": before.id, "source_label": candidate.label, "split": split, "ingested_at": now()}


def _split(session: Session, task: str, source: Source, plan: SplitPlan) -> None:
    wanted = plan.shares
    # Where folders give some splits, only the lacking ones are carved, out of the training folder.
    lacking = {split: share for split, share in wanted.items() if split not in source.given_splits}
    split_task(session, task, {"train": wanted["train"]} | lacking, plan.seed)
