"""Where each engine ends, and how many machines the steps take."""

import math

from backend.gallery.scanning import COMPARED_ALL
from docs.scaling import galleries, library, serving
from docs.scaling.costs import Costs
from docs.scaling.machines import FILLED, GALLERIES, LARGE, RATES, SMALL, USED
from docs.scaling.markdown import Table, count, duration, number, size

GIGABIT = 1e9 / 8
# PostgreSQL's max_connections where nobody sets it, less superuser_reserved_connections.
CONNECTIONS = 100 - 3
# Of a worker beside one a core: who follows the gallery, and who writes predictions.
OTHER_CONNECTIONS = 2
LONG = 86_400.0  # seconds that something may take that is done now and then
SOON = 1.0
COUNTED_MS = f"{galleries.POSTGRESQL}: counted anew, a core's time"
SHARED_MS = "/predict, of that the thread that all requests of a process share"
SQLITE_WRITES, POSTGRESQL_WRITES = (
    f"{name}: predictions written, 500 a transaction" for name in ("SQLite", "PostgreSQL")
)


def limits_table(costs: Costs) -> Table:
    return Table(["what", "ends at"], [*_of_requests(costs), *_of_pictures(costs)])


def _of_requests(costs: Costs) -> list[list[str]]:
    answered = USED * SMALL.cores / costs[serving.PREDICT] * 1000
    large = USED * SMALL.cores / costs[serving.PREDICT_LARGE] * 1000
    shared = 1000 / costs[SHARED_MS]
    connected = CONNECTIONS // (SMALL.cores + OTHER_CONNECTIONS)
    filled = FILLED * SMALL.disk / costs[serving.ROW] / max(RATES)
    return [
        [f"the cores of a small machine, {USED:.0%} of them used", f"{number(answered)} answers a second"],
        ["the same, photographs", f"{number(large)} answers a second"],
        ["one process, by the thread that all its requests share", f"{number(shared)} answers a second"],
        ["a link of 1 Gbit/s, photographs", f"{number(GIGABIT / costs[serving.SENT_LARGE] / 1000)} a second"],
        ["SQLite's one writer, 500 predictions a transaction", f"{number(costs[SQLITE_WRITES])} a second"],
        ["one client that writes to PostgreSQL, the same", f"{number(costs[POSTGRESQL_WRITES])} a second"],
        [f"PostgreSQL's {CONNECTIONS} connections", f"{connected} small machines that serve"],
        [f"a small machine's disk, predictions of {max(RATES):,} a second", duration(filled)],
    ]


def _of_pictures(costs: Costs) -> list[list[str]]:
    sqlite = galleries.sqlite(costs, galleries.INDEXED).memory / galleries.INDEXED
    postgresql = galleries.postgresql(costs, galleries.INDEXED).memory / galleries.INDEXED
    fitted = FILLED * LARGE.memory / library.fitting_memory(1)
    ends = {
        f"SQLite: the index in a {SMALL.name} machine's memory": FILLED * SMALL.memory / sqlite,
        f"SQLite: the index in a {LARGE.name} machine's memory": FILLED * LARGE.memory / sqlite,
        "SQLite: all are compared, nothing is missed": COMPARED_ALL,
        "PostgreSQL: the graph made in the memory that the code asks for": library.graph_in_memory(costs),
        f"PostgreSQL: the graph in a {SMALL.name} machine's memory": FILLED * SMALL.memory / postgresql,
        f"PostgreSQL: the graph in a {LARGE.name} machine's memory": FILLED * LARGE.memory / postgresql,
        "PostgreSQL: pictures counted within a second after a change": _counted(costs),
        "look-alikes by embedding, a day of one core": math.sqrt(LONG / library.by_embedding(costs, 1)),
        "look-alikes by hash, a day of one core": 10**9 * math.sqrt(LONG / library.by_hash(costs, 10**9)),
        f"the probe's features in a {LARGE.name} machine's memory": fitted,
    }
    return [[what, f"{number(end)} pictures"] for what, end in ends.items()]


def _counted(costs: Costs) -> float:
    return galleries.MEASURED * SOON / (costs[COUNTED_MS] / 1000)


def machines_table(costs: Costs) -> Table:
    """Machines for both together, from the least to the most."""
    columns = [_machines(costs, *step) for step in zip(RATES, GALLERIES, strict=True)]
    heads = [f"{rate:,}/s, {count(n)} pictures" for rate, n in zip(RATES, GALLERIES, strict=True)]
    return Table(["", *heads], [[what, *(column[what] for column in columns)] for what in columns[0]])


def _machines(costs: Costs, rate: int, pictures: int) -> dict[str, str]:
    """Photographs. The fewest are searched beside SQLite, by the service itself."""
    busy = rate * costs[serving.PREDICT_LARGE] / 1000
    if alone := pictures == GALLERIES[0]:
        busy += rate * galleries.sqlite(costs, pictures).search_ms / 1000
    stored = pictures * costs[serving.SENT_LARGE] * 1000
    embedding = pictures * costs[library.INDEX_MS] / 1000
    return {
        "small machines that serve": f"{SMALL.holding(cores=busy)} ({galleries.cores(busy)})",
        "machines of the database": "the same" if alone else _database(costs, rate, pictures),
        "the photographs": "on the same disk" if alone else f"a store of {size(stored)}",
        "small machines that embed all in a day": f"{SMALL.holding(cores=embedding / LONG)}",
    }


def _database(costs: Costs, rate: int, pictures: int) -> str:
    needs = galleries.postgresql(costs, pictures)
    busy = galleries.shard_cores(costs, pictures, rate)
    machines = LARGE.holding(cores=busy, memory=needs.memory, disk=needs.disk)
    return f"{machines} large ({galleries.cores(busy)})"
