"""`training.bulk`, on a cluster."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from functools import partial

from backend.inference.bundle import Bundle
from training.bulk import Answered, answer_batch, batches_of
from training.cluster.parcels import Parcel, pack, unpack
from training.cluster.reading import absolute, readers_for
from training.cluster.spreading import spread
from training.questions import Question


def answer_all(bundle: Bundle, questions: Sequence[Question]) -> Generator[list[Answered], None, None]:
    """As `training.bulk.answer_all`, on the cluster that this process is connected to.

    A picture that a machine cannot reach is one that cannot be read.

    Raises:
        Unreachable: what a picture lies in does not answer now.
        ClusterUnavailable: as `spread` does.
    """
    batches = list(batches_of(questions))
    sent = [[replace(one, path=absolute(one.path)) for one in batch] for batch in batches]
    answers = spread(partial(_answer, pack(bundle.folder)), sent)
    for batch, answered in zip(batches, answers, strict=True):
        yield [replace(one, question=question) for question, one in zip(batch, answered, strict=True)]


def _answer(parcel: Parcel, questions: Sequence[Question]) -> list[Answered]:
    return answer_batch(unpack(parcel), questions, readers_for(question.path for question in questions))
