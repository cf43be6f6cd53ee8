"""The pictures that models are asked about, and what is known of them."""

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from PIL import Image

from backend.inference.cpu import available_cpus
from backend.inference.decoding import decode
from backend.inference.errors import UnreadableImage
from databases.places import Place
from training.dataset import Images
from training.errors import BadSource, NoPictures
from training.escaping import in_one_line
from training.ingestion.sources import Candidate, open_source
from training.ingestion.sources.folders import scan_to_ask

BATCH = 8  # decoded pictures in memory at a time: one may have 200 MB


@dataclass(frozen=True)
class Question:
    """A picture where it lies. `name` can be shown; `expected` is its label, None where nobody knows it.
    `image_id`: the library's, of a picture that was taken from there."""

    path: Place
    name: str
    expected: str | None
    image_id: int | None = None

    @property
    def written(self) -> str:
        """The whole path, in one line."""
        return in_one_line(str(self.path))


@dataclass(frozen=True)
class Opened:
    """A picture that was read: upright, RGB. `sha256`: of its file."""

    question: Question
    image: Image.Image
    sha256: str


@dataclass(frozen=True)
class Unreadable:
    """A picture that nobody could be asked about, and why."""

    name: str
    reason: str


def from_library(images: Images) -> tuple[Question, ...]:
    return tuple(Question(one.place, one.uri, one.label, one.id) for one in images)


def from_paths(paths: Sequence[Path], labels: frozenset[str]) -> tuple[Question, ...]:
    """Files, and the pictures of folders and tables, each once. What holds a picture is its label, if it
    is one of `labels`. Those of a folder are named from there; of several, with it.

    Raises:
        BadSource: there is no such file or folder.
        NoPictures: a folder has no picture.
    """
    found: dict[Place, Question] = {}
    for path in paths:
        for question in _of_path(path, labels, alone=len(paths) == 1):
            found.setdefault(question.path, question)
    if not found:
        raise NoPictures("no picture was named")
    return tuple(found.values())


def open_all(questions: Sequence[Question], least: int) -> Iterator[list[Opened | Unreadable]]:
    """Reads the pictures on all cores, in their order, at most 8 at a time; `least` as for `decode`."""
    read = partial(_open, least=least)
    with ThreadPoolExecutor(available_cpus()) as pool:
        for start in range(0, len(questions), BATCH):
            yield list(pool.map(read, questions[start : start + BATCH]))


def _open(question: Question, least: int) -> Opened | Unreadable:
    try:
        data = question.path.read_bytes()
        return Opened(question, decode(data, least=least).image, hashlib.sha256(data).hexdigest())
    except UnreadableImage as error:
        return Unreadable(question.name, str(error))
    except OSError as error:
        return Unreadable(question.name, error.strerror or type(error).__name__)


def _of_path(path: Path, labels: frozenset[str], *, alone: bool) -> list[Question]:
    if path.is_dir() or path.suffix.lower() == ".csv":
        within = "" if alone or not path.is_dir() else f"{path}/"
        return [
            _question(one.path, within + one.uri, (one.label, one.path.parent.name), labels)
            for one in _candidates(path)
        ]
    if not path.is_file():
        raise BadSource(f"there is no file or folder {path}")
    whole = path.absolute()
    return [_question(whole, str(path), (whole.parent.name,), labels)]


def _candidates(path: Path) -> list[Candidate]:
    with suppress(NoPictures):  # here nobody needs one folder a label, nor names that a database can hold
        source = scan_to_ask(path.resolve()) if path.is_dir() else open_source(path)
        if found := source.candidates + source.unnameable:
            return found
    raise NoPictures(f"there is no picture in {path}")


def _question(path: Place, name: str, candidates: tuple[str | None, ...], labels: frozenset[str]) -> Question:
    expected = next((one for one in candidates if one in labels), None)
    return Question(path, in_one_line(name), expected)
