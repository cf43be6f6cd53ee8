"""Pictures in a gallery: what each engine needs for so many, and what a search costs."""

import math
from dataclasses import dataclass

from backend.gallery.scanning import COMPARED_ALL, PROBED
from databases.pgvector_index import WORTH_AN_INDEX
from docs.scaling.costs import Costs
from docs.scaling.machines import FILLED, GALLERIES, LARGE, RATES, SMALL, USED
from docs.scaling.markdown import Table, count, duration, number, percent, size

# As bench/sizing/galleries.py has it.
MEASURED = 20_000
DIMENSIONS = 1280
POSTGRESQL = f"PostgreSQL, {MEASURED:,} pictures"
SCANNED, SCANNED_MS = 100_000, "all of 100,000 rows by int8, simsimd in one thread, 128 MB: median"
INDEXED, INDEXED_MB = 1_000_000, "1,000,000 pictures: index files"
INDEXED_MS, THREADS = "1,000,000 pictures, any label: median", 2
MADE_S = "1,000,000 pictures: an index made"
# Int64 numbers of each picture that an index's making holds, and how often over: as read, in their order, and
# the sorting's own.
COLUMNS, COPIES = 9, 3


@dataclass(frozen=True)
class Needs:
    """Of a gallery in one engine. Bytes, seconds; `search_ms`: of a core, for the ten nearest of all, by the
    service itself or the database. `share`: of the pictures that a search reads, where it reads cells."""

    memory: float
    disk: float
    making: float
    search_ms: float
    share: float | None = None


def sqlite(costs: Costs, pictures: int) -> Needs:
    """The index beside SQLite: `memory` is its files, which every search reads some of."""
    if pictures <= COMPARED_ALL:
        search, share = costs[SCANNED_MS] * pictures / SCANNED, None
    else:  # as many rows are read of any larger gallery
        search, share = THREADS * costs[INDEXED_MS], PROBED / pictures
    index = costs[INDEXED_MB] * 1e6 / INDEXED * pictures
    rows = costs["SQLite, 20,000 pictures: the database, a picture"] * pictures
    return Needs(index, index + rows, costs[MADE_S] * pictures / INDEXED, search, share)


def sqlite_making_memory(pictures: int) -> float:
    """Bytes that must be there while the index is made: what is known of the pictures but their codes."""
    return 8.0 * COLUMNS * COPIES * pictures


def postgresql(costs: Costs, pictures: int) -> Needs:
    """pgvector's HNSW in one PostgreSQL; of fewer than 100,000 pictures all are compared, and there is none.

    A search of the graph and each insertion grow with the logarithm of its size (Malkov and Yashunin,
    "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable Small World
    graphs", IEEE TPAMI 2018, section 4.2).
    """
    tables = sum(costs[f"{POSTGRESQL}: {table}, a picture"] for table in ("images", "embeddings"))
    vectors = costs[f"{POSTGRESQL}: gallery_vectors, a picture"]
    index = costs[f"{POSTGRESQL}: HNSW, a picture"] if pictures >= WORTH_AN_INDEX else 0.0
    if pictures < WORTH_AN_INDEX:
        search = costs[f"{POSTGRESQL}: all compared, a core's time"] * pictures / MEASURED
    else:
        search = _grown(pictures) * costs[f"{POSTGRESQL}: by HNSW, a core's time"]
    making = _grown(pictures) * costs[f"{POSTGRESQL}: HNSW made, a core's time a picture"] / 1000
    in_use = (index or vectors) * pictures
    return Needs(in_use, (tables + vectors + index) * pictures, making * pictures, search)


def _grown(pictures: int) -> float:
    return math.log(pictures) / math.log(MEASURED)


def shards(costs: Costs, pictures: int) -> int:
    """Large machines that hold the index of so many pictures in memory, each its part."""
    return LARGE.holding(memory=postgresql(costs, pictures).memory)


def shard_cores(costs: Costs, pictures: int, rate: float) -> float:
    """Cores busy on all shards together: each is asked whatever is asked."""
    parts = shards(costs, pictures)
    return rate * parts * postgresql(costs, pictures // parts).search_ms / 1000


def gallery_table(costs: Costs) -> Table:
    rows = []
    for pictures in GALLERIES:
        for name, needs in (("SQLite", sqlite(costs, pictures)), ("PostgreSQL", postgresql(costs, pictures))):
            rows.append(
                [
                    count(pictures),
                    name,
                    size(needs.memory),
                    size(needs.disk),
                    duration(needs.making),
                    f"{number(needs.search_ms)} ms",
                    "all or a graph" if needs.share is None else percent(needs.share),
                    _fits(needs),
                ]
            )
    heading = ["pictures", "engine", "memory", "disk", "index made, one core", "a search, a core's time"]
    return Table([*heading, "reads", "holds it"], rows)


def _fits(needs: Needs) -> str:
    for machine in (SMALL, LARGE):
        if needs.memory <= FILLED * machine.memory and needs.disk <= FILLED * machine.disk:
            return f"one {machine.name} machine"
    return "no machine"


def search_table(costs: Costs) -> Table:
    """Cores that searches take, as every `/predict` makes one, where a gallery is served."""
    rows = []
    for pictures in GALLERIES[:-1]:
        for name, needs in (("SQLite", sqlite(costs, pictures)), ("PostgreSQL", postgresql(costs, pictures))):
            busy = [rate * needs.search_ms / 1000 for rate in RATES]
            rows.append(_search_row(count(pictures), name, needs.search_ms, busy))
    pictures, parts = GALLERIES[-1], shards(costs, GALLERIES[-1])
    search = shard_cores(costs, pictures, 1) * 1000
    busy = [shard_cores(costs, pictures, rate) for rate in RATES]
    rows.append(_search_row(count(pictures), f"{parts} shards of PostgreSQL", search, busy))
    return Table(["pictures", "engine", "a search, a core's time", *(f"{rate:,}/s" for rate in RATES)], rows)


def _search_row(pictures: str, name: str, search: float, busy: list[float]) -> list[str]:
    return [pictures, name, f"{number(search)} ms", *(cores(each) for each in busy)]


def cores(busy: float) -> str:
    """How many there must be for so many that are busy: whole ones, and no more digits than are known."""
    wanted = max(1, math.ceil(busy / USED))
    return "1 core" if wanted == 1 else f"{number(wanted)} cores"
