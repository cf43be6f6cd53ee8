"""What a search is about: the same for every process that takes part."""

import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path

from backend.bundles.places import Bundles, workplace
from training.dataset import Dataset
from training.errors import BadRecipe
from training.tuning.space import Space

STUDIES = ".studies"


@dataclass(frozen=True)
class Plan:
    """`folder` keeps what a search can go on from. `url`: of a database for the trials, None for a journal in
    that folder. `dataset` has no test pictures: nothing here may look at them. `fingerprint`: of all
    pictures, these included. `trials`: how many there shall be, those of earlier commands included."""

    name: str
    folder: Path
    url: str | None
    space: Space
    dataset: Dataset
    fingerprint: str
    trials: int


def make_plan(
    bundles: Bundles,
    dataset: Dataset,
    space: Space,
    trials: int,
    name: str | None = None,
    url: str | None = None,
) -> Plan:
    """A plan named `name`, or else by the task, its pictures and the space: the same ones go on with the same
    study.

    Raises:
        BadRecipe: that name cannot name files.
    """
    if name is not None and not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,99}", name):
        raise BadRecipe(f"{name!r} cannot name a study: use lower-case letters, digits, dots and dashes")
    digest = hashlib.sha256(f"{dataset.fingerprint} {space.digest}".encode()).hexdigest()[:8]
    name = name or f"{dataset.task}-tuning-{digest}"
    folder = workplace(bundles).absolute() / STUDIES / name
    return Plan(name, folder, url, space, replace(dataset, test=()), dataset.fingerprint, trials)
