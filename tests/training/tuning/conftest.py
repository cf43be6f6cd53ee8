"""Searches on drawn colours whose test pictures cannot be read: whoever looked at one would fail."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.drawing import draw_class_folders
from tests.training.learning.conftest import small_weights as small_weights
from tests.training.making import take_in
from training.dataset import Dataset, load_dataset
from training.progress import Silent
from training.tuning.outcome import Outcome, read_outcome
from training.tuning.plan import Plan, make_plan
from training.tuning.prepared import prepare
from training.tuning.space import make_space
from training.tuning.study import open_study
from training.tuning.worker import try_one
from training.workshop import Workshop

# Trained from nothing in a second or two, with one value to choose.
QUICK: dict[str, object] = {
    "architectures": ["simple_cnn"],
    "recipe": {"epochs": 3},
    "search": {"learning_rate": {"low": 1e-5, "high": 0.01, "log": True}},
}
Planner = Callable[..., Plan]
Searcher = Callable[[Plan], Outcome]


@pytest.fixture
def dataset(engine: Engine, tmp_path: Path) -> Dataset:
    take_in(engine, draw_class_folders(tmp_path / "colours", per_label=8))
    dataset = load_dataset(engine, "colours")
    assert dataset.test
    for image in dataset.test:
        Path(image.root_uri, image.uri).unlink()
    return dataset


@pytest.fixture
def plan_for(dataset: Dataset, bundles: Path) -> Planner:
    """A plan in a space that differs from the quick one by `changes`."""

    def make(trials: int = 3, name: str | None = None, url: str | None = None, **changes: Any) -> Plan:
        return make_plan(bundles, dataset, make_space(QUICK | changes, "the test"), trials, name, url)

    return make


@pytest.fixture
def search_here(engine: Engine, bundles: Path, tmp_path: Path) -> Searcher:
    """Runs the trials of a plan in this process."""

    def run(plan: Plan) -> Outcome:
        folder = tmp_path / "prepared"
        folder.mkdir()
        prepared = prepare(Workshop(engine, bundles, Silent()), plan.dataset, plan.space, folder)
        with ExitStack() as stack:
            study = stack.enter_context(open_study(plan))
            while try_one(study, plan, prepared, "here/0"):
                pass
            return read_outcome(study, plan)

    return run
