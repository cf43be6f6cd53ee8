"""More models for the small library, and what they answered."""

from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from backend.inference.manifest import read_manifest
from databases import dataset_versions, library, registry
from databases.dataset_versions import Member
from databases.library import LibraryImage
from databases.models import Answer
from databases.registry import RegisteredModel
from tests.backend.api.conftest import TASK, Library
from tests.tiny_bundle import make_bundle

METRICS = {
    "split": "test",
    "pictures": 4,
    "accuracy": 0.75,
    "accuracy_interval": (0.3, 0.95),
    "macro_f1": 0.7,
    "log_loss": 0.5,
    "fingerprint": "f" * 64,
}


def add_model(small: Library, version: str, **changes: Any) -> RegisteredModel:
    """A tiny bundle of the library's task, registered as a candidate; `changes` replace manifest values."""
    manifest = read_manifest(make_bundle(small.bundles, version, **{"task": TASK} | changes))
    with Session(small.engine) as session, session.begin():
        return registry.register(session, manifest, manifest.recorded_metrics)


def keep_dataset(small: Library, *images: LibraryImage, task: str = TASK) -> str:
    """Keeps pictures, as they are, as a data set; returns its fingerprint."""
    members = [Member(image.sha256, str(image.label), str(image.split)) for image in images]
    with Session(small.engine) as session, session.begin():
        return dataset_versions.record(session, task, members)


def pictures(small: Library, split: str | None = None) -> list[LibraryImage]:
    with Session(small.engine) as session:
        return [image for image in library.task_images(session, TASK) if split in (None, image.split)]


def answer(small: Library, model: RegisteredModel, answers: dict[int, str]) -> None:
    """Writes down what a model answers to pictures of the library, by their ids."""
    shared = {"model_id": model.id, "score": 0.9, "verdict": "confident"}
    with Session(small.engine) as session, session.begin():
        found = library.find_images(session, list(answers))
        rows = [
            shared | {"image_id": id_, "sha256": found[id_].sha256, "label": label}
            for id_, label in answers.items()
        ]
        session.execute(insert(Answer), rows)


def write_report(small: Library, version: str, page: str) -> Path:
    folder = small.reports / version
    folder.mkdir(parents=True)
    (folder / "report.html").write_text(page, encoding="utf-8")
    (folder / "report.json").write_text('{"speed": {"median_ms": 12.5, "p95_ms": 20}}', encoding="utf-8")
    return folder
