"""Ways to search 10^9 embeddings, of which only the first is made of what there is."""

from docs.scaling import galleries
from docs.scaling.costs import Costs
from docs.scaling.galleries import DIMENSIONS, cores
from docs.scaling.machines import GALLERIES, LARGE, RATES
from docs.scaling.markdown import Table, number, size

PICTURES, RATE = GALLERIES[-1], RATES[-1]
FAISS, DISKANN = "faiss, codes of 20 bytes", "DiskANN, SIFT1B"
DISKANN_CORES = 16
# What lies on disk for DiskANN: a byte a number, as our own index keeps, and the graph's links of 4 bytes.
LINKS = 64
# Of the vectors that were published about; ours have ten times as many numbers.
THEIR_DIMENSIONS = 128


def billion_table(costs: Costs) -> Table:
    heading = ["way", "memory", "disk", "large machines", f"{RATE:,} searches a second", "finds the nearest"]
    return Table(heading, [_pgvector(costs), _cells(costs), _faiss(costs), _diskann(costs)])


def _pgvector(costs: Costs) -> list[str]:
    needs, busy = galleries.postgresql(costs, PICTURES), galleries.shard_cores(costs, PICTURES, RATE)
    return _row("pgvector in shards", needs.memory, needs.disk, busy, "not measured at that size")


def _cells(costs: Costs) -> list[str]:
    """The index beside SQLite, each machine with its part, which it probes as it would alone."""
    needs = galleries.sqlite(costs, PICTURES)
    parts = LARGE.holding(memory=needs.memory)
    busy = RATE * parts * needs.search_ms / 1000
    return _row("our cells in shards", needs.memory, needs.disk, busy, "not measured at that size")


def _faiss(costs: Costs) -> list[str]:
    """Its vectors have 96 numbers; codes of as many bytes say less of ours."""
    busy = RATE * costs[f"{FAISS}: a search, one thread"] / 1000
    found = f"{100 * costs[f'{FAISS}: the nearest is first']:.0f} % (Deep1B)"
    vectors = galleries.sqlite(costs, PICTURES).disk
    return _row("product quantisation", costs[f"{FAISS}: memory"] * 1e9, vectors, busy, found)


def _diskann(costs: Costs) -> list[str]:
    """Time in proportion to the numbers of a vector, which is what is computed with."""
    times = DIMENSIONS / THEIR_DIMENSIONS
    busy = times * RATE * DISKANN_CORES / costs[f"{DISKANN}: searches on {DISKANN_CORES} cores"]
    found = f"{100 * costs[f'{DISKANN}: the nearest is first']:.0f} % (SIFT1B)"
    disk = PICTURES * (DIMENSIONS + 4.0 * LINKS)
    return _row("a graph on disk", costs[f"{DISKANN}: memory"] * 1e9, disk, busy, found)


def _row(name: str, memory: float, disk: float, busy: float, found: str) -> list[str]:
    machines = LARGE.holding(cores=busy, memory=memory, disk=disk)
    return [name, size(memory), size(disk), number(machines), cores(busy), found]
