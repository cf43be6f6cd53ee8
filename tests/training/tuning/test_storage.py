"""Where trials may be kept."""

import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import pytest
from optuna.trial import Trial
from sqlalchemy import Engine

from databases.errors import DatabaseUnavailable
from tests.postgresql import empty, stopped
from tests.training.tuning.conftest import Planner
from tests.training.tuning.test_study import run_trials
from training.errors import BadRecipe
from training.progress import Silent
from training.tuning import storage
from training.tuning.plan import Plan
from training.tuning.prepared import Prepared
from training.tuning.search import search
from training.tuning.storage import check_storage, opened
from training.tuning.study import choose, open_study
from training.tuning.team import Member, Processes, Team
from training.workshop import Workshop


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


def test_several_machines_may_begin_at_once(postgresql: str, tmp_path: Path) -> None:
    empty(postgresql)
    at_once = Barrier(4)

    def begin(machine: int) -> None:
        at_once.wait()
        with opened(tmp_path / str(machine), postgresql, lambda *_: None):
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(begin, range(4)))


def test_a_database_that_does_not_answer_is_told(plan_for: Planner) -> None:
    url = "postgresql://me:secret@127.0.0.1:9/trials"
    with pytest.raises(DatabaseUnavailable, match=r"postgresql\+psycopg://me:\*\*\*@127.* does not answer: "):
        run_trials(plan_for(url=url))


def lose_a_trial(plan: Plan) -> None:
    """Its process dies, and is silent for more than a second."""

    def die(trial: Trial) -> float:
        choose(trial, plan.space)
        raise SystemExit

    with open_study(plan) as study, pytest.raises(SystemExit):
        study.optimize(die, n_trials=1)
    time.sleep(2.1)  # the database counts whole seconds


def test_a_trial_of_a_machine_that_fell_silent_is_tried_again(
    plan_for: Planner, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "SILENT_SECONDS", 1)
    plan = plan_for(trials=3, url=url)
    lose_a_trial(plan)
    chosen = run_trials(plan)
    with open_study(plan) as study:
        states = [trial.state.name for trial in study.trials]
    assert states == ["FAIL", "COMPLETE", "COMPLETE", "COMPLETE"]
    assert chosen.count(chosen[0]) == 2


def test_the_last_trial_of_a_machine_that_fell_silent_is_lined_up_by_the_same_command(
    plan_for: Planner, postgresql: str, monkeypatch: pytest.MonkeyPatch, engine: Engine, bundles: Path
) -> None:
    empty(postgresql)
    monkeypatch.setattr(storage, "SILENT_SECONDS", 1)
    plan = plan_for(trials=1, url=postgresql)
    lose_a_trial(plan)
    hired: list[int] = []

    @contextmanager
    def nobody(_: Plan, __: Prepared, jobs: int) -> Iterator[Team]:
        hired.append(jobs)
        yield Processes([Member("done", ended, ours)])

    context = multiprocessing.get_context("spawn")
    ours, _ = context.Pipe(duplex=False)
    ended = context.Process(target=print)
    ended.start()
    ended.join()
    search(Workshop(engine, bundles, Silent()), plan, jobs=1, seconds=None, hire=nobody)
    assert hired == [1]
    with open_study(plan) as study:
        assert [trial.state.name for trial in study.trials] == ["FAIL", "WAITING"]


def test_a_database_that_goes_away_during_a_search_is_told(plan_for: Planner, postgresql: str) -> None:
    empty(postgresql)
    with (
        pytest.raises(
            DatabaseUnavailable, match=r"^the trials' database .* does not answer any more: .* run the"
        ),
        open_study(plan_for(url=postgresql)) as study,
        stopped(postgresql),
    ):
        study.set_user_attr("known", 1)
