"""COCO annotations: a JSON file with `images`, `annotations` and `categories` (cocodataset.org/#format-data).

A picture's label is the category of its annotations. Where they disagree it is the one with the largest area
in all, and of several as large the one that the file lists first.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ValidationError

from databases.places import Place
from training.errors import BadSource
from training.ingestion.sources.found import SPLIT_FOLDERS
from training.ingestion.sources.listed import Listed, locate

Id = int | str


class Picture(BaseModel):
    id: Id
    file_name: str


class Annotation(BaseModel):
    image_id: Id
    category_id: Id
    area: float | None = None
    bbox: list[float] | None = None

    @property
    def extent(self) -> float:
        """In square pixels; 0 where the annotation has no outline."""
        if self.area is None and self.bbox is not None and len(self.bbox) == 4:
            return self.bbox[2] * self.bbox[3]
        return self.area or 0


class Category(BaseModel):
    id: Id
    name: str


class Coco(BaseModel):
    images: list[Picture]
    annotations: list[Annotation]
    categories: list[Category]


def read_coco(file: Place, inside: Path | None = None) -> list[Listed]:
    """The pictures that an annotation file lists, with a split where it lies in a folder of that name.

    They are looked for beside it and in the folders that data sets use; they must lie `inside` that folder
    where one is given.

    Raises:
        BadSource: it is no such file, its pictures are not to be found, or what one shows cannot be told.
    """
    coco = _parse(file)
    labels = {category.id: category.name for category in coco.categories}
    annotations = defaultdict(list)
    for annotation in coco.annotations:
        annotations[annotation.image_id].append(annotation)
    base = _base(file, coco.images, inside)
    split = SPLIT_FOLDERS.get(file.parent.name.lower())
    return [
        Listed(
            locate(picture.file_name, base, file, inside),
            _label(picture, annotations[picture.id], labels, file),
            split,
        )
        for picture in coco.images
    ]


def is_coco(file: Path) -> bool:
    """Whether a JSON file holds annotations of this kind."""
    try:
        _parse(file)
    except BadSource:
        return False
    return True


def _parse(file: Place) -> Coco:
    try:
        return Coco.model_validate_json(file.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "JSON"
        raise BadSource(f"{file} holds no COCO annotations: {where}: {first['msg']}") from None


def _label(picture: Picture, annotations: list[Annotation], labels: dict[Id, str], file: Place) -> str | None:
    extents = dict.fromkeys((a.category_id for a in annotations), 0.0)
    for annotation in annotations:
        extents[annotation.category_id] += annotation.extent
    if unknown := extents.keys() - labels.keys():
        raise BadSource(
            f"{file} has no category {unknown.pop()!r}, which {picture.file_name} is annotated with"
        )
    if not extents:
        return None
    if len(extents) > 1 and not any(extents.values()):
        names = " and ".join(sorted(labels[category] for category in extents))
        raise BadSource(
            f"{picture.file_name} is annotated with {names} in {file}, and no annotation has an area to tell "
            "which is meant"
        )
    return labels[max((category for category in labels if category in extents), key=lambda c: extents[c])]


def _base(file: Place, pictures: list[Picture], inside: Path | None) -> Place:
    """The folder that the file names of the pictures are relative to."""
    if not pictures:
        return file.parent
    bases = [base for base in _bases(file) if inside is None or Path(str(base)).is_relative_to(inside)]
    first = pictures[0].file_name
    for base in bases:
        if locate(first, base, file, inside).is_file():
            return base
    places = ", ".join(dict.fromkeys(str(base) for base in bases))
    raise BadSource(f"{first}, which {file} lists, lies in none of {places}")


def _bases(file: Place) -> Iterator[Place]:
    part = Path(file.name).stem.rpartition("_")[2]  # instances_val2017.json, beside a folder val2017
    for folder in (file.parent, file.parent.parent):
        yield folder
        yield from (folder / name for name in ("images", part, f"images/{part}"))
