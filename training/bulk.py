"""Many pictures answered, along the path that serves; one that cannot be read stops nothing."""

import os
import stat
from collections.abc import Iterator, Sequence
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

BATCH = 32

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Refusal:
    """Why a picture could not be read: a stable code, and the same in words."""

    code: str
    reason: str


@dataclass(frozen=True)
class Answered:
    """A picture, and what it shows or why nobody knows."""

    question: Question
    answer: Prediction | Refusal


def answer_all(bundle: Bundle, questions: Sequence[Question]) -> Iterator[list[Answered]]:
    """Answers in the order of the questions, 32 at a time; the next ones are decoded meanwhile.

    Raises:
        Unreachable: what a picture lies in does not answer now.
    """
    read = partial(_read, spec=bundle.manifest.preprocessing)
    behind: tuple[Sequence[Question], Iterator[Pixels | Refusal]] | None = None
    with ThreadPoolExecutor(available_cpus()) as pool:
        for start in range(0, len(questions), BATCH):
            batch = questions[start : start + BATCH]
            ahead = batch, pool.map(read, batch)
            if behind:
                yield _answer(bundle, *behind)
            behind = ahead
        if behind:
            yield _answer(bundle, *behind)


def _answer(
    bundle: Bundle, questions: Sequence[Question], reading: Iterator[Pixels | Refusal]
) -> list[Answered]:
    opened = list(reading)
    readable = [pixels for pixels in opened if not isinstance(pixels, Refusal)]
    predictions: Iterator[Prediction] = iter(())
    if readable:
        images = normalise(np.concatenate(readable), bundle.manifest.preprocessing)
        predictions = iter(Predictor(bundle).interpret(bundle.model.run(images)))
    return [
        Answered(question, found if isinstance(found, Refusal) else next(predictions))
        for question, found in zip(questions, opened, strict=True)
    ]


def _read(question: Question, spec: Preprocessing) -> Pixels | Refusal:
    """A picture as uint8 [1, size, size, 3]."""
    try:
        status = question.path.stat()
        if isinstance(status, os.stat_result) and not stat.S_ISREG(status.st_mode):
            return Refusal(UNREADABLE_FILE, "it is no regular file")  # a pipe would be waited for
        if status.st_size > DEFAULT_LIMITS.max_bytes:
            return Refusal("too_many_bytes", f"the file has {status.st_size / 2**20:.1f} MiB")
        return resize([decode(question.path.read_bytes(), least=spec.least).image], spec)
    except UnreadableImage as error:
        return Refusal(error.code, str(error))
    except Unreachable:  # says nothing about the file: the run ends, and can be gone on with
        raise
    except OSError as error:
        return Refusal(UNREADABLE_FILE, error.strerror or type(error).__name__)
