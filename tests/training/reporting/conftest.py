"""A report on a tiny bundle over drawn pictures, some of which carry a wrong label."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from backend.inference.bundle import load_bundle
from tests.drawing import draw_class_folders
from tests.tiny_bundle import make_bundle
from tests.training.making import take_in
from training.dataset import load_dataset
from training.evaluation import score
from training.ingestion.run import SplitPlan
from training.progress import Silent
from training.questions import from_paths
from training.refusals import ask_strangers, refusals_of
from training.reporting.gathering import gather
from training.reporting.report import Report

Reporter = Callable[..., Report]


@pytest.fixture
def report_on(engine: Engine, bundles: Path, tmp_path: Path) -> Reporter:
    """Gathers a report; two greens lie in the folder of reds. `names` are the folders of red, green and
    blue, `unknown` one of pictures that show none of them; the rest replaces values of the manifest."""

    def run(
        names: tuple[str, str, str] = ("red", "green", "blue"), unknown: Path | None = None, **changes: Any
    ) -> Report:
        folder = draw_class_folders(tmp_path / "colours", per_label=20)
        for number in (0, 1):
            (folder / "green" / f"{number}.jpg").rename(folder / "red" / f"green-{number}.jpg")
        for colour, name in zip(("red", "green", "blue"), names, strict=True):
            if colour != name:
                (folder / colour).rename(folder / name)
        take_in(engine, folder, plan=SplitPlan(0.2, 0.4, 0))
        bundle = load_bundle(make_bundle(bundles, **({"labels": names} | changes)))
        dataset = load_dataset(engine, "colours")
        scored = score(bundle, dataset.test, "test", Silent())
        questions = from_paths([unknown], frozenset(names)) if unknown else ()
        strangers = ask_strangers(bundle, questions, Silent()) if questions else None
        refusals = refusals_of(bundle.manifest, scored, strangers)
        return gather(bundle, dataset, "test", scored, refusals, Silent())

    return run
