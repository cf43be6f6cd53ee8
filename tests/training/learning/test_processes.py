"""What torchrun says of the processes that it starts."""

import pytest

from training.learning.processes import Processes, restarts_in_vain

STARTED = {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_WORLD_SIZE": "2"}


def test_without_torchrun_there_is_one_process() -> None:
    assert Processes.of_environment() == Processes(rank=0, all=1, local=1, job=None)


@pytest.mark.parametrize(
    ("said", "job"),
    [({}, None), ({"TORCHELASTIC_RUN_ID": "none"}, None), ({"TORCHELASTIC_RUN_ID": "a"}, "a")],
)
def test_a_job_is_known_by_the_name_that_it_was_given(
    said: dict[str, str], job: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (STARTED | said).items():
        monkeypatch.setenv(name, value)
    processes = Processes.of_environment()
    assert processes == Processes(rank=3, all=4, local=2, job=job)
    assert (processes.nodes, processes.first) == (2, False)


def test_restarts_are_counted_where_torchrun_does(monkeypatch: pytest.MonkeyPatch) -> None:
    counts = {"TORCHELASTIC_RESTART_COUNT": "1", "TORCHELASTIC_MAX_RESTARTS": "3"}
    for name, value in (STARTED | counts).items():
        monkeypatch.setenv(name, value)
    processes = Processes.of_environment()
    assert (processes.restarts, processes.most_restarts) == (1, 3)


@pytest.mark.parametrize(
    ("restarts", "shared", "in_vain"), [("0", "True", False), ("3", "True", True), ("3", "False", False)]
)
def test_restarts_that_would_find_what_was_before_are_told(
    restarts: str, shared: str, in_vain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TORCHELASTIC_MAX_RESTARTS", restarts)
    monkeypatch.setenv("TORCHELASTIC_USE_AGENT_STORE", shared)
    assert restarts_in_vain() == in_vain
