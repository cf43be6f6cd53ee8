"""A picture's bytes to its answer, which is counted and recorded."""

import hashlib
import logging
import time
from dataclasses import dataclass
from typing import Annotated

from fastapi import Query
from sqlalchemy.exc import SQLAlchemyError

from backend.api.fresh_ids import fresh_id
from backend.api.presenting import model_name
from backend.api.schemas import LabelScore, PredictionOut
from backend.api.service import Service
from backend.gallery.neighbours import Neighbours, neighbours, unasked
from backend.inference.decoding import decode
from backend.inference.prediction import Prediction
from databases.models import now
from databases.predictions import NewPrediction

log = logging.getLogger(__name__)

DEFAULT_TOP_K, MAX_K = 5, 1000
TopK = Annotated[int, Query(ge=1, le=MAX_K, description="How many labels to list.")]


@dataclass(frozen=True)
class Answered:
    """`sha256`: of the picture's bytes. `neighbours`: the library's pictures that are nearest to it."""

    sha256: str
    answer: Prediction
    neighbours: Neighbours


@dataclass(frozen=True)
class Asked:
    """`sha256`: of the picture's bytes."""

    sha256: str
    answer: Prediction


def answer_picture(service: Service, data: bytes) -> Answered:
    """What the serving model says, and what the library does.

    Raises:
        UnreadableImage: as `decode` does.
    """
    asked = ask(service, data)
    return Answered(asked.sha256, asked.answer, _neighbours(service, asked))


def _neighbours(service: Service, asked: Asked) -> Neighbours:
    """Those of a picture; none where the model has no gallery of its own yet, or where the database fails,
    for the answer does not hang on it."""
    shelved = service.recommender is service and len(service.gallery)
    if not shelved and service.predictor.manifest.label_prior is None:
        return Neighbours(())  # nobody counts either which pictures are the library's own
    try:
        with service.metrics.stage("search"):
            if not shelved:
                return unasked(service.gallery, asked.sha256)
            return neighbours(service.gallery, asked.answer.embedding, asked.sha256)
    except SQLAlchemyError as error:
        log.warning("a picture's neighbours are not known: the database fails: %s", error)
        return Neighbours(())


def ask(service: Service, data: bytes) -> Asked:
    """What the serving model says, or said of the same bytes a while ago.

    Raises:
        UnreadableImage: as `decode` does.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    answer = service.answers.get(sha256)
    if answer is None:
        answer = _ask(service, data)
        service.answers.put(sha256, answer)
    else:
        service.metrics.cached()
    return Asked(sha256, answer)


def _ask(service: Service, data: bytes) -> Prediction:
    with service.metrics.stage("decode"):
        image = decode(data, service.limits, least=service.predictor.manifest.preprocessing.least).image
    with service.metrics.stage("infer"):
        return service.predictor.predict([image])[0]


def record(service: Service, answered: Answered, started: float) -> str:
    """Counts an answer to a question that came at `started` (monotonic seconds) and has it written down;
    the id under which it can be spoken of later."""
    answer, prediction_id = answered.answer, fresh_id()
    service.metrics.answer(service.model.version, answer, of_library=answered.neighbours.held)
    service.recorder.add(
        NewPrediction(
            id=prediction_id,
            sha256=answered.sha256,
            model_version=service.model.version,
            label=answer.likeliest,
            score=answer.score,
            verdict=answer.verdict,
            latency_ms=1000 * (time.perf_counter() - started),
            created_at=now(),
        )
    )
    return prediction_id


def prediction_out(service: Service, answered: Answered, prediction_id: str, top_k: int) -> PredictionOut:
    answer, labels = answered.answer, service.predictor.manifest.labels
    return PredictionOut(
        prediction_id=prediction_id,
        label=answer.label,
        score=answer.score,
        verdict=answer.verdict,
        sentence=answer.sentence,
        top_k=_top(answer, labels, top_k),
        novelty=answer.novelty,
        neighbours_agree=answered.neighbours.agreement(answer.likeliest, labels),
        nearest=answered.neighbours.nearest,
        model=model_name(service),
    )


def _top(answer: Prediction, labels: tuple[str, ...], k: int) -> list[LabelScore]:
    return [LabelScore(label=labels[i], score=float(answer.scores[i])) for i in answer.ranking[:k]]
