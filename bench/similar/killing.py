"""Kills who writes the index, at any moment, and asks the next one."""

import random
import signal
import subprocess
import sys
import time

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session

from bench.peers.searching import Task, tell
from bench.similar.asking import nearest_rows, opened, seconds_to_open
from bench.similar.filling import Library
from bench.similar.mixing import BIG, SEED, Crowd
from databases.models import Image
from databases.schema import open_for_writing
from databases.settings import PROJECT

RELABELLED = (0.3, 0.6)  # the shares of all pictures, in turn: an update, and an index made anew
QUERIES = 40
OPEN = """
import sys
from pathlib import Path
from bench.similar.asking import opened
print("opening", flush=True)
opened(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
"""


def right_after_kills(library: Library, crowd: Crowd, kills: int) -> int:
    """Relabels pictures, kills the process that takes that up at a moment spread by chance over the time
    that it takes, and counts how often the next one's answers are those of brute force."""
    chance, numbers = random.Random(SEED), np.random.default_rng(SEED)
    labels = crowd.labels
    seconds_to_open(library)
    took = [_relabel_and_open(library, crowd, labels, share, numbers) for share in RELABELLED]
    right = 0
    for number in range(kills):
        kind = number % len(RELABELLED)
        _relabel(library, crowd, labels, RELABELLED[kind], numbers)
        command = [sys.executable, "-c", OPEN, library.url, str(library.folder), str(library.dimensions)]
        with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(chance.uniform(0, took[kind]))
            process.send_signal(signal.SIGKILL)
        right += _is_right(library, crowd, labels)
        tell(f"killed {number + 1} times, right after {right}")
    return right


def _relabel_and_open(
    library: Library,
    crowd: Crowd,
    labels: NDArray[np.int16],
    share: float,
    numbers: np.random.Generator,
) -> float:
    _relabel(library, crowd, labels, share, numbers)
    return seconds_to_open(library)


def _relabel(
    library: Library,
    crowd: Crowd,
    labels: NDArray[np.int16],
    share: float,
    numbers: np.random.Generator,
) -> None:
    """Gives a share of the pictures one another's labels, in the database and in `labels`."""
    rows = numbers.choice(len(labels), round(share * len(labels)), replace=False)
    labels[rows] = labels[numbers.permutation(rows)]
    names = crowd.names
    engine = open_for_writing(library.url)
    query = update(Image.__table__).where(Image.id == bindparam("row")).values(label=bindparam("name"))  # type: ignore[arg-type]
    with Session(engine) as session, session.begin():
        pairs = zip(rows.tolist(), labels[rows].tolist(), strict=True)
        session.connection().execute(query, [{"row": row + 1, "name": names[label]} for row, label in pairs])
    engine.dispose()


def _is_right(library: Library, crowd: Crowd, labels: NDArray[np.int16]) -> bool:
    queries, right = crowd.queries[:QUERIES], True
    gallery = opened(library.url, library.folder, library.dimensions)
    for name in (BIG, crowd.names[-1]):
        members = np.flatnonzero(labels == crowd.names.index(name))
        answers = [nearest_rows(gallery, query, name) for query in queries]
        strangers = {row for rows in answers for row in rows} - set(members.tolist())
        right &= not strangers and Task(crowd.vectors, members, queries).recall(answers) == 1
    gallery.close()
    return right
