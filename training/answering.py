"""What a model answers to the library's own pictures, and what their neighbours say of that: where people
should look first."""

import itertools
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.bundles.places import Bundles, bundle_folder
from backend.gallery.asking import Gallery
from backend.gallery.neighbours import Neighbours, neighbours
from backend.inference.bundle import Bundle, load_bundle
from backend.inference.prediction import Prediction, Predictor
from backend.inference.runtime import Raw
from databases import answers, library
from databases.answers import Judged, NewAnswer
from databases.library import LibraryImage
from databases.registry import RegisteredModel
from training.errors import TrainingError
from training.progress import Advance, Progress
from training.running import Ran, Runner, run_here

Thing = TypeVar("Thing")
CHUNK = 256


def answer_library(
    engine: Engine,
    bundles: Bundles,
    model: RegisteredModel,
    task: str,
    progress: Progress,
    run: Runner = run_here,
) -> int:
    """Asks a model about the pictures of a task that it has not answered to yet; returns how many.

    Committed in chunks: run it again after a kill.
    """
    with Session(engine) as session:
        lacking = answers.unanswered(session, model.id, task)
    if lacking:
        bundle = load_bundle(bundle_folder(bundles, model.bundle_uri))
        with progress.track("Answering pictures", len(lacking)) as advance:
            _answer(engine, bundle, model, lacking, advance, run)
    return len(lacking)


def answer_some(
    engine: Engine,
    bundles: Bundles,
    model: RegisteredModel,
    image_ids: Collection[int],
    progress: Progress,
) -> None:
    """Asks a model about those of some pictures of its own task that it has not answered to yet."""
    with Session(engine) as session:
        lacking = sorted(set(answers.unanswered(session, model.id, model.task)).intersection(image_ids))
    if lacking:
        bundle = load_bundle(bundle_folder(bundles, model.bundle_uri))
        with progress.track(f"Asking {model.version}", len(lacking)) as advance:
            _answer(engine, bundle, model, lacking, advance, run_here)


def _answer(
    engine: Engine,
    bundle: Bundle,
    model: RegisteredModel,
    image_ids: Sequence[int],
    advance: Advance,
    run: Runner,
) -> None:
    for images, raw in run_over(engine, bundle, image_ids, run):
        with Session(engine) as session, session.begin():
            answers.put_answers(session, model.id, read_answers(bundle, images, raw))
        advance(len(images))


def ask_neighbours(
    engine: Engine, gallery: Gallery, model: RegisteredModel, task: str, progress: Progress
) -> int:
    """Asks the ten nearest pictures of the library about each answer of a model of which nobody asked them
    yet, as `/predict` does; returns how many answers.

    What they said stays, though labels change later: the answers to come are asked about anew. Where no
    picture carries a label that the model knows, as in a library without labels, nobody is asked: no
    neighbour could say anything, and each index would ask all of them again. Committed in chunks.
    """
    with Session(engine) as session:
        speaking = not library.count_labels(session, task).keys().isdisjoint(model.labels)
        unjudged = answers.unjudged(session, model.id, task) if speaking else []
    with progress.track("Asking neighbours", len(unjudged)) as advance:
        for chunk in chunks(unjudged):
            told = {}
            for one in chunk:
                if (entry := gallery.find(one.image_id)) is not None:
                    near = neighbours(gallery, entry.vector, one.sha256)
                    if (judged := _judged(near, one.label, model.labels)) is not None:
                        told[one.image_id] = judged
                advance(1)
            with Session(engine) as session, session.begin():
                answers.put_agreements(session, model.id, told)
    return len(unjudged)


def _judged(near: Neighbours, label: str, known: Sequence[str]) -> Judged | None:
    agreement, most = near.agreement(label, known), near.majority(known)
    if agreement is None or most is None:
        return None
    return Judged(agreement, most.label, most.count, most.asked)


def read_answers(bundle: Bundle, images: Sequence[LibraryImage], raw: Raw) -> list[NewAnswer]:
    """A bundle's answers to `images`, from its raw outputs for them, as the service would give them."""
    said = Predictor(bundle).interpret(raw)
    return [new_answer(image.id, image.sha256, one) for image, one in zip(images, said, strict=True)]


def new_answer(image_id: int, sha256: str, said: Prediction) -> NewAnswer:
    """What a model says of a picture of the library, to be kept; `sha256`: of what it saw."""
    second, first = np.partition(said.scores, -2)[-2:]
    return NewAnswer(image_id, sha256, said.likeliest, said.score, float(first - second), said.verdict)


def keep_answers(engine: Engine, model: RegisteredModel, said: Iterable[NewAnswer]) -> None:
    """Keeps those answers of a model to its task's pictures that were not known yet."""
    with Session(engine) as session, session.begin():
        lacking = set(answers.unanswered(session, model.id, model.task))
        answers.put_answers(session, model.id, [one for one in said if one.image_id in lacking])


def run_over(engine: Engine, bundle: Bundle, image_ids: Sequence[int], run: Runner) -> Iterator[Ran]:
    """A bundle's raw outputs for the usable pictures among `image_ids`, in their order.

    One that is deleted while others are at work is left out.

    Raises: what `run` does, of a picture that the library still has.
    """
    left = image_ids
    while True:
        done = None
        try:
            for images, raw in run(bundle, find_chunks(engine, left)):
                yield images, raw
                done = images[-1].id
            return
        except TrainingError:
            left = left if done is None else left[left.index(done) + 1 :]
            there = [image.id for images in find_chunks(engine, left) for image in images]
            if len(there) == len(left):
                raise
            left = there


def find_chunks(engine: Engine, image_ids: Iterable[int]) -> Iterator[list[LibraryImage]]:
    """The usable pictures among `image_ids` in their order, at most 256 at a time, each time looked up when
    they are asked for."""
    for chunk in chunks(image_ids):
        with Session(engine) as session:
            found = library.find_images(session, chunk)
        if found:
            yield [found[image_id] for image_id in chunk if image_id in found]


def chunks(things: Iterable[Thing]) -> Iterator[list[Thing]]:
    """At most 256 at a time."""
    iterator = iter(things)
    while chunk := list(itertools.islice(iterator, CHUNK)):
        yield chunk
