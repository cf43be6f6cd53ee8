"""Pictures in the library: their room, and the work until they are taken in, embedded and learnt from."""

from databases.pgvector_index import MOST_MEMORY_KB
from docs.scaling.costs import Costs
from docs.scaling.galleries import DIMENSIONS, POSTGRESQL
from docs.scaling.machines import GALLERIES
from docs.scaling.markdown import Table, count, duration, size
from docs.scaling.serving import SENT, SENT_LARGE

WORKERS = (1, 100)  # cores
HASHED = 200_000
PAIR_NS = "embeddings compared, a core's time a pair"
LEARNT_FROM, FITTED_S = 6_000, "a head fitted to 6,000 embeddings, a core's time"
STRENGTHS, FOLDS = 5, 5  # as training/probe.py has them
INGEST_MS, INDEX_MS = "ingest by hash, a core's time a picture", "index, a core's time a picture"
FLOAT32, FLOAT16 = 4, 2


def library_table(costs: Costs) -> Table:
    """One column for each number of pictures."""
    rows = {
        "files, as the cats and dogs are": [size(n * costs[SENT] * 1000) for n in GALLERIES],
        "files, photographs": [size(n * costs[SENT_LARGE] * 1000) for n in GALLERIES],
        "rows of the library and embeddings, PostgreSQL": [size(n * _rows(costs)) for n in GALLERIES],
        **{
            f"read, verified and hashed, {_cores(workers)}": [
                duration(n * costs[INGEST_MS] / 1000 / workers) for n in GALLERIES
            ]
            for workers in WORKERS
        },
        **{
            f"embedded, {_cores(workers)}": [
                duration(n * costs[INDEX_MS] / 1000 / workers) for n in GALLERIES
            ]
            for workers in WORKERS
        },
        "look-alikes by hash, one core": [duration(by_hash(costs, n)) for n in GALLERIES],
        "look-alikes by embedding, one core": [duration(by_embedding(costs, n)) for n in GALLERIES],
        "memory for the latter": [size(n * DIMENSIONS * FLOAT16) for n in GALLERIES],
        "the probe's head fitted, 8 labels, one core": [duration(fitted(costs, n)) for n in GALLERIES],
        "memory for that, at least": [size(fitting_memory(n)) for n in GALLERIES],
    }
    heading = ["", *(count(pictures) for pictures in GALLERIES)]
    return Table(heading, [[name, *cells] for name, cells in rows.items()])


def by_hash(costs: Costs, pictures: int) -> float:
    """Seconds of a core for pictures that come all at once: a part that each costs, and a part for each pair,
    of which always as many have 16 bits in common by chance. Both follow from what two numbers took."""
    half, whole = (costs[f"{size:,} hashes compared, a core's time"] for size in (HASHED // 2, HASHED))
    pairs = max(0.0, 2 * (whole - 2 * half))  # of all that `whole` is for
    times = pictures / HASHED
    return (whole - pairs) * times + pairs * times**2


def by_embedding(costs: Costs, pictures: int) -> float:
    """Seconds of a core for the cosines of all pairs; what is laid over one another comes on top."""
    return costs[PAIR_NS] / 1e9 * pictures**2


def fitted(costs: Costs, pictures: int) -> float:
    """Seconds, in proportion to the pictures: each strength by each fold, for which the others' pictures are
    learnt from, and the last, of all."""
    whole = STRENGTHS * FOLDS * (1 - 1 / FOLDS) + 1
    return whole * costs[FITTED_S] * pictures / LEARNT_FROM


def fitting_memory(pictures: int) -> float:
    """Bytes: the embeddings, those of a fold's rest, and the same standardised."""
    return 3.0 * pictures * DIMENSIONS * FLOAT32


def graph_in_memory(costs: Costs) -> int:
    """How many pictures' graph PostgreSQL makes in the memory that we ask for."""
    return int(MOST_MEMORY_KB * 1000 / costs[f"{POSTGRESQL}: HNSW, a picture"])


def _rows(costs: Costs) -> float:
    tables = ("images", "embeddings", "gallery_vectors")
    return sum(costs[f"{POSTGRESQL}: {table}, a picture"] for table in tables)


def _cores(workers: int) -> str:
    return "one core" if workers == 1 else f"{workers} cores"
