"""Whichever of several workers Prometheus asks, it is told of all of them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from backend.api import worker_metrics
from backend.api.worker_metrics import VARIABLE
from databases.settings import PROJECT
from tests.backend.api.conftest import TASK, Library
from tests.backend.api.test_process import environment
from tests.drawing import picture
from tests.processes import free_port, running
from tests.tiny_bundle import write_manifest
from tests.waiting import SECONDS, wait_until

ANSWERS = 'menagerie_answers_total{verdict="confident",version="colours-1"}'
REQUESTS = 'menagerie_request_seconds_count{route="/predict",status="200"}'


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the workers keep their metrics."""
    folder = tmp_path / "metrics"
    folder.mkdir()
    monkeypatch.setenv(VARIABLE, str(folder))
    return folder


@pytest.fixture
def workers(small_library: Library, folder: Path, tmp_path: Path) -> Iterator[dict[str, int]]:
    """The addresses of two real processes, and their process ids."""
    prior = {"label_prior": (0.5, 0.25, 0.25)}
    write_manifest(small_library.bundles / "colours-1", "colours-1", TASK, prior)
    workers = {}
    with ExitStack() as stack:
        for name in ("one", "other"):
            port = free_port()
            settings = environment(small_library, port) | {VARIABLE: str(folder)}
            health = f"http://127.0.0.1:{port}/readyz"
            process = stack.enter_context(running(["backend.api"], settings, health, tmp_path / name))
            workers[f"http://127.0.0.1:{port}"] = process.pid
        yield workers


def metrics(base: str) -> dict[str, float]:
    told = httpx.get(f"{base}/metrics", timeout=SECONDS).text.splitlines()
    lines = [line for line in told if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def recent(told: dict[str, float]) -> float:
    return sum(value for name, value in told.items() if name.startswith("menagerie_label_recent"))


def test_each_of_two_processes_tells_of_both_and_one_that_ended_is_not_uncounted(
    workers: dict[str, int],
) -> None:
    one, other = workers
    for base, times in ((one, 60), (other, 40)):
        with httpx.Client(base_url=base, timeout=SECONDS) as client:
            for number in range(times):
                # None that the library holds: these are no sign of drift.
                client.post("/predict", files={"file": picture("red", 100 + number)})
    # A process counts a request when it has answered it: a moment later.
    wait_until(lambda: all(metrics(base)[REQUESTS] == 100 for base in workers))
    for base in workers:
        told = metrics(base)
        assert told[ANSWERS] == recent(told) == 100
        assert told['menagerie_stage_seconds_count{stage="infer"}'] == 100
        assert told["menagerie_waiting"] == 0
        assert told["menagerie_predictions_dropped_total"] == 0
        assert told['menagerie_label_share_expected{label="red",version="colours-1"}'] == 0.5
        # Neither alone has the hundred answers that are waited for.
        assert told['menagerie_label_drift{version="colours-1"}'] == pytest.approx(0.558, abs=1e-3)
        assert not any(name.startswith("process_") for name in told)
    worker_metrics.forget_worker(workers[other])
    told = metrics(one)
    assert (told[ANSWERS], recent(told)) == (100, 60)


def test_a_folder_that_is_none_is_one_line_at_the_start(small_library: Library, tmp_path: Path) -> None:
    settings = environment(small_library, free_port()) | {VARIABLE: str(tmp_path / "nowhere")}
    ended = subprocess.run(
        [sys.executable, "-m", "backend.api"],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        cwd=PROJECT,
        timeout=240,  # a busy machine takes its time
    )
    assert ended.returncode == 1
    assert ended.stderr == f"error: {VARIABLE}='{tmp_path / 'nowhere'}': there is no such folder\n"


def test_a_supervisor_has_a_folder_for_its_workers_while_they_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with worker_metrics.shared():
        assert Path(os.environ[VARIABLE]).is_dir()
        made = Path(os.environ[VARIABLE])
    assert VARIABLE not in os.environ
    assert not made.exists()


def test_what_workers_left_in_a_folder_of_ones_own_is_removed_and_nothing_else(folder: Path) -> None:
    for name in ("counter_17.db", "gauge_livesum_17.db", "histogram_17.db", "images.db", "counter_17.txt"):
        (folder / name).touch()
    with worker_metrics.shared():
        assert {path.name for path in folder.iterdir()} == {"images.db", "counter_17.txt"}
    assert os.environ[VARIABLE] == str(folder)
