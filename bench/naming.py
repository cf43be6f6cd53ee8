"""How often the starter names what photographs of other collections show: animals that ImageNet has too."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from backend.inference.bundle import load_bundle
from backend.inference.decoding import decode
from backend.inference.errors import UnreadableImage
from backend.inference.prediction import Predictor
from bench import trials

FOLDERS = ("animals-8", "big-cats", "cats-dogs")
# What ImageNet has of a kind: the first and the last of each run of its labels. Others go by their own name.
KINDS = {
    "butterfly": [("admiral", "lycaenid")],
    "cat": [("tabby", "Egyptian cat")],
    "dog": [("Chihuahua", "Mexican hairless")],
    "elephant": [("tusker", "tusker"), ("Indian elephant", "African elephant")],
    "horse": [("sorrel", "zebra")],
    "monkey": [("orangutan", "indri")],
    "sheep": [("ram", "bighorn")],
    "spider": [("harvestman", "tick")],
}


def share_named(bundle: Path, data: Path, *, every: int = 1) -> tuple[float, int]:
    """Of how many photographs the likeliest label is of the right kind, as a share, and how many there are;
    one of so many is looked at."""
    predictor = Predictor(load_bundle(bundle))
    least = predictor.manifest.preprocessing.least
    right = count = 0
    for path, labels in _photographs(predictor.manifest.labels, data, every):
        try:
            image = decode(path.read_bytes(), least=least).image
        except UnreadableImage:
            continue
        right += predictor.predict([image])[0].label in labels
        count += 1
    return right / count, count


def _photographs(names: Sequence[str], data: Path, every: int) -> Iterator[tuple[Path, set[str]]]:
    for folder in FOLDERS:
        for path in trials.files_of(data / folder)[::every]:
            kind = path.parent.name
            runs = KINDS.get(kind, [(kind, kind)])
            spans = [names[names.index(first) : names.index(last) + 1] for first, last in runs]
            yield path, {name for span in spans for name in span}
