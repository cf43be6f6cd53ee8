"""What may be wrong with a picture, under stable codes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from databases import findings
from databases.library import LibraryImage
from training.errors import TrainingError


@dataclass(frozen=True)
class Kind:
    """Something that may be wrong. `judged`: by a network, and not by the pixels alone."""

    code: findings.Kind
    title: str
    meaning: str
    judged: bool = False


@dataclass(frozen=True)
class Finding:
    """A picture of which something may be wrong, and the `figures` that say so.

    `better`: a label that fits better than its own, where there is one.
    """

    image: LibraryImage
    figures: Mapping[str, float]
    better: str | None = None


@dataclass(frozen=True)
class Found:
    """All that was found of a kind, the worst first."""

    kind: Kind
    findings: tuple[Finding, ...]


SUSPECT = Kind(
    "suspect", "Labels that look wrong", "The picture shows another label, or none of them.", judged=True
)
NOT_AN_ANIMAL = Kind(
    "not_an_animal",
    "No animal",
    "The starter sees no animal, though it sees one in most pictures of that label.",
    judged=True,
)
OUTLIER = Kind("outlier", "Unlike all others", "No other picture of the task is much like it.", judged=True)
TWO_LABELS = Kind(
    "two_labels",
    "One picture, several labels",
    "What it shows, or the scene that it was taken in, lies under another label too.",
    judged=True,
)
BLURRY = Kind("blurry", "Blurry", "Nothing in it is sharp.")
DARK = Kind("dark", "Dark", "All of it is dark, so that little can be told apart.")
BRIGHT = Kind("bright", "Too bright", "All of it is light, so that little can be told apart.")
BLANK = Kind("blank", "Blank", "It is one plain surface.")
TINY = Kind("tiny", "Tiny", "It has so few pixels that a network is shown it enlarged.")
ODD_SHAPE = Kind("odd_shape", "Long and narrow", "It is so long that a network sees the smaller part of it.")
GRAYSCALE = Kind("grayscale", "Without colour", "It is black and white, or was taken by infrared light.")
KINDS = (
    SUSPECT,
    NOT_AN_ANIMAL,
    OUTLIER,
    TWO_LABELS,
    BLURRY,
    DARK,
    BRIGHT,
    BLANK,
    TINY,
    ODD_SHAPE,
    GRAYSCALE,
)


def parse_kinds(named: Iterable[str]) -> tuple[Kind, ...]:
    """Kinds by their codes, each once; several may stand between commas.

    Raises:
        TrainingError: there is no such code.
    """
    known: dict[str, Kind] = {kind.code: kind for kind in KINDS}
    codes = [code.strip() for text in named for code in text.split(",")]
    for code in codes:
        if code not in known:
            raise TrainingError(f"unknown finding {code!r}; there are: {', '.join(known)}")
    return tuple(known[code] for code in dict.fromkeys(codes))
