"""What is tried on real pictures, by the tests as checks and by the benchmark as figures."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from backend.inference.bundle import load_bundle
from backend.inference.decoding import decode
from backend.inference.prediction import Predictor
from databases.settings import PROJECT
from training.cli.processes import started, wait_until_up
from training.starter import INT8_VERSION, VERSION


@dataclass(frozen=True)
class Place:
    """A database and a folder of bundles to try things in."""

    folder: Path

    @property
    def settings(self) -> dict[str, str]:
        return {
            "DATABASE_URL": f"sqlite:///{self.folder / 'images.db'}",
            "MENAGERIE_BUNDLES": str(self.folder / "bundles"),
            "MLFLOW_TRACKING_URI": f"sqlite:///{self.folder / 'mlflow.db'}",
        }

    @property
    def starter(self) -> Path:
        """The bundle that `menagerie starter`, with or without `--int8`, has left as the champion."""
        bundles = self.folder / "bundles"
        return next(path for name in (INT8_VERSION, VERSION) if (path := bundles / name).is_dir())

    def menagerie(self, *arguments: str) -> str:
        """Runs the program in a process of its own and returns what it printed; raises where it fails."""
        command = [sys.executable, "-m", "training.cli.main", *arguments]
        done = subprocess.run(
            command, cwd=PROJECT, env=os.environ | self.settings, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"menagerie {' '.join(arguments)} failed: {done.stderr}")
        return done.stdout


@dataclass(frozen=True)
class Api:
    """A service in a process of its own. `start_seconds`: from the process's start to `/readyz` answering
    200."""

    client: httpx.Client
    start_seconds: float
    process: subprocess.Popen[bytes]

    def predict(self, data: bytes, **params: Any) -> httpx.Response:
        return self.client.post("/predict", files={"file": ("picture", data)}, params=params)


@contextmanager
def serving(place: Place, port: int, settings: Mapping[str, str] | None = None) -> Iterator[Api]:
    """The API on `place`, at a local port, until the block ends."""
    base = f"http://127.0.0.1:{port}"
    environment = place.settings | {"MENAGERIE_PORT": str(port), "MENAGERIE_LOG_LEVEL": "warning"}
    begin = time.perf_counter()
    with started([sys.executable, "-m", "backend.api"], environment | dict(settings or {})) as process:
        wait_until_up("the API", process, f"{base}/readyz")
        took = time.perf_counter() - begin
        with httpx.Client(base_url=base, timeout=60, trust_env=False) as client:
            yield Api(client, took, process)


def files_of(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".csv")


@dataclass(frozen=True)
class Gate:
    """How well a bundle tells animals from other things."""

    auroc: float
    accuracy: float


def try_gate(bundle: Path, data: Path) -> Gate:
    """The starter on `animal-or-not`: by its probability of no animal, and by its verdict."""
    predictor = Predictor(load_bundle(bundle))
    paths = files_of(data / "animal-or-not")
    least = predictor.manifest.preprocessing.least
    answers = [predictor.predict([decode(path.read_bytes(), least=least).image])[0] for path in paths]
    animal = np.array([path.parent.name == "animal" for path in paths])
    said = np.array([answer.verdict != "not_an_animal" for answer in answers])
    score = np.array([1 - (answer.novelty or 0.0) for answer in answers])
    return Gate(float(roc_auc_score(animal, score)), float((said == animal).mean()))


def scores_of(answer: Mapping[str, Any]) -> dict[str, float]:
    return {entry["label"]: entry["score"] for entry in answer["top_k"]}


def spread_over_orientations(api: Api, data: Path) -> tuple[int, float]:
    """For the two scenes of `exif-orientation`: how many labels each got at most, and how far its scores
    differ."""
    labels, spread = 0, 0.0
    for scene in ("Landscape", "Portrait"):
        answers = [
            api.predict((data / "exif-orientation" / f"{scene}_{n}.jpg").read_bytes(), top_k=1000).json()
            for n in range(1, 9)
        ]
        labels = max(labels, len({answer["label"] for answer in answers}))
        scores = [scores_of(answer) for answer in answers]
        spread = max(
            spread, *(max(s[label] for s in scores) - min(s[label] for s in scores) for label in scores[0])
        )
    return labels, spread


def survive(api: Api, data: Path, *folders: str) -> tuple[int, int]:
    """Sends every file of `folders`; returns how many there are, and how many were answered properly."""
    paths, proper = [path for folder in folders for path in files_of(data / folder)], 0
    for path in paths:
        response = api.predict(path.read_bytes())
        refused = 400 <= response.status_code < 500 and bool(response.json()["code"])
        proper += response.status_code == 200 or refused
    if api.process.poll() is not None or api.client.get("/livez").status_code != 200:
        return len(paths), 0
    return len(paths), proper


def mixed_pictures(data: Path, count: int) -> list[Path]:
    """`count` decodable pictures spread over animals-8, big-cats, cats-dogs, serengeti and animal-or-not."""
    folders = ("animals-8", "big-cats", "cats-dogs", "serengeti", "animal-or-not")
    each = count // len(folders)
    return [path for name in folders for path in _spread(files_of(data / name), each)]


def _spread(paths: list[Path], count: int) -> list[Path]:
    return [paths[i * len(paths) // count] for i in range(count)]


def worst_difference(api: Api, module: Any, bundle: Path, paths: Iterable[Path]) -> float:
    """The largest difference of any label's probability, between torch's network and `/predict`."""
    import torch

    from backend.inference.preprocessing import preprocess

    manifest = load_bundle(bundle).manifest
    worst = 0.0
    for path in paths:
        data = path.read_bytes()
        image = decode(data, least=manifest.preprocessing.least).image
        images = torch.from_numpy(preprocess([image], manifest.preprocessing))
        with torch.inference_mode():
            logits, _, animal_logit = module(images)
            scores = torch.softmax(logits[0].double() / manifest.calibration.temperature, 0)
            if manifest.outputs.open_set:
                scores = scores * torch.sigmoid(animal_logit[0].double())
        trained: NDArray[np.float64] = scores.numpy()
        served = scores_of(api.predict(data, top_k=1000).json())
        expected = dict(zip(manifest.labels, trained.tolist(), strict=True))
        worst = max(worst, *(abs(expected[label] - score) for label, score in served.items()))
    return worst


def resident_mb(api: Api) -> float:
    """Of the service's process, in 10**6 bytes."""
    return resident_mb_of(api.process)


def resident_mb_of(process: subprocess.Popen[bytes]) -> float:
    told = Path(f"/proc/{process.pid}/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) / 1000 for line in told.splitlines() if line.startswith("VmRSS"))


def cpu_ms(api: Api) -> float:
    """What the service's process has used so far, in all its threads."""
    threads = Path(f"/proc/{api.process.pid}/task").glob("*/schedstat")
    return sum(int(thread.read_text(encoding="utf-8").split()[0]) for thread in threads) / 1e6


def median_latency_ms(api: Api, paths: Iterable[Path]) -> float:
    """One client, one request after the other, milliseconds from sending to the whole answer."""
    times = []
    for path in paths:
        data = path.read_bytes()
        begin = time.perf_counter()
        api.predict(data).raise_for_status()
        times.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times)
