"""The library's embeddings under a model: what `/similar` searches, and what a probe learns from."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.bundles.places import Bundles, bundle_folder
from backend.gallery.asking import Gallery
from backend.gallery.opening import open_gallery
from backend.inference.bundle import load_bundle
from backend.inference.cpu import available_cpus
from backend.inference.manifest import read_manifest
from backend.inference.runtime import Raw
from databases import answers, embeddings
from databases.library import LibraryImage
from databases.pgvector_index import keep_index
from databases.registry import RegisteredModel
from training.answering import chunks, read_answers, run_over
from training.errors import TrainingError
from training.progress import Advance, Progress
from training.running import Runner, run_here


def index(
    engine: Engine,
    bundles: Bundles,
    model: RegisteredModel,
    task: str,
    progress: Progress,
    only: Sequence[LibraryImage] | None = None,
    run: Runner = run_here,
) -> int:
    """Embeds the pictures of a task that have no embedding under `model` yet; returns how many.

    `only`: no others than these. Those known under another model with the same embedder are copied. What the
    model answers to the others is kept too, where the task is its own: it was run for them anyway. Committed
    in chunks: run it again after a kill.
    """
    with Session(engine) as session:
        lacking = embeddings.unembedded(session, model.id, task)
    if only is not None:
        wanted = {image.id for image in only}
        lacking = [image_id for image_id in lacking if image_id in wanted]
    if not lacking:
        return 0
    with progress.track("Embedding pictures", len(lacking)) as advance:
        if left := _copy_known(engine, model, lacking, advance):
            bundle = load_bundle(bundle_folder(bundles, model.bundle_uri))
            for images, raw in run_over(engine, bundle, left, run):
                with Session(engine) as session, session.begin():
                    embeddings.put_embeddings(session, model.id, _vectors(images, raw))
                    if task == model.task:
                        answers.put_answers(session, model.id, read_answers(bundle, images, raw))
                advance(len(images))
    return len(lacking)


def open_model_gallery(engine: Engine, bundles: Bundles, model: RegisteredModel) -> Gallery:
    """The gallery of a model, with what a search of it needs made, or brought up to date, here: so that no
    service has to wait for that."""
    keep_index(engine, model.id)
    size = read_manifest(bundle_folder(bundles, model.bundle_uri)).outputs.embedding_size
    return open_gallery(engine, model, size, None, available_cpus())


def read_features(
    engine: Engine, model: RegisteredModel, images: Sequence[LibraryImage]
) -> NDArray[np.float32]:
    """Embeddings float32 [n, embedding_size] of `images`, in their order.

    Raises:
        TrainingError: one is not indexed.
    """
    with Session(engine) as session:
        vectors = embeddings.vectors_of(session, model.id, [image.id for image in images])
    if missing := [image.file_name for image in images if image.id not in vectors]:
        raise TrainingError(f"{missing[0]} has no embedding under {model.version}; run: menagerie index")
    return np.stack([np.frombuffer(vectors[image.id], "<f4") for image in images])


def _copy_known(engine: Engine, model: RegisteredModel, lacking: list[int], advance: Advance) -> list[int]:
    """Copies what is known under another model; returns the others."""
    left = []
    for chunk in chunks(lacking):
        with Session(engine) as session, session.begin():
            copied = embeddings.copy_embeddings(session, model.id, chunk)
        left += [image_id for image_id in chunk if image_id not in copied]
        advance(len(copied))
    return left


def _vectors(images: Sequence[LibraryImage], raw: Raw) -> dict[int, tuple[str, bytes]]:
    rows = raw.embedding.astype("<f4")
    return {image.id: (image.sha256, row.tobytes()) for image, row in zip(images, rows, strict=True)}
