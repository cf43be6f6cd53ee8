"""Which pictures are still to be asked about, where some were answered before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from databases.places import Unreachable
from training.answer_rows import Row
from training.questions import Question
from training.stamps import stamp_of


@dataclass(frozen=True)
class Left:
    """The `questions` to ask, in their order. Asked again are those of `unreadable`, which had an error for
    an answer, and of `replaced`, whose file is another one since; `answered` counts all that hold good."""

    questions: tuple[Question, ...]
    unreadable: tuple[Question, ...]
    replaced: tuple[Question, ...]
    answered: int


def left_of(questions: Sequence[Question], rows: Mapping[str, Row]) -> Left:
    """Compares each file with what its row tells of it.

    Raises:
        Unreachable: what a picture lies in does not answer now.
    """
    known = [(question, rows[question.written]) for question in questions if question.written in rows]
    unreadable = tuple(question for question, row in known if row.failed)
    replaced = tuple(question for question, row in known if not row.failed and _is_replaced(question, row))
    good = {question.path for question, _ in known}.difference(one.path for one in unreadable + replaced)
    left = tuple(question for question in questions if question.path not in good)
    return Left(left, unreadable, replaced, len(good))


def _is_replaced(question: Question, row: Row) -> bool:
    try:
        now = stamp_of(question.path.stat())
    except Unreachable:
        raise
    except OSError:  # an answer outlives its file
        return False
    return row.stamp is None or now.differs_from(row.stamp)
