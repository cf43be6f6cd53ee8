"""A crowd of embeddings that lie as those of real pictures do, for there are no million pictures at hand.

One is `relu(a x + (1 - a) y + n - t)` brought to length 1: x and y are real embeddings of one label, a is
drawn from 0.5 to 1, n is drawn from a normal distribution with the covariance of the label's real embeddings,
and t is so large that as many of its values are 0 as of x's.

Measured on the 17 folders of animals among the trial pictures, as many drawn as there are real ones: the
nearest neighbour's cosine has the quantiles (5, 25, 50, 75, 95 %) 0.62 0.68 0.72 0.76 0.81 where real ones
have 0.56 0.65 0.71 0.76 0.83, two of a folder 0.31 0.41 0.48 0.55 0.64 where real ones have
0.24 0.34 0.44 0.52 0.64, and 50 % of all values are 0, as of the real ones. With half the noise neighbours
would be at 0.82.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.peers.searching import tell
from bench.similar.pictures import Kinds

SEED = 6
BIG, RARE = "big", "rare"
BIG_KIND = "animals-8/elephant"
BIG_SHARE, RARE_PICTURES = 0.05, 3
OTHERS, PARENTS = 300, 24  # other labels, and how many real pictures each of them is drawn from
BATCH, TOLD = 4096, 25 * 4096
QUERIES = 400

Vectors = NDArray[np.float32]


@dataclass(frozen=True)
class Crowd:
    """Embeddings in a folder, that other programs read too: `vectors` float32 [size, dimensions] of length 1,
    mapped from its file, the number of each one's label in `labels` int16 [size], and the labels' `names`.
    `queries` float32 [400, dimensions] are drawn as those with the label `big` are, which 5 % have;
    3 have the label `rare`."""

    folder: Path

    @property
    def vectors(self) -> Vectors:
        dimensions = self.queries.shape[1]
        return np.memmap(self.folder / "vectors.f32", np.float32, "r").reshape(-1, dimensions)

    @property
    def labels(self) -> NDArray[np.int16]:
        labels: NDArray[np.int16] = np.load(self.folder / "labels.npy")
        return labels

    @property
    def names(self) -> list[str]:
        names: list[str] = json.loads((self.folder / "names.json").read_text(encoding="utf-8"))
        return names

    @property
    def queries(self) -> Vectors:
        queries: Vectors = np.load(self.folder / "queries.npy")
        return queries

    @property
    def more(self) -> Vectors:
        """10,000 that come later, drawn as those with the label `big`."""
        more: Vectors = np.load(self.folder / "more.npy")
        return more

    def rows_of(self, name: str | None) -> NDArray[np.int64]:
        """Which have a label; all for None."""
        if name is None:
            return np.arange(len(self.labels))
        return np.flatnonzero(self.labels == self.names.index(name))


def make_crowd(kinds: Kinds, folder: Path, size: int, more: int = 10_000) -> Crowd:
    """Draws a crowd of that size; the same one each time. One that is there already is left as it is."""
    if (folder / "queries.npy").is_file():
        return Crowd(folder)
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(SEED)
    families = _families(kinds, chance)
    labels = _labels(size, chance)
    np.save(folder / "labels.npy", labels)
    (folder / "names.json").write_text(json.dumps(list(families)), encoding="utf-8")
    parents = list(families.values())
    with (folder / "vectors.f32").open("wb") as file:
        for start in range(0, size, BATCH):
            file.write(_draw_labels(parents, labels[start : start + BATCH], chance).tobytes())
            if start % TOLD == 0:
                tell(f"{start} of {size} embeddings are drawn")
    np.save(folder / "more.npy", draw(kinds[BIG_KIND], more, chance))
    np.save(folder / "queries.npy", draw(kinds[BIG_KIND], QUERIES, chance))
    return Crowd(folder)


def draw(parents: Vectors, n: int, chance: np.random.Generator) -> Vectors:
    """n of a label whose real embeddings are `parents`, by the formula above."""
    rows = np.arange(n)
    one, other = chance.integers(0, len(parents), (2, n))
    share = chance.uniform(0.5, 1, n)
    weights = chance.standard_normal((n, len(parents)), np.float32) / np.sqrt(len(parents))
    weights -= weights.mean(axis=1, keepdims=True)
    weights[rows, one] += share
    weights[rows, other] += 1 - share
    mixed = weights.astype(np.float32) @ parents
    zeros = (parents == 0).sum(axis=1)[one].clip(max=parents.shape[1] - 1)
    threshold = np.sort(mixed, axis=1)[rows, zeros]
    mixed = np.maximum(mixed - threshold.clip(min=0)[:, None], 0)
    drawn: Vectors = mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    return drawn


def _families(kinds: Kinds, chance: np.random.Generator) -> dict[str, Vectors]:
    """The real embeddings that each label is drawn from: a folder's; or a picture and those nearest to it in
    its folder."""
    families = {BIG: kinds[BIG_KIND], RARE: kinds[BIG_KIND][:PARENTS]}
    others = [kind for kind in kinds if kind != BIG_KIND]
    for number in range(OTHERS):
        kind = kinds[others[number % len(others)]]
        nearest = np.argsort(-(kind @ kind[chance.integers(len(kind))]), kind="stable")
        families[f"label-{number:03}"] = kind[nearest[:PARENTS]]
    return families


def _labels(size: int, chance: np.random.Generator) -> NDArray[np.int16]:
    labels = chance.integers(2, 2 + OTHERS, size).astype(np.int16)
    places = chance.permutation(size)
    labels[places[:RARE_PICTURES]] = 1
    labels[places[RARE_PICTURES : RARE_PICTURES + round(BIG_SHARE * size)]] = 0
    return labels


def _draw_labels(parents: list[Vectors], labels: NDArray[np.int16], chance: np.random.Generator) -> Vectors:
    vectors = np.empty((len(labels), parents[0].shape[1]), np.float32)
    for label in np.unique(labels):
        chosen = labels == label
        vectors[chosen] = draw(parents[label], int(chosen.sum()), chance)
    return vectors
