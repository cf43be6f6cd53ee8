"""Pictures to answers. The batch is the primitive: one picture is a batch of one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.inference.bundle import Bundle
from backend.inference.errors import NoExplanation
from backend.inference.evidence import heat_of
from backend.inference.manifest import Manifest
from backend.inference.preprocessing import Box, preprocess, seen
from backend.inference.runtime import Raw
from backend.inference.text import TextEncoder
from backend.inference.verdict import Verdict, explain, judge


@dataclass(frozen=True)
class Prediction:
    """The answer for one picture.

    `likeliest` has the highest score, which is `score`. `scores`: calibrated probabilities, float32 [labels],
    in the manifest's order. `ranking`: the numbers of the labels from the likeliest on, int64 [labels].
    `embedding`: float32 [embedding_size], of length 1. `novelty`, where the model tells: the share of the
    task's own pictures that are less strange than this one; for a model that was taught none, such as the
    starter, the probability of showing no animal.
    """

    likeliest: str
    score: float
    verdict: Verdict
    sentence: str
    scores: NDArray[np.float32]
    ranking: NDArray[np.int64]
    embedding: NDArray[np.float32]
    novelty: float | None

    @property
    def label(self) -> str | None:
        """What the picture shows; None where it shows no animal: the likeliest label is but noise then."""
        return None if self.verdict == "not_an_animal" else self.likeliest


@dataclass(frozen=True)
class Explained:
    """What on a picture speaks for a label. `heat`: float32 [rows, columns] in 0..1, see `heat_of`, over the
    part `box` of the upright picture: the network saw no more of it."""

    label: str
    heat: NDArray[np.float32]
    box: Box


class Predictor:
    """Answers for a bundle. Safe to use from several threads."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    @property
    def manifest(self) -> Manifest:
        return self._bundle.manifest

    @property
    def text(self) -> TextEncoder | None:
        """What reads texts, where the bundle has that."""
        return self._bundle.text

    def predict(self, images: Sequence[Image.Image]) -> list[Prediction]:
        """Answers for upright RGB pictures of any size, in their order."""
        if not images:
            return []
        return self.interpret(self._bundle.model.run(preprocess(images, self.manifest.preprocessing)))

    @property
    def explains(self) -> bool:
        """Whether the bundle can tell what on a picture speaks for a label."""
        return self._bundle.evidence is not None

    def explain(self, image: Image.Image, label: str | None = None) -> Explained:
        """What on an upright RGB picture speaks for `label`, or for the likeliest one.

        Raises:
            NoExplanation: the bundle cannot tell.
            ValueError: it knows no such label.
        """
        model, labels, spec = self._bundle.evidence, self.manifest.labels, self.manifest.preprocessing
        if model is None:
            raise NoExplanation(f"{self.manifest.version} cannot tell what its answers come from")
        if label is not None and label not in labels:
            raise ValueError(f"unknown label {label!r}: {self.manifest.version} has no such one")
        raw = self._bundle.model.run(preprocess([image], spec), features=True)
        assert raw.features is not None  # the loader has seen to it
        number = int(raw.logits[0].argmax()) if label is None else labels.index(label)
        heat = heat_of(model.run(raw.features).places[0, number])
        return Explained(labels[number], heat, seen(*image.size, spec))

    def interpret(self, raw: Raw) -> list[Prediction]:
        """Answers for raw outputs."""
        scores = softmax(raw.logits / self.manifest.calibration.temperature)
        if raw.animal_logit is not None and self.manifest.outputs.open_set:
            scores = scores * sigmoid(raw.animal_logit)[:, None]
        novelties = self._novelties(raw)
        return [self._answer(*parts) for parts in zip(scores, raw.embedding, novelties, strict=True)]

    def _novelties(self, raw: Raw) -> Sequence[float | None]:
        told = self.manifest.novelty
        if told is not None and raw.strangeness is not None:
            return [float(value) for value in novelty_of(raw.strangeness, np.array(told.quantiles))]
        if raw.animal_logit is not None:
            return [float(novelty) for novelty in 1 - sigmoid(raw.animal_logit)]
        return [None] * len(raw.logits)

    def _answer(
        self, scores: NDArray[np.float32], embedding: NDArray[np.float32], novelty: float | None
    ) -> Prediction:
        labels = self.manifest.labels
        ranking = np.argsort(-scores, kind="stable")
        first, second = ranking[:2]
        score = float(scores[first])
        verdict = judge(score, novelty, self.manifest.thresholds)
        sentence = explain(verdict, (labels[first], score), (labels[second], float(scores[second])))
        return Prediction(labels[first], score, verdict, sentence, scores, ranking, embedding, novelty)


def novelty_of(strangeness: NDArray[np.float32], quantiles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Strangeness [n] to novelty [n] in 0..1: where it stands among ascending, evenly spaced `quantiles`."""
    values, first = np.unique(quantiles, return_index=True)
    # Beyond all is 1 even where the last quantiles are equal, as those of few pictures are.
    return np.interp(strangeness, values, first / (len(quantiles) - 1), right=1.0)


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of float32 [n, labels] to probabilities."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True), dtype=np.float32)
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)


def sigmoid(logit: NDArray[np.float32]) -> NDArray[np.float32]:
    """Log-odds to probabilities, without overflow."""
    return np.asarray(np.exp(-np.logaddexp(np.float32(0), -logit)), np.float32)
