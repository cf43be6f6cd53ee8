"""The metrics of several workers: each process writes its own to files in one folder, and any reads them all.

prometheus_client decides between this and numbers in memory as it is imported: the folder must stand in
PROMETHEUS_MULTIPROC_DIR before a worker starts. What tells of one process alone, such as its memory, is left
out then.
"""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import values
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from databases.settings import SettingsError

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
FILE = re.compile(r"(counter|histogram|summary|gauge_[a-z]+)_\d+\.db")


def are_shared() -> bool:
    """Whether this process is such a worker."""
    return values.ValueClass is not values.MutexValue


def of_all_workers() -> Collector:
    """Reads what all have counted, whenever it is asked.

    Raises:
        SettingsError: the variable names no folder.
    """
    folder = os.environ.get(VARIABLE, "")
    if not folder or not Path(folder).is_dir():
        raise SettingsError(f"{VARIABLE}={folder!r}: there is no such folder")
    collector: Collector = MultiProcessCollector(None, folder)  # type: ignore[no-untyped-call]
    return collector


@contextmanager
def shared() -> Iterator[None]:
    """For the supervisor: processes that are started within the block share their metrics, from zero on.

    They do so in the folder that the environment names, or else in one of their own, gone with the block.
    """
    named = os.environ.get(VARIABLE)
    if named:
        for path in Path(named).glob("*.db"):
            if FILE.fullmatch(path.name):  # of those who ran before
                path.unlink()
        yield
        return
    with tempfile.TemporaryDirectory(prefix="menagerie-metrics-", ignore_cleanup_errors=True) as folder:
        os.environ[VARIABLE] = folder
        try:
            yield
        finally:
            del os.environ[VARIABLE]


def forget_worker(pid: int) -> None:
    """For the supervisor, when a worker has ended: what waits in it is over, what it counted stays."""
    mark_process_dead(pid)  # type: ignore[no-untyped-call]
