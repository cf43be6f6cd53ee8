"""Pictures found by likeness: how many of the first ten carry the right label, and what else finds as many.

Test pictures ask, train pictures answer; see `training.retrieval` for the measure. By it, a classic
recommender that predicts a label and draws from its pictures is as good as the prediction, and within that
label no order is better than another: there, likeness is for what no label says. So a head that is taught
the labels (`bench.contrastive`) gains only where no label is asked for, and loses what it was not taught:
that is measured too, and is why no bundle has one.

MENAGERIE_DATA=... python -m bench.retrieval
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from backend.inference.bundle import load_bundle
from bench.contrastive import try_head
from bench.report import Row, measure
from bench.trials import Place
from databases.engine import open_engine
from training.dataset import Images, load_dataset
from training.duplicates.perceptual_hash import BITS, perceptual_hash, to_bits
from training.evaluation import score
from training.pictures import read_picture
from training.progress import Silent
from training.retrieval import Judged, at_random, by_hash, joined, judge, of_label, shelve

DRAWS = 20
LEAST = {"animals-8": 0.90}  # mAP@10
TASKS = ("animals-8", "big-cats")
LEAST_SIDE = 128  # pixels that are kept of a picture whose hash is wanted

Bits = NDArray[np.bool_]


@dataclass(frozen=True)
class Compared:
    """What each way finds: by embedding over `all` labels and within the `predicted` one; drawn from the
    predicted one, `classic`; and `others`, by their name."""

    all: Judged
    predicted: Judged
    classic: Judged
    others: dict[str, Judged]


def rows(data: Path, temporary: Path) -> Iterator[Row]:
    """Two tasks, which are ingested and trained on below `temporary`, an existing folder."""
    for task in TASKS:
        place = Place(temporary / f"retrieval-{task}")
        place.menagerie("ingest", str(data / task))
        place.menagerie("train", "--strategy", "probe")
        yield from _ways(place, task)
        yield from _head(place, task)


def _ways(place: Place, task: str) -> Iterator[Row]:
    ways = compare(place, task)
    nearest, within = f"{task}: nearest, any label", f"{task}: nearest of the predicted label"
    least = LEAST.get(task, max(_precision(other) for other in ways.others.values()))
    yield Row(f"{nearest}, mAP@10", _precision(ways.all), "", least, "higher")
    yield Row(f"{within}, mAP@10", _precision(ways.predicted), "", _precision(ways.classic), "higher")
    for name, other in ways.others.items():
        yield Row(f"{task}: {name}, mAP@10", _precision(other), "", _precision(ways.all), "lower")
    least = max(_recall(other) for other in ways.others.values())
    yield Row(f"{nearest}, recall@10", _recall(ways.all), "", least, "higher")
    yield Row(f"{within}, recall@10", _recall(ways.predicted), "", _recall(ways.classic), "higher")
    for name, other in ways.others.items():
        yield Row(f"{task}: {name}, recall@10", _recall(other), "", _recall(ways.all), "lower")


def _head(place: Place, task: str) -> Iterator[Row]:
    engine = open_engine(place.settings["DATABASE_URL"])
    gain = try_head(engine, task)
    engine.dispose()
    over = f"{task}, five splits"
    yield Row(f"{over}: a head taught the labels, mAP@10", gain.head, "", gain.features, "higher")
    yield Row(f"{over}: the features, recall@10", gain.features_recall, "", gain.head_recall, "higher")
    what = f"{over}: the features, mAP@10 by labels that the head was not taught"
    yield Row(what, gain.features_finer, "", gain.head_finer, "higher")


def compare(place: Place, task: str) -> Compared:
    """Asks with the test pictures of a task, of which `place` has one bundle."""
    engine = open_engine(place.settings["DATABASE_URL"])
    dataset = load_dataset(engine, task)
    engine.dispose()
    bundle = load_bundle(place.folder / "bundles" / f"{task}-1")
    test = score(bundle, dataset.test, "test", Silent())
    train = score(bundle, dataset.train, "train", Silent())
    queries, gallery = shelve(dataset.test, dataset.train, bundle.manifest.labels)
    cosines = test.embedding @ train.embedding.T
    rng = np.random.default_rng(0)
    draws = [at_random(queries, gallery, rng) for _ in range(DRAWS)]
    hashes = zip(_hashes(dataset.test).items(), _hashes(dataset.train).values(), strict=True)
    others = {"drawn from all": joined([judge(draw, queries, gallery) for draw in draws])} | {
        f"order by {name}": judge(by_hash(asked, kept), queries, gallery) for (name, asked), kept in hashes
    }
    return Compared(
        all=judge(cosines, queries, gallery),
        predicted=judge(of_label(test.answers, gallery, cosines), queries, gallery),
        classic=judge(of_label(test.answers, gallery, draws[0]), queries, gallery),
        others=others,
    )


def _hashes(images: Images) -> dict[str, Bits]:
    """Bool [n, bits] of pictures, by the hash's name."""
    greys = [read_picture(image, LEAST_SIDE).convert("L") for image in images]
    flat = "0" * (BITS // 4)
    own = [perceptual_hash(np.asarray(grey)) or flat for grey in greys]
    return {"dHash": np.stack([_dhash(grey) for grey in greys]), "perceptual hash": to_bits(own)}


def _dhash(grey: Image.Image) -> Bits:
    """64 bits: whether it grows brighter from each ninth of a row to the next (Krawetz 2013, Kind of Like
    That)."""
    small = np.asarray(grey.resize((9, 8), Image.Resampling.LANCZOS))
    return np.asarray(small[:, 1:] > small[:, :-1]).ravel()


def _precision(judged: Judged) -> float:
    return float(judged.precision.mean())


def _recall(judged: Judged) -> float:
    return float(judged.found.mean())


if __name__ == "__main__":
    measure("retrieval", rows)
