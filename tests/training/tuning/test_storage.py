"""Where trials may be kept."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from databases.errors import DatabaseUnavailable
from tests.training.tuning.conftest import Planner
from tests.training.tuning.test_study import run_trials
from training.errors import BadRecipe
from training.tuning.storage import check_storage


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


def test_a_database_keeps_the_same_trials_as_the_journal(plan_for: Planner, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'trials.db'}"
    first = run_trials(plan_for(trials=8, url=url), 4)
    assert run_trials(plan_for(trials=8, url=url))[:4] == first
    assert run_trials(plan_for(trials=8, url=url)) == run_trials(plan_for(trials=8))
