"""Work spread over the cores of a cluster by Ray Data, its results in the order of what was to be done."""

import pickle
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, TypeVar

import ray
import ray.data
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from backend.inference.errors import InferenceError
from databases.errors import DatabaseError
from training.cluster.attempts import Attempts
from training.errors import ClusterUnavailable, TrainingError

Item = TypeVar("Item")
Result = TypeVar("Result")

# Of a piece of work whose machine or process was lost. What is lost so often takes them along.
MOST_ATTEMPTS = 4
# What a task does, and a lost machine repeats: so many items at most, and a part of a core's even share.
MOST_AT_ONCE = 16
PART = 5
NUMBER, ITEMS, RESULTS, FAILED = "number", "items", "results", "failed"
# What a command tells in one line. Anything else is a bug, and comes with its traceback.
FORESEEN = (TrainingError, InferenceError, DatabaseError, OSError)


def spread(work: Callable[[Item], Result], items: Sequence[Item]) -> Generator[Result, None, None]:
    """`work` on each of `items`, one a core, on all machines; the results in their order, as they come.

    `work` and the items are pickled. What a lost machine was at is done again by another one.

    Raises:
        ClusterUnavailable: every process that began some of the work was lost.
        Exception: what `work` raised, for the first item that it did so for.
    """
    if not items:
        return
    # One row a block: a block is what a task gets, and what is repeated where a machine is lost.
    rows = [
        {NUMBER: number, ITEMS: pickle.dumps(piece)}
        for number, piece in enumerate(_pieces(items, int(ray.cluster_resources().get("CPU", 1))))
    ]
    dataset = ray.data.from_items(rows, override_num_blocks=len(rows))
    dataset.context.execution_options.preserve_order = True
    dataset.context.enable_progress_bars = False
    dataset.context.print_on_execution_start = False
    # Tasks and no actors: an actor of a lost machine waits, with what it was at, for a place that may never
    # be there again, while a task goes wherever a core is free, on machines that join later too.
    done = dataset.map(_perform, fn_kwargs={"work": work, "attempts": _count_attempts()}, num_cpus=1)
    for batch in done.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
        for results, failed in zip(batch[RESULTS], batch[FAILED], strict=True):
            yield from pickle.loads(results.as_py())
            if failed.as_py() is not None:
                raise pickle.loads(failed.as_py())


def _pieces(items: Sequence[Item], cores: int) -> Iterator[Sequence[Item]]:
    """Large pieces first, for a core waits about 0.2 s between two; small ones at the end, so that all cores
    end at once (guided self-scheduling: Polychronopoulos and Kuck 1987)."""
    start = 0
    while start < len(items):
        size = min(MOST_AT_ONCE, max(1, (len(items) - start) // (PART * cores)))
        yield items[start : start + size]
        start += size


def _perform(row: dict[str, Any], work: Callable[[object], object], attempts: Any) -> dict[str, object]:
    """In a worker."""
    results: list[object] = []
    try:
        if ray.get(attempts.begin.remote(row[NUMBER])) > MOST_ATTEMPTS:
            raise ClusterUnavailable(
                f"{MOST_ATTEMPTS} processes of the cluster died at the same work: out of memory, as a rule; "
                "to go on, run the same command again"
            )
        for item in pickle.loads(row[ITEMS]):
            results.append(work(item))  # noqa: PERF401  what is done before one fails counts
    except FORESEEN as error:
        return {RESULTS: pickle.dumps(results), FAILED: pickle.dumps(error)}
    return {RESULTS: pickle.dumps(results), FAILED: None}


def _count_attempts() -> Any:
    """Beside the command, so that no other machine takes it along."""
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return ray.remote(Attempts).options(num_cpus=0, scheduling_strategy=here).remote()
