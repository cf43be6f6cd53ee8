"""Two models of one task, side by side: their figures, what they learnt from, and who was right where."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from backend.api.model_schemas import (
    CompareOut,
    DataChange,
    DecisionCounts,
    LabelChange,
    Paired,
    ShareOut,
    Side,
)
from backend.api.presenting import model_out
from backend.api.service import Service
from backend.certainty import Share, mcnemar, wilson
from databases.data_diff import diff
from databases.dataset_versions import Member, read_members
from databases.errors import DamagedDataset, UnknownDataset
from databases.paired_answers import (
    PairedAnswer,
    count_decisions,
    learnt_contents,
    new_pictures,
    paired_answers,
    taught_at,
)
from databases.registry import RegisteredModel


def compare(service: Service, session: Session, a: RegisteredModel, b: RegisteredModel) -> CompareOut:
    """`a` beside `b`, a model of the same task."""
    learnt = _members(session, a), _members(session, b)
    counted = _paired(session, a, b, *learnt)
    return CompareOut(
        task=a.task,
        a=_side(service, a),
        b=_side(service, b),
        same_pictures=same_pictures(a, b),
        paired=counted,
        unasked=_unasked(session, a.task, counted, *learnt),
        data=_data_change(*learnt),
        decisions=_decisions(session, a, b),
    )


def paired(session: Session, a: RegisteredModel, b: RegisteredModel) -> Paired | None:
    """Both on the test pictures that neither learnt from, where their answers to these are known."""
    return _paired(session, a, b, _members(session, a), _members(session, b))


def can_be_paired(session: Session, a: RegisteredModel, b: RegisteredModel) -> bool:
    """Whether there are test pictures that neither learnt from, so that asking both would tell."""
    return bool(_unasked(session, a.task, None, _members(session, a), _members(session, b)))


def same_pictures(a: RegisteredModel, b: RegisteredModel) -> bool:
    """Whether the metrics of both were measured on the very same pictures and labels."""
    if a.metrics is None or b.metrics is None:
        return False
    measured: str | None = a.metrics.get("fingerprint")
    return measured is not None and measured == b.metrics.get("fingerprint")


def _members(session: Session, model: RegisteredModel) -> list[Member] | None:
    """What it learnt from, None where that is not known."""
    if model.dataset_fingerprint is None:
        return None
    try:
        return read_members(session, model.dataset_fingerprint)
    except (UnknownDataset, DamagedDataset):
        return None


def _side(service: Service, model: RegisteredModel) -> Side:
    out = model_out(service, model)
    return Side.model_validate(out, from_attributes=True)


def _paired(
    session: Session,
    a: RegisteredModel,
    b: RegisteredModel,
    learnt_by_a: list[Member] | None,
    learnt_by_b: list[Member] | None,
) -> Paired | None:
    if learnt_by_a is None or learnt_by_b is None:
        return None
    learnt_from = learnt_contents(session, learnt_by_a + learnt_by_b)
    answers = paired_answers(session, a, b, learnt_from)
    return _counted(answers) if answers else None


def _unasked(
    session: Session,
    task: str,
    counted: Paired | None,
    learnt_by_a: list[Member] | None,
    learnt_by_b: list[Member] | None,
) -> int | None:
    if learnt_by_a is None or learnt_by_b is None:
        return None
    learnt_from = learnt_contents(session, learnt_by_a + learnt_by_b)
    return len(new_pictures(session, task, learnt_from)) - (counted.pictures if counted else 0)


def _counted(answers: list[PairedAnswer]) -> Paired:
    right = [(one.first == one.label, one.second == one.label) for one in answers]
    test = mcnemar(right.count((True, False)), right.count((False, True)))
    both, total = right.count((True, True)), len(right)
    return Paired(
        pictures=total,
        a=share_out(wilson(both + test.only_first, total)),
        b=share_out(wilson(both + test.only_second, total)),
        only_a=test.only_first,
        only_b=test.only_second,
        p_value=test.p_value,
    )


def share_out(share: Share) -> ShareOut:
    return ShareOut.model_validate(share, from_attributes=True)


def _data_change(first: list[Member] | None, second: list[Member] | None) -> DataChange | None:
    if first is None or second is None:
        return None
    found = diff(first, second)
    return DataChange(
        added=len(found.added),
        removed=len(found.removed),
        relabelled=len(found.relabelled),
        moved=len(found.moved),
        labels=[LabelChange(label=label, a=a, b=b) for label, (a, b) in found.labels.items()],
    )


def _decisions(session: Session, a: RegisteredModel, b: RegisteredModel) -> DecisionCounts:
    counts: Mapping[str, int] = count_decisions(session, a.task, taught_at(session, a), taught_at(session, b))
    return DecisionCounts(**counts, total=sum(counts.values()))
