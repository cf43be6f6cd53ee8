"""A picture's bytes to its answer, which is counted and recorded."""

import hashlib
import time
import uuid
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from fastapi import Query

from backend.api.presenting import model_name
from backend.api.schemas import LabelScore, PredictionOut
from backend.api.service import Service
from backend.inference.decoding import decode
from backend.inference.prediction import Prediction
from databases import models

DEFAULT_TOP_K, MAX_K = 5, 1000
TopK = Annotated[int, Query(ge=1, le=MAX_K, description="How many labels to list.")]


@dataclass(frozen=True)
class Answered:
    """`sha256`: of the picture's bytes."""

    sha256: str
    answer: Prediction


def answer_picture(service: Service, data: bytes) -> Answered:
    """What the serving model says.

    Raises:
        UnreadableImage: as `decode` does.
    """
    return Answered(hashlib.sha256(data).hexdigest(), _ask(service, data))


def _ask(service: Service, data: bytes) -> Prediction:
    with service.metrics.stage("decode"):
        image = decode(data, service.limits).image
    with service.metrics.stage("infer"):
        return service.predictor.predict([image])[0]


def record(service: Service, answered: Answered, started: float) -> str:
    """Counts an answer to a question that came at `started` (monotonic seconds) and has it written down;
    the id under which it can be spoken of later."""
    answer, prediction_id = answered.answer, uuid.uuid4().hex
    service.metrics.answer(service.model.version, answer)
    service.recorder.add(
        models.Prediction(
            id=prediction_id,
            sha256=answered.sha256,
            model_version=service.model.version,
            label=answer.likeliest,
            score=answer.score,
            verdict=answer.verdict,
            latency_ms=1000 * (time.perf_counter() - started),
            created_at=models.now(),
        )
    )
    return prediction_id


def prediction_out(service: Service, answer: Prediction, prediction_id: str, top_k: int) -> PredictionOut:
    return PredictionOut(
        prediction_id=prediction_id,
        label=answer.label,
        score=answer.score,
        verdict=answer.verdict,
        sentence=answer.sentence,
        top_k=_top(answer, service.predictor.manifest.labels, top_k),
        novelty=answer.novelty,
        model=model_name(service),
    )


def _top(answer: Prediction, labels: tuple[str, ...], k: int) -> list[LabelScore]:
    order = np.argsort(-answer.scores, kind="stable")[:k]
    return [LabelScore(label=labels[i], score=float(answer.scores[i])) for i in order]
