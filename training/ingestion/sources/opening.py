"""Sources of any shape, opened."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from databases.places import Place, RemoteFile, parse_place
from training.errors import BadSource, NoPictures
from training.ingestion.sources.archives import Unpacking
from training.ingestion.sources.coco import is_coco, read_coco
from training.ingestion.sources.folders import Parts, is_hidden, scan
from training.ingestion.sources.found import PICTURE_SUFFIXES, SPLIT_FOLDERS, Source
from training.ingestion.sources.listed import Listed, gather
from training.ingestion.sources.members import archive_stem
from training.ingestion.sources.tables import is_table, read_table

LISTS = {".csv": read_table, ".json": read_coco}
SHAPES = "a folder of class folders nor a .csv table, COCO .json or archive"


def open_source(named: str | Path, unpacking: Unpacking | None = None) -> Source:
    """Finds the pictures of a folder, a table, COCO annotations or, where `unpacking` is given, an archive.

    Raises:
        BadSource: there is no such source, or it makes no sense.
        NoPictures: nothing in it looks like a picture.
        BadPlace, OSError: a URL is not allowed, or does not answer.
    """
    return open_sources([named], unpacking)[0]


def open_sources(named: Sequence[str | Path], unpacking: Unpacking | None = None) -> list[Source]:
    """Finds the pictures of several sources that belong together: one may give a split that others lack.

    Raises:
        BadSource, NoPictures, BadPlace, OSError: as `open_source` does.
    """
    places = [parse_place(str(name)) for name in named]
    sources = [_open(place, unpacking) for place in places]
    given = frozenset().union(*(source.given_splits for source in sources))
    return [_carvable(source, given, _needed(place)) for source, place in zip(sources, places, strict=True)]


def _needed(place: Place) -> set[str]:
    # A library that was written as a table may have held back no test pictures.
    return {"val"} if place.suffix.lower() == ".csv" else {"val", "test"}


def _carvable(source: Source, given: frozenset[str], needed: set[str]) -> Source:
    """Where a needed split was not given, the training pictures are left for it to be carved from."""
    if not source.given_splits:
        return source
    source = replace(source, given_splits=given)
    labelled = [candidate for candidate in source.candidates if candidate.label is not None]
    if given >= needed or not all(candidate.split for candidate in labelled):
        return source
    candidates = [replace(c, split=None) if c.split == "train" else c for c in source.candidates]
    return replace(source, candidates=candidates)


def _open(place: Place, unpacking: Unpacking | None) -> Source:
    if isinstance(place, Path) and place.is_dir():
        source = scan(place.resolve())
    elif isinstance(place, Path) and not place.exists():
        raise BadSource(f"there is no folder {place}")
    else:
        source = _open_file(place, unpacking)
    if not source.candidates:
        raise NoPictures(f"no picture in {place}: expected one folder a label with pictures in it")
    return source


def _open_file(place: Place, unpacking: Unpacking | None) -> Source:
    if isinstance(place, Path) and not place.is_file():  # a pipe would be waited for without end
        raise BadSource(f"{place} is neither {SHAPES}")
    reader = LISTS.get(place.suffix.lower())
    if reader is not None:
        place = place.resolve() if isinstance(place, Path) else place
        return gather(reader(place), place)
    if archive_stem(place.name) and unpacking is not None:
        return _open_unpacked(unpacking.unpack(place).resolve())
    if isinstance(place, RemoteFile):
        return scan(place)
    raise BadSource(f"{place} is neither {SHAPES}")


def _open_unpacked(folder: Path) -> Source:
    """What an archive held: the pictures that its annotations or its table list, or else class folders."""
    wrapper = _wrapper(folder)
    top = folder.joinpath(*wrapper)
    annotated = [file for file in _annotations(top) if is_coco(file)]
    tables = [file for file in sorted(top.glob("*.csv")) if is_table(file)]
    if not annotated and not tables:
        return scan(folder, wrapper)
    listed: list[Listed] = []
    for file in annotated or tables:
        listed += (read_coco if annotated else read_table)(file, folder)
    return gather(listed, (annotated or tables)[0], folder)


def _wrapper(folder: Path) -> Parts:
    """The folders that hold all the others, such as archives often begin with."""
    wrapper: list[str] = []
    while True:
        visible = [entry for entry in folder.iterdir() if not is_hidden(entry.name)]
        folders = [entry for entry in visible if entry.is_dir()]
        suffixes = Counter(entry.suffix.lower() for entry in visible if not entry.is_dir())
        if len(folders) != 1 or suffixes.keys() & (PICTURE_SUFFIXES | LISTS.keys()):
            return tuple(wrapper)
        folder = folders[0]
        if not any(entry.is_dir() or entry.suffix.lower() in LISTS for entry in folder.iterdir()):
            return tuple(wrapper)  # a label
        wrapper.append(folder.name)


def _annotations(top: Path) -> list[Path]:
    splits = [entry for entry in top.iterdir() if entry.name.lower() in SPLIT_FOLDERS]
    folders = [folder for folder in (top, top / "annotations", *sorted(splits)) if folder.is_dir()]
    return [file for folder in folders for file in sorted(folder.glob("*.json"))]
