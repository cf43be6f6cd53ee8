"""Work on two nodes: in order, and whole where one of them is lost."""

import os
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.training.cluster.conftest import RAY_IS_OLD, Joined, kill
from training.errors import BadSource

pytest.importorskip("ray", reason="Ray is not installed here: make test-cluster")
pytestmark = RAY_IS_OLD


def note(log: Path, seconds: float, number: int) -> tuple[int, str]:
    """Leaves a line whenever it is called; tells on which node."""
    import ray

    with log.open("a") as file:
        file.write(f"{number}\n")
    time.sleep(seconds)
    return number, ray.get_runtime_context().get_node_id()


def refuse_seven(number: int) -> int:
    if number == 7:
        raise BadSource("seven is no source")
    return number


def end_the_process(number: int) -> None:
    del number
    os._exit(1)


def test_results_come_in_order_from_both_nodes(cluster: Any, second_node: Joined, tmp_path: Path) -> None:
    from training.cluster.connection import connected
    from training.cluster.spreading import spread

    with second_node(), connected(cluster.address):
        done = list(spread(partial(note, tmp_path / "log", 0.1), range(20)))
    assert [number for number, _ in done] == list(range(20))
    assert len({node for _, node in done}) == 2


def test_a_node_that_is_killed_midway_loses_nothing_and_repeats_little(
    cluster: Any, second_node: Joined, tmp_path: Path
) -> None:
    from training.cluster.connection import connected
    from training.cluster.spreading import spread

    log = tmp_path / "log"
    with second_node() as node, connected(cluster.address):
        results = spread(partial(note, log, 0.1), range(40))
        done = [next(results) for _ in range(12)]
        kill(cluster, node)
        done += results
    assert [number for number, _ in done] == list(range(40))
    assert len({where for _, where in done}) == 2
    times = Counter(log.read_text().split())
    assert times.keys() == {str(number) for number in range(40)}
    assert sum(times.values()) - 40 <= 4


def test_a_foreseen_error_reaches_the_command_as_it_was(cluster: Any) -> None:
    from training.cluster.connection import connected
    from training.cluster.spreading import spread

    with connected(cluster.address):
        results = spread(refuse_seven, range(40))
        assert [next(results) for _ in range(7)] == list(range(7))
        with pytest.raises(BadSource, match="seven is no source"):
            next(results)


def test_work_that_ends_every_process_that_does_it_ends_the_command_in_one_line(cluster: Any) -> None:
    from training.cluster.connection import connected
    from training.cluster.spreading import spread
    from training.errors import ClusterUnavailable

    with (
        connected(cluster.address),
        pytest.raises(ClusterUnavailable, match="4 processes of the cluster died at the same work"),
    ):
        list(spread(end_the_process, [1]))
