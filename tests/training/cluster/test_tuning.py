"""`tune --engine ray`: the trials that one machine has."""

from pathlib import Path
from typing import Any

import pytest

from tests.training.cli.conftest import Menagerie
from tests.training.cli.conftest import pictures as pictures
from tests.training.cli.test_tune import study_folder as study_folder
from tests.training.cli.test_tune import trials_of
from tests.training.cluster.conftest import RAY_IS_OLD
from training.tuning.plan import STUDIES
from training.tuning.study import FIGURES, RECIPE

pytest.importorskip("ray", reason="Ray is not installed here: make test-cluster")
pytestmark = RAY_IS_OLD

SEARCH = ("tune", "--arch", "simple_cnn", "--no-retrain")


@pytest.mark.filterwarnings("ignore:.*LeafSpec:FutureWarning")
def test_its_trials_are_those_of_one_machine(
    menagerie: Menagerie, cluster: Any, study_folder: Path, bundles: Path
) -> None:
    typed = (*SEARCH, "--epochs", "1", "--trials", "2", "--study")
    ran = menagerie(*typed, "search", "--engine", "ray", "--address", cluster.address)
    assert ran.code == 0, ran.err
    there = trials_of(study_folder)
    study_folder.rename(bundles / STUDIES / "there")
    assert menagerie(*typed, "search").code == 0
    here = trials_of(study_folder)
    assert [trial.params for trial in there] == [trial.params for trial in here]
    for one, other in zip(there, here, strict=True):
        assert one.user_attrs[RECIPE] == other.user_attrs[RECIPE]
        assert one.user_attrs[FIGURES] == pytest.approx(other.user_attrs[FIGURES], rel=1e-4)
