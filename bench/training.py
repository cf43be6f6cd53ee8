"""The training studio on real pictures: what each method reaches, what its scores are worth, how fast it is.

MENAGERIE_DATA=... make bench-training
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench import honesty, trials
from bench.epochs import compare_epochs
from bench.report import Row, measure
from bench.splits import try_splits
from bench.trials import Place
from databases.engine import open_engine
from training.networks.efficientnet_lite0 import EfficientNetLite0

FINETUNE = ("--preset", "balanced")


@dataclass(frozen=True)
class Result:
    """What a training came to: where its bundle lies, its accuracy on test, and the seconds it took."""

    bundle: Path
    accuracy: float
    seconds: float


def _rows(data: Path, temporary: Path) -> Iterator[Row]:
    yield from _eight_animals(data, Place(temporary / "animals-8"))
    yield from _cats_and_dogs(data, Place(temporary / "cats-dogs"))


def _cats_and_dogs(data: Path, place: Place) -> Iterator[Row]:
    place.menagerie("ingest", str(data / "cats-dogs"))
    for architecture in ("simple_cnn", "deep_cnn"):
        result = _train(place, "--arch", architecture, "--epochs", "15")
        yield Row(
            f"cats-dogs: {architecture} from scratch, test accuracy", result.accuracy, "", 0.5, "higher"
        )
    probe = _train(place)
    yield Row("cats-dogs: probe, test accuracy", probe.accuracy, "", 0.98, "higher")
    tuned = _train(place, *FINETUNE)
    yield Row("cats-dogs: finetune, test accuracy", tuned.accuracy, "", probe.accuracy, "higher")


def _eight_animals(data: Path, place: Place) -> Iterator[Row]:
    place.menagerie("ingest", str(data / "animals-8"))
    engine = open_engine(place.settings["DATABASE_URL"])
    probe, tuned = _train(place), _train(place, *FINETUNE)
    best = max((tuned, probe), key=lambda result: result.accuracy)
    yield Row("animals-8: best of probe and finetune, test accuracy", best.accuracy, "", 0.97, "higher")
    yield Row("animals-8: both trainings", probe.seconds + tuned.seconds, "s", 600, "lower")
    splits = try_splits(engine, "animals-8")
    yield Row("animals-8: probe, test accuracy, mean over ten splits", splits.mean, "", 0.97, "higher")
    yield Row(
        "animals-8: probe, calibration error over the ten's answers",
        splits.calibration_error,
        "",
        0.03,
        "lower",
    )
    yield Row("animals-8: probe, false refusals over the ten's", splits.false_refusals, "", 0.05, "lower")
    unknown = data / "animal-or-not" / "other"
    for name, result in (("probe", probe), ("finetune", tuned)):
        error = honesty.calibration_error(engine, result.bundle)
        yield Row(f"animals-8: {name}, expected calibration error on test", error, "", 0.03, "lower")
        falsely, others = honesty.try_refusals(engine, result.bundle, unknown)
        yield Row(f"animals-8: {name}, novelty of other things, AUROC", others.area.value, "", 0.95, "higher")
        yield Row(f"animals-8: {name}, false refusals", falsely.value, "", 0.05, "lower")
    quick = _train(place, "--int8")
    picture = trials.files_of(data / "animals-8")[0]
    latency = honesty.against_torch(EfficientNetLite0(), quick.bundle, picture)
    yield Row("one picture: torch eager against what serves", latency.times_faster, "x", 5, "higher")
    epochs = compare_epochs(engine, "animals-8", data / "animals-8")
    yield Row(
        "an epoch of finetune --unfreeze 10, the plain loop's share",
        epochs.ours / epochs.plain,
        "",
        1,
        "lower",
    )
    engine.dispose()


def _train(place: Place, *options: str) -> Result:
    bundles = place.folder / "bundles"
    before = set(bundles.glob("*/manifest.json")) if bundles.is_dir() else set()
    begin = time.perf_counter()
    place.menagerie("train", *options)
    seconds = time.perf_counter() - begin
    new = set(bundles.glob("*/manifest.json")) - before
    (manifest,) = (path for path in new if not path.parent.name.startswith("starter"))
    return Result(manifest.parent, json.loads(manifest.read_text())["metrics"]["accuracy"], seconds)


if __name__ == "__main__":
    measure("training", _rows)
