"""A search's trials on a cluster: each is a task of Ray's, begun wherever there are cores for it."""

from collections.abc import Iterator
from contextlib import contextmanager

import ray
from ray.exceptions import NodeDiedError, RayError, RayTaskError

from training.cluster.spreading import FORESEEN
from training.errors import ClusterUnavailable
from training.tuning.commands import taking_part
from training.tuning.plan import Plan
from training.tuning.prepared import Prepared
from training.tuning.study import open_study
from training.tuning.team import Death, Team
from training.tuning.worker import try_one

MOST_IN_A_ROW = 5  # deaths, for each of those that work at a time
FAREWELL = 10  # seconds


@contextmanager
def trials_there(plan: Plan, prepared: Prepared, jobs: int) -> Iterator[Team]:
    """Trials on the cluster that this process is connected to, `jobs` at a time, each with its share of the
    cores; killed where they outlast the block.

    All machines have to share the disk with the bundles: what trials read, their checkpoints and, but for a
    database, the journal lie there.
    """
    tasks = Tasks(plan, prepared, jobs)
    try:
        yield tasks
    finally:
        tasks.end()


class Tasks:
    """A team whose members are tasks of one trial."""

    def __init__(self, plan: Plan, prepared: Prepared, jobs: int) -> None:
        self._search = ray.put((plan, prepared))
        self._name = prepared.folder.name
        # None is begun again by Ray: whether a trial is, the study has to know.
        self._try = ray.remote(_try_one).options(num_cpus=_cores_for_each(jobs), max_retries=0)
        self._running: dict[ray.ObjectRef, str] = {}
        self._jobs = self._vacant = jobs
        self._begun = self._died_in_a_row = 0

    @property
    def busy(self) -> bool:
        return bool(self._running) or self._vacant > 0

    @property
    def hopeless(self) -> bool:
        return self._died_in_a_row >= MOST_IN_A_ROW * self._jobs

    def wait(self, seconds: float) -> list[Death]:
        for _ in range(self._vacant):  # only now is the study told of who died
            worker = f"{self._name}/{self._begun}"
            self._running[self._try.remote(self._search, worker)] = worker
            self._begun += 1
        self._vacant = 0
        deaths = []
        for ended in ray.wait(list(self._running), timeout=seconds)[0]:
            worker = self._running.pop(ended)
            if death := self._take(ended, worker):
                deaths.append(death)
        return deaths

    def end(self) -> None:
        for task in self._running:
            ray.cancel(task, force=True)
        if self._running:  # what lines their trials up again must not find them at work
            ray.wait(list(self._running), num_returns=len(self._running), timeout=FAREWELL)

    def _take(self, ended: "ray.ObjectRef", worker: str) -> Death | None:
        try:
            wanted = ray.get(ended)
        except RayTaskError:  # a bug, which comes with its traceback; no process died
            raise
        except RayError as error:
            self._vacant += 1
            self._died_in_a_row += 1
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            return Death(worker, reason, again=isinstance(error, NodeDiedError))
        if isinstance(wanted, Exception):
            raise wanted
        self._died_in_a_row = 0
        self._vacant += bool(wanted)
        return None


def _try_one(search: tuple[Plan, Prepared], worker: str) -> bool | Exception:
    """In a worker: the next trial; False where none is to begin, or else what a person has to mend."""
    plan, prepared = search
    if not prepared.folder.is_dir():
        return ClusterUnavailable(
            f"a machine of the cluster does not see {prepared.folder}: the folder of bundles has to lie on a "
            "disk that all of them share"
        )
    try:
        with taking_part(prepared.folder), open_study(plan) as study:
            return try_one(study, plan, prepared, worker)
    except FORESEEN as error:
        return error


def _cores_for_each(jobs: int) -> int:
    """No more than one machine has."""
    cores = [int(node["Resources"].get("CPU", 0)) for node in ray.nodes() if node["Alive"]]
    return max(1, min(max(cores, default=1), sum(cores) // jobs))
