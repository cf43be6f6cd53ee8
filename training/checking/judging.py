"""What a network makes of a task's pictures: labels to doubt, pictures without an animal, outliers."""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.inference.prediction import softmax
from databases.library import LibraryImage
from training.calibration import fit_temperature
from training.checking.findings import NOT_AN_ANIMAL, OUTLIER, SUSPECT, Finding, Found
from training.checking.gate import animal_probability, without_animal
from training.checking.outliers import find_outliers, neighbour_distances
from training.checking.suspicion import Suspicion, find_suspects
from training.dataset import Images
from training.indexing import index, read_features
from training.probe import FOLDS, fit_probe
from training.starter import ensure_starter
from training.workshop import Workshop

SEED = 0  # of the folds; there is nothing to choose


@dataclass(frozen=True)
class Judged:
    """What was found, and `notes` on what could not be judged."""

    found: tuple[Found, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Pictures:
    """Pictures, their embeddings by the starter, float32 [n, 1280], and what each shows: the same for
    copies."""

    images: Images
    embeddings: NDArray[np.float32]
    contents: tuple[str, ...]
    animal: NDArray[np.float64]


def judge_pictures(workshop: Workshop, task: str, images: Images) -> Judged:
    """Judges a task's usable pictures by the starter's embeddings, which are kept: a probe learns from the
    same.

    Raises:
        TrainingError: a file changed since it was ingested.
    """
    starter = ensure_starter(workshop.engine, workshop.bundles, workshop.progress)
    index(workshop.engine, workshop.bundles, starter, task, workshop.progress)
    embeddings = read_features(workshop.engine, starter, images)
    animal = animal_probability(embeddings, [image.label for image in images])
    pictures = _Pictures(images, embeddings, tuple(image.shown for image in images), animal)
    suspects, notes = _suspects(workshop, pictures)
    return Judged((Found(SUSPECT, suspects), _without_animal(pictures), _outliers(pictures)), notes)


def _without_animal(pictures: _Pictures) -> Found:
    animal = pictures.animal
    return Found(
        NOT_AN_ANIMAL,
        tuple(Finding(pictures.images[i], {"animal": float(animal[i])}) for i in without_animal(animal)),
    )


def _outliers(pictures: _Pictures) -> Found:
    distances = neighbour_distances(pictures.embeddings, pictures.contents)
    return Found(
        OUTLIER,
        tuple(
            Finding(pictures.images[i], {"distance": float(distances[i])}) for i in find_outliers(distances)
        ),
    )


def _suspects(workshop: Workshop, pictures: _Pictures) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    labels, notes = _learnable(pictures)
    if not labels:
        return (), notes
    chosen = [i for i, image in enumerate(pictures.images) if image.label in labels]
    targets = np.array([labels.index(str(pictures.images[i].label)) for i in chosen])
    with workshop.progress.track("Doubting the labels", 1) as advance:
        contents = [pictures.contents[i] for i in chosen]
        logits = fit_probe(pictures.embeddings[chosen], targets, contents, SEED).held_out
        advance(1)
    probabilities = softmax(logits / np.float32(fit_temperature(logits, targets))).astype(np.float64)
    suspicions = find_suspects(probabilities, targets, pictures.animal[chosen])
    return tuple(_finding(pictures.images[chosen[one.index]], one, labels) for one in suspicions), notes


def _finding(image: LibraryImage, one: Suspicion, labels: list[str]) -> Finding:
    figures = {"probability": one.probability, "own_probability": one.own_probability}
    return Finding(image, figures, None if one.answer is None else labels[one.answer])


def _learnable(pictures: _Pictures) -> tuple[list[str], tuple[str, ...]]:
    """The labels, sorted, that every fold can leave a picture out of, and what to say of the others."""
    different = defaultdict(set)
    for image, content in zip(pictures.images, pictures.contents, strict=True):
        if image.label is not None:
            different[image.label].add(content)
    enough = sorted(label for label, contents in different.items() if len(contents) >= FOLDS)
    few = ", ".join(sorted(different.keys() - set(enough)))
    notes = (f"Labels of fewer than {FOLDS} different pictures are not doubted: {few}.",) if few else ()
    if len(enough) > 1:
        return enough, notes
    return [], (*notes, "No label was doubted: it takes two labels of so many pictures to choose from.")
