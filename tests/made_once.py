"""What takes seconds to make, made once for all workers of pytest-xdist."""

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest


def made_once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that `make` has filled, in whichever worker came first: the others wait for it. Not to be
    written to."""
    base = tmp_path_factory.getbasetemp()
    # A worker's own folder lies in that of the whole run, beside those of the others.
    shared = base.parent if base.name.startswith("popen-") else base
    folder, made = shared / name, shared / f"{name}.made"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of one that failed
            folder.mkdir()
            make(folder)
            made.touch()
    return folder
