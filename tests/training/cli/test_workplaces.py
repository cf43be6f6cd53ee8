"""Options that name a cluster, where there is none."""

from importlib.util import find_spec
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.training.cli.conftest import Menagerie
from tests.training.making import add_tiny_bundle


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is installed here")
def test_without_ray_the_line_says_what_to_install(
    menagerie: Menagerie, engine: Engine, bundles: Path, pictures: Path, tmp_path: Path
) -> None:
    add_tiny_bundle(engine, bundles, promoted=True)
    out = tmp_path / "out.csv"
    error = menagerie("predict", pictures, "--out", out, "--engine", "ray").error
    assert error.startswith("--engine ray needs Ray, which is not installed here: uv pip install")
    assert menagerie("predict", pictures, "--out", out).code == 0  # nothing of it was spoilt


@pytest.mark.parametrize("typed", [("predict", "red.jpg"), ("index",), ("ingest", "colours"), ("tune",)])
def test_an_address_without_the_engine_is_told(menagerie: Menagerie, typed: tuple[str, ...]) -> None:
    error = menagerie(*typed, "--address", "head:6379").error
    assert error == "--address names a Ray cluster: say --engine ray too, or leave it out"
