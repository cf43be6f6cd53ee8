"""A process of its own tells MLflow; nobody waits for it in vain."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient

from tests.tiny_bundle import make_bundle
from tests.training.conftest import MLFLOW_IS_OLD
from tests.training.making import Told
from training.errors import Interrupted
from training.progress import Silent
from training.recipe import Recipe
from training.tracking.messages import Begun, Epoch, Promoted, Published, Track, telling_of, untracked
from training.tracking.settings import TrackingSettings
from training.tracking.telling import tracking

pytestmark = pytest.mark.filterwarnings(MLFLOW_IS_OLD)

BEGUN = Begun("colours", "f" * 64, {"train": 18}, Recipe().to_yaml(), None)


def stop_after_an_epoch(track: Track) -> None:
    with telling_of(track, BEGUN):
        track(Epoch({"epoch": 1, "val_loss": 0.5}))
        raise Interrupted("stopped")


@pytest.fixture(autouse=True)
def _switched_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MENAGERIE_TRACKING", "on")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")


@pytest.fixture
def deaf() -> Iterator[socket.socket]:
    """A server that takes every request and never answers, until it is closed."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server


@pytest.fixture
def deaf_server(deaf: socket.socket) -> str:
    """The URI of a server that takes every request and never answers."""
    return f"http://me:secret@127.0.0.1:{deaf.getsockname()[1]}"


@pytest.fixture
def no_server() -> str:
    """The URI of a port where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://me:secret@127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(("variable", "value"), [("MENAGERIE_TRACKING", "off"), ("RANK", "1")])
def test_nobody_is_told_where_it_is_switched_off_or_another_process_does_it(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    for name in ("WORLD_SIZE", "LOCAL_WORLD_SIZE", "RANK"):
        monkeypatch.setenv(name, "2" if name != "RANK" else "0")
    monkeypatch.setenv(variable, value)
    with tracking(Silent()) as track:
        assert track is untracked


def test_where_nothing_was_said_no_store_is_made(tmp_path: Path) -> None:
    with tracking(Silent()):
        pass
    assert list(tmp_path.iterdir()) == []


def test_what_was_said_is_in_the_store_at_the_end(
    store: TrackingSettings, client: MlflowClient, bundles: Path
) -> None:
    assert store.file is not None
    told = Told()
    with tracking(told) as track:
        with pytest.raises(Interrupted):
            stop_after_an_epoch(track)
        track(Promoted(str(make_bundle(bundles))))
    assert told.lines == []
    assert client.get_model_version_by_alias("colours", "champion").tags["version"] == "colours-1"
    experiment = client.get_experiment_by_name("colours")
    assert experiment is not None
    found = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    stopped = found["efficientnet_lite0 probe"]
    assert (stopped.info.status, stopped.data.metrics) == ("KILLED", {"val_loss": 0.5})


@pytest.mark.parametrize(("server", "reason"), [("no_server", "refused"), ("deaf_server", "timed out")])
def test_a_server_that_is_away_or_does_not_answer_costs_seconds_and_one_line(
    server: str, reason: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, bundles: Path
) -> None:
    uri: str = request.getfixturevalue(server)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    told = Told()
    with tracking(told) as track:
        track(BEGUN)
        track(Published(str(make_bundle(bundles))))
    (line,) = told.lines
    assert line.startswith(f"warning: MLflow at {uri.replace('me:secret@', '')} was not told (")
    assert reason in line
    assert "secret" not in line


def test_who_trains_waits_for_no_server(
    deaf: socket.socket, deaf_server: str, monkeypatch: pytest.MonkeyPatch, bundles: Path
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", deaf_server)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "30")
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    told = Told()
    with tracking(told) as track:
        track(BEGUN)
        for number in range(1, 3001):
            track(Epoch({"epoch": number, "val_loss": 0.5}))
        track(Published(str(make_bundle(bundles))))
        deaf.close()  # a call that waited for an answer would have waited for all of the 30 seconds
    (line,) = told.lines
    assert "timed out" not in line
