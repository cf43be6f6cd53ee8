"""Work spread over the cores of a cluster by Ray Data, its results in the order of what was to be done."""

import pickle
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeVar

import ray
import ray.data
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from backend.inference.errors import InferenceError
from databases.errors import DatabaseError
from training.errors import ClusterUnavailable, TrainingError

Item = TypeVar("Item")
Result = TypeVar("Result")

# Of a piece of work whose machine or process was lost. What is lost so often takes them along.
MOST_ATTEMPTS = 4
NUMBER, ITEM, RESULT, FAILED = "number", "item", "result", "failed"
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
    rows = [{NUMBER: number, ITEM: pickle.dumps(item)} for number, item in enumerate(items)]
    dataset = ray.data.from_items(rows, override_num_blocks=len(rows))
    dataset.context.execution_options.preserve_order = True
    dataset.context.enable_progress_bars = False
    dataset.context.print_on_execution_start = False
    # Tasks and no actors: an actor of a lost machine waits, with what it was at, for a place that may never
    # be there again, while a task goes wherever a core is free, on machines that join later too.
    done = dataset.map(_perform, fn_kwargs={"work": work, "attempts": _count_attempts()}, num_cpus=1)
    for batch in done.iter_batches(batch_size=None, batch_format="pyarrow", prefetch_batches=0):
        for result, failed in zip(batch[RESULT], batch[FAILED], strict=True):
            value = pickle.loads(result.as_py())
            if failed.as_py():
                raise value
            yield value


def _perform(row: dict[str, Any], work: Callable[[object], object], attempts: Any) -> dict[str, object]:
    """In a worker."""
    try:
        if ray.get(attempts.begin.remote(row[NUMBER])) > MOST_ATTEMPTS:
            raise ClusterUnavailable(
                f"{MOST_ATTEMPTS} processes of the cluster died at the same work: out of memory, as a rule; "
                "to go on, run the same command again"
            )
        return {RESULT: pickle.dumps(work(pickle.loads(row[ITEM]))), FAILED: False}
    except FORESEEN as error:
        return {RESULT: pickle.dumps(error), FAILED: True}


class Attempts:
    """How often which work was begun. Ray Data by itself would begin for ever what ends every process."""

    def __init__(self) -> None:
        self._begun: Counter[int] = Counter()

    def begin(self, number: int) -> int:
        self._begun[number] += 1
        return self._begun[number]


def _count_attempts() -> Any:
    """Beside the command, so that no other machine takes it along."""
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    return ray.remote(Attempts).options(num_cpus=0, scheduling_strategy=here).remote()
