"""What the API answers of the library, as far as this room uses it."""

from datetime import datetime

from frontend.answers import Answer, LibraryImage, Verdict


class LabelCounts(Answer):
    """Pictures of a label, or of none; those of no split are in `pictures` alone."""

    label: str | None
    pictures: int
    train: int
    val: int
    test: int

    def of(self, split: str | None) -> int:
        by_split = {"train": self.train, "val": self.val, "test": self.test}
        return self.pictures if split is None else by_split.get(split, 0)


class SourceCount(Answer):
    name: str
    pictures: int


class FindingCount(Answer):
    kind: str
    pictures: int


class Overview(Answer):
    """`total` pictures are in use; `excluded` ones and `invalid` files come on top."""

    task: str
    total: int
    labels: tuple[LabelCounts, ...]
    sources: tuple[SourceCount, ...]
    findings: tuple[FindingCount, ...]
    excluded: int
    invalid: int


class Listing(Answer):
    """`earlier` pictures lie before the first of `items`."""

    total: int
    earlier: int
    items: tuple[LibraryImage, ...]
    next_after: int | None
    previous_before: int | None


class Quality(Answer):
    sharpness: float
    brightness: float
    contrast: float
    saturation: float


class Finding(Answer):
    kind: str
    better: str | None


class KnownAnswer(Answer):
    """`agreement`: the share of the nearest labelled pictures that carry `label`."""

    label: str
    score: float
    verdict: Verdict
    agreement: float | None


class Details(LibraryImage):
    """`decided_until`: sent along with a decision on it."""

    split: str | None
    width: int
    height: int
    bytes: int
    format: str
    source: str
    aspect_ratio: float
    ingested_at: datetime
    excluded: bool
    quality: Quality | None
    findings: tuple[Finding, ...]
    duplicates: tuple[LibraryImage, ...]
    answer: KnownAnswer | None
    decided_until: int | None = None


class Catalogue(Answer):
    """`texts`: whether pictures can be sought by words."""

    texts: str
