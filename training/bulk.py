"""Many pictures answered, along the path that serves; one that cannot be read stops nothing."""

import os
import stat
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from backend.inference.bundle import Bundle
from backend.inference.cpu import available_cpus
from backend.inference.decoding import DEFAULT_LIMITS, decode
from backend.inference.errors import UnreadableImage
from backend.inference.prediction import Prediction, Predictor
from backend.inference.preprocessing import Preprocessing, normalise, resize
from databases.places import Unreachable
from training.ingestion.examination import UNREADABLE_FILE
from training.questions import Question
from training.stamps import Stamp, stamp_of

BATCH = 32


@dataclass(frozen=True)
class Refusal:
    """Why a picture could not be read: a stable code, and the same in words."""

    code: str
    reason: str


@dataclass(frozen=True)
class Answered:
    """A picture, and what it shows or why nobody knows. `stamp` is of the file that was read, or an earlier
    one; None where there was none."""

    question: Question
    answer: Prediction | Refusal
    stamp: Stamp | None


# Of a file: its stamp, and uint8 [1, size, size, 3].
Opened = tuple[Stamp | None, NDArray[np.uint8] | Refusal]


def answer_all(bundle: Bundle, questions: Sequence[Question]) -> Generator[list[Answered], None, None]:
    """Answers in the order of the questions, 32 at a time; the next ones are decoded meanwhile.

    Raises:
        Unreachable: what a picture lies in does not answer now.
    """
    read = partial(_read, spec=bundle.manifest.preprocessing)
    behind: tuple[Sequence[Question], Iterator[Opened]] | None = None
    with ThreadPoolExecutor(available_cpus()) as pool:
        try:
            for batch in batches_of(questions):
                ahead = batch, pool.map(read, batch)
                if behind:
                    yield _answer(bundle, *behind)
                behind = ahead
            if behind:
                yield _answer(bundle, *behind)
        finally:  # whoever stops waits for no picture that was not begun
            pool.shutdown(wait=False, cancel_futures=True)


def answer_batch(bundle: Bundle, questions: Sequence[Question], readers: int) -> list[Answered]:
    """Answers to some pictures, all read before the model runs, by `readers` threads.

    Raises:
        Unreachable: what a picture lies in does not answer now.
    """
    read = partial(_read, spec=bundle.manifest.preprocessing)
    if readers == 1:
        return _answer(bundle, questions, map(read, questions))
    with ThreadPoolExecutor(readers) as pool:
        return _answer(bundle, questions, pool.map(read, questions))


def batches_of(questions: Sequence[Question]) -> Iterator[Sequence[Question]]:
    """As they are answered, wherever that is: last digits depend on which pictures a model sees together."""
    for start in range(0, len(questions), BATCH):
        yield questions[start : start + BATCH]


def _answer(bundle: Bundle, questions: Sequence[Question], reading: Iterator[Opened]) -> list[Answered]:
    opened = list(reading)
    readable = [found for _, found in opened if not isinstance(found, Refusal)]
    predictions: Iterator[Prediction] = iter(())
    if readable:
        images = normalise(np.concatenate(readable), bundle.manifest.preprocessing)
        predictions = iter(Predictor(bundle).interpret(bundle.model.run(images)))
    return [
        Answered(question, found if isinstance(found, Refusal) else next(predictions), stamp)
        for question, (stamp, found) in zip(questions, opened, strict=True)
    ]


def _read(question: Question, spec: Preprocessing) -> Opened:
    stamp: Stamp | None = None
    try:
        status = question.path.stat()
        stamp = stamp_of(status)  # before the bytes: whatever is written from now on is seen as another file
        if isinstance(status, os.stat_result) and not stat.S_ISREG(status.st_mode):
            return stamp, Refusal(UNREADABLE_FILE, "it is no regular file")  # a pipe would be waited for
        if status.st_size > DEFAULT_LIMITS.max_bytes:
            return stamp, Refusal("too_many_bytes", f"the file has {status.st_size / 2**20:.1f} MiB")
        return stamp, resize([decode(question.path.read_bytes(), least=spec.least).image], spec)
    except UnreadableImage as error:
        return stamp, Refusal(error.code, str(error))
    except Unreachable:  # says nothing about the file: the run ends, and can be gone on with
        raise
    except OSError as error:
        return stamp, Refusal(UNREADABLE_FILE, error.strerror or type(error).__name__)
