"""What a source was found to hold."""

from collections import Counter
from dataclasses import dataclass, field

from databases.places import Place

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"}
    | {".heic", ".heif", ".hif"}
)

SPLIT_FOLDERS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}

UNNAMEABLE = "with a name that is no UTF-8"


@dataclass(frozen=True)
class Candidate:
    """A file that should be a picture. `uri` is relative to the source's root; `split` where a folder gave
    it."""

    path: Place
    uri: str
    label: str | None
    split: str | None


@dataclass(frozen=True)
class Source:
    """What was found: `given_splits` are those that came as folders, `passed_over` counts other files by
    suffix; `unnameable` are the pictures among them, whose names no database can hold."""

    root: Place
    candidates: list[Candidate]
    given_splits: frozenset[str] = frozenset()
    passed_over: Counter[str] = field(default_factory=Counter)
    unnameable: list[Candidate] = field(default_factory=list)
