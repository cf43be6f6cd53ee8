"""The slow things of this room, made once: the starter, a probe trained on drawn colours, an empty store."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from databases.schema import open_for_writing
from tests.drawing import draw_class_folders
from tests.made_once import made_once
from tests.training.samples.serving import Site, serving
from training.cli.preparation import prepare_task
from training.cli.state import State
from training.progress import Silent
from training.starter import build_starter
from training.tracking.settings import TrackingSettings

if TYPE_CHECKING:
    from mlflow import MlflowClient

# Calls of SQLAlchemy that are getting old, made by MLflow.
MLFLOW_IS_OLD = "ignore::DeprecationWarning:mlflow"
PICTURES = "Drawn Colours"


@dataclass(frozen=True)
class Colours:
    """What `demo --images` left behind: a library of drawn colours and the probe that was trained on it."""

    pictures: Path
    database_url: str
    state: State
    task: str


@pytest.fixture(scope="session")
def starter_bundles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of bundles that holds the starter. Not to be written to."""

    def make(folder: Path) -> None:
        build_starter(folder, Silent())

    return made_once(tmp_path_factory, "starter", make)


@pytest.fixture
def bundles_with_starter(starter_bundles: Path, bundles: Path) -> Path:
    """A folder of bundles of the test's own that begins with the starter."""
    return Path(shutil.copytree(starter_bundles, bundles))


@pytest.fixture(scope="session")
def colours(starter_bundles: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Colours]:
    """A probe that tells drawn colours apart, prepared as `demo --images` does it. Not to be changed."""

    def make(folder: Path) -> None:
        pictures = draw_class_folders(folder / PICTURES, per_label=10)
        shutil.copytree(starter_bundles, folder / "state" / "bundles")
        state = _state_in(folder / "state")
        (folder / "task").write_text(prepare_task(state, pictures))
        state.engine.dispose()

    made = made_once(tmp_path_factory, "colours", make)
    # A state of this worker's own: a service may be started on it. The pictures lie where they were ingested.
    own = Path(shutil.copytree(made / "state", tmp_path_factory.mktemp("colours") / "state"))
    state = _state_in(own)
    yield Colours(made / PICTURES, str(state.engine.url), state, (made / "task").read_text())
    state.engine.dispose()


def _state_in(folder: Path) -> State:
    engine = open_for_writing(f"sqlite:///{folder / 'images.db'}")
    return State(engine, folder / "bundles", folder / "reports")


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MLflow's store with nothing in it. Not to be written to."""
    from mlflow import MlflowClient

    def make(folder: Path) -> None:
        MlflowClient(f"sqlite:///{folder / 'mlflow.db'}").search_experiments()

    return made_once(tmp_path_factory, "mlflow", make) / "mlflow.db"


@pytest.fixture
def store(empty_store: Path, tmp_path: Path) -> TrackingSettings:
    """A store of the test's own."""
    return TrackingSettings(
        MLFLOW_TRACKING_URI=f"sqlite:///{shutil.copy(empty_store, tmp_path / 'mlflow.db')}"
    )


@pytest.fixture
def client(store: TrackingSettings) -> "MlflowClient":
    from mlflow import MlflowClient

    return MlflowClient(store.uri)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A server of the test's own to download from."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving() as site:
        yield site
