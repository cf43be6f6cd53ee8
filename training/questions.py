"""The pictures that two models are asked about, and what is known of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from databases.places import Place
from training.dataset import Images
from training.errors import BadSource, NoPictures
from training.ingestion.sources import open_source


@dataclass(frozen=True)
class Question:
    """A picture where it lies. `name` can be shown; `expected` is its label, None where nobody knows it."""

    path: Place
    name: str
    expected: str | None


def from_library(images: Images) -> tuple[Question, ...]:
    return tuple(Question(one.place, one.uri, one.label) for one in images)


def from_paths(paths: Sequence[Path], labels: frozenset[str]) -> tuple[Question, ...]:
    """Files, and the pictures of folders and tables, each once. What holds a picture is its label, if it
    is one of `labels`.

    Raises:
        BadSource: there is no such file or folder.
        NoPictures: a folder has no picture.
    """
    found: dict[Place, Question] = {}
    for path in paths:
        for question in _of_path(path, labels):
            found.setdefault(question.path, question)
    if not found:
        raise NoPictures("no picture was named to compare on")
    return tuple(found.values())


def _of_path(path: Path, labels: frozenset[str]) -> list[Question]:
    if path.is_dir() or path.suffix.lower() == ".csv":
        return [
            _question(one.path, one.uri, (one.label, one.path.parent.name), labels)
            for one in open_source(path).candidates
        ]
    if not path.is_file():
        raise BadSource(f"there is no file or folder {path}")
    whole = path.absolute()
    return [_question(whole, str(path), (whole.parent.name,), labels)]


def _question(path: Place, name: str, candidates: tuple[str | None, ...], labels: frozenset[str]) -> Question:
    expected = next((one for one in candidates if one in labels), None)
    # Names on disk may be bytes that are no UTF-8: they are written as escapes.
    return Question(path, name.encode(errors="backslashreplace").decode(), expected)
