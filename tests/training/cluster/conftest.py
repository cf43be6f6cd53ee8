"""Ray clusters of this machine alone: each node has processes of its own, as another machine would."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from tests.training.cli.conftest import environment as environment
from tests.training.cli.conftest import menagerie as menagerie
from tests.training.cli.conftest import run_process as run_process

# Calls that are getting old, most of them by Ray of itself.
RAY_IS_OLD = pytest.mark.filterwarnings("ignore:::ray")
Joined = Callable[[], AbstractContextManager[Any]]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    """A cluster of one node with one core, on which every test may work."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        cluster = Cluster()
        try:
            _patiently(lambda: cluster.add_node(num_cpus=1, include_dashboard=False, **MEMORY))
            yield cluster
        finally:
            cluster.shutdown()


@pytest.fixture
def second_node(cluster: Any) -> Joined:
    """A block in which the cluster has another node with one core; it may be killed meanwhile."""

    @contextmanager
    def joined() -> Iterator[Any]:
        node = _patiently(lambda: cluster.add_node(num_cpus=1, **MEMORY))
        try:
            yield node
        finally:
            if node in cluster.list_all_nodes():
                kill(cluster, node)

    return joined


def kill(cluster: Any, node: Any) -> None:
    """As by a power cut: nothing of it has time to say so."""
    cluster.remove_node(node, allow_graceful=False)


def _patiently(start: Callable[[], Any]) -> Any:
    """Ray gives a node half a minute to start, which on a busy machine is not enough."""
    for _ in range(4):
        try:
            return start()
        except Exception as error:  # noqa: BLE001 - Ray's has no name of its own
            last = error
    raise last


MEMORY = {"object_store_memory": 100 * 2**20}
