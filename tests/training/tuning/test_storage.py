"""Where trials may be kept."""

import time
from pathlib import Path

import pytest
from optuna.trial import Trial
from sqlalchemy import Engine

from databases.errors import DatabaseUnavailable
from tests.postgresql import empty
from tests.training.tuning.conftest import Planner
from tests.training.tuning.test_study import run_trials
from training.errors import BadRecipe
from training.tuning import storage
from training.tuning.storage import check_storage
from training.tuning.study import choose, open_study


def test_sqlite_is_refused_where_several_processes_would_write(engine: Engine, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'trials.db'}"
    check_storage(url, 1, engine)
    with pytest.raises(BadRecipe, match=r"with --jobs 2: SQLite lets one process write at a time"):
        check_storage(url, 2, engine)


def test_the_librarys_own_database_is_refused(engine: Engine, database_url: str) -> None:
    with pytest.raises(BadRecipe, match="--storage names the library's own database"):
        check_storage(database_url, 1, engine)


@pytest.mark.parametrize("url", ["mysql://localhost/trials", "trials"])
def test_another_kind_of_database_is_refused(engine: Engine, url: str) -> None:
    with pytest.raises(DatabaseUnavailable, match=r"^--storage "):
        check_storage(url, 1, engine)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'trials.db'}"
    running: str = request.getfixturevalue("postgresql")
    empty(running)
    return running.replace("+psycopg", "")  # as people write it


def test_a_database_keeps_the_same_trials_as_the_journal(plan_for: Planner, url: str) -> None:
    first = run_trials(plan_for(trials=8, url=url), 4)
    assert run_trials(plan_for(trials=8, url=url))[:4] == first
    assert run_trials(plan_for(trials=8, url=url)) == run_trials(plan_for(trials=8))


def test_a_trial_of_a_machine_that_fell_silent_is_tried_again(
    plan_for: Planner, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "SILENT_SECONDS", 1)
    plan = plan_for(trials=3, url=url)

    def die(trial: Trial) -> float:
        choose(trial, plan.space)
        raise SystemExit

    with open_study(plan) as study, pytest.raises(SystemExit):
        study.optimize(die, n_trials=1)
    time.sleep(2.1)  # the database counts whole seconds
    chosen = run_trials(plan)
    with open_study(plan) as study:
        states = [trial.state.name for trial in study.trials]
    assert states == ["FAIL", "COMPLETE", "COMPLETE", "COMPLETE"]
    assert chosen.count(chosen[0]) == 2
