"""The whole path on real pictures: training time and accuracy, the starter, the service.

MENAGERIE_DATA=... make bench
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from backend.listening import check_free
from bench import trials
from bench.report import Row, measure
from bench.trials import Place, serving
from training.cli.processes import LOCAL

PORT = 18_431
REPEATS = 5


def _rows(data: Path, temporary: Path) -> Iterator[Row]:
    yield from _path(data, temporary, "cats-dogs", most_seconds=90, least_accuracy=0.98)
    yield from _path(data, temporary, "animals-8", most_seconds=150, least_accuracy=0.96)
    place = Place(temporary / "starter")
    place.menagerie("starter")
    starter = place.folder / "bundles" / "starter-1"
    gate = trials.try_gate(starter, data)
    yield Row("starter on animal-or-not, AUROC", gate.auroc, "", 0.99, "higher")
    yield Row("starter on animal-or-not, accuracy of the verdict", gate.accuracy, "", 0.98, "higher")
    yield from _service(data, place, starter)
    command = [str(Path(sys.executable).with_name("menagerie")), "--help"]
    yield Row("menagerie --help, median", _median_seconds(command), "s", 0.5, "lower")
    yield from _serving_cats_and_dogs(data, Place(temporary / "cats-dogs"))


def _path(
    data: Path, temporary: Path, name: str, most_seconds: float, least_accuracy: float
) -> Iterator[Row]:
    """From nothing to a promoted model, the starter that it builds upon included."""
    place = Place(temporary / name)
    begin = time.perf_counter()
    told = place.menagerie("ingest", str(data / name))
    place.menagerie("train", "--strategy", "probe", "--promote")
    took = time.perf_counter() - begin
    yield Row(f"{name}: ingest + train + promote, wall", took, "s", most_seconds, "lower")
    manifest = json.loads((place.folder / "bundles" / f"{name}-1" / "manifest.json").read_text())
    yield Row(f"{name}: test accuracy", manifest["metrics"]["accuracy"], "", least_accuracy, "higher")
    silent = [path for path in _unloadable(data / name) if str(path.relative_to(data / name)) not in told]
    yield Row(f"{name}: files Pillow cannot load that go unreported", len(silent), "files", 0, "lower")


def _service(data: Path, place: Place, starter: Path) -> Iterator[Row]:
    from training.networks.efficientnet_lite0 import EfficientNetLite0, SpeciesNamer

    with serving(place, PORT) as api:
        paths = trials.mixed_pictures(data, 200)
        worst = trials.worst_difference(api, SpeciesNamer(EfficientNetLite0()), starter, paths)
        yield Row("torch's probabilities against /predict's, 200 pictures, worst", worst, "", 1e-4, "lower")
        labels, spread = trials.spread_over_orientations(api, data)
        yield Row("labels of one scene over 8 EXIF orientations", labels, "labels", 1, "lower")
        yield Row("scores of one scene over 8 EXIF orientations, spread", spread, "", 0.02, "lower")
        sent, proper = trials.survive(api, data, "hostile")
        yield Row("hostile files answered 200 or 4xx with a code", proper, f"of {sent}", sent, "higher")


def _serving_cats_and_dogs(data: Path, place: Place) -> Iterator[Row]:
    starts = []
    for _ in range(REPEATS):
        with serving(place, PORT) as api:
            starts.append(api.start_seconds)
    yield Row("API process to /readyz 200, median", sorted(starts)[REPEATS // 2], "s", 2.5, "lower")
    with serving(place, PORT) as api:
        paths = trials.files_of(data / "cats-dogs")[::6]
        trials.median_latency_ms(api, paths[:20])
        latency = trials.median_latency_ms(api, paths)
    yield Row("/predict, one client, cats-dogs, median", latency, "ms", 35, "lower")
    code = "import sys, backend.api.__main__; print(int('torch' in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    yield Row("API process with torch in sys.modules", int(loaded), "", 0, "lower")


def _unloadable(folder: Path) -> list[Path]:
    """Files that Pillow by itself cannot load: told apart without any code of ours."""
    bad = []
    for path in trials.files_of(folder):
        try:
            with Image.open(path) as image:
                image.load()
        except Exception:  # noqa: BLE001  whatever it raises, it could not load it
            bad.append(path)
    return bad


def _median_seconds(command: list[str]) -> float:
    times = []
    for _ in range(2 * REPEATS + 1):
        begin = time.perf_counter()
        subprocess.run(command, capture_output=True, check=True)
        times.append(time.perf_counter() - begin)
    return sorted(times)[REPEATS]


if __name__ == "__main__":
    check_free(LOCAL, PORT, others="PORT in bench/foundation.py")
    measure("foundation", _rows)
