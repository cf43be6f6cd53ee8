"""`train` as it is typed."""

from pathlib import Path

import pytest

from tests.training.cli.conftest import Menagerie

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*does not have many workers",
    "ignore:.*smaller than the logging interval",
    "ignore:.*LeafSpec:FutureWarning",
)


def test_a_network_is_trained_measured_and_promoted(menagerie: Menagerie, pictures: Path) -> None:
    menagerie("ingest", pictures)
    first = menagerie("train", "--arch", "simple_cnn", "--epochs", "1").out
    assert "Training simple_cnn (scratch) on colours: 12 train, 3 val, 3 test" in first
    assert "right on 3 test pictures" in first
    assert "To let it serve: menagerie models promote colours-1" in first
    second = menagerie("train", "--arch", "simple_cnn", "--epochs", "1", "--promote").out
    assert "colours-2 is the champion of colours." in second
    assert "The gallery of colours-2 is complete (18 pictures added)." in second


def test_without_test_pictures_nobody_knows_how_good_it_is(menagerie: Menagerie, pictures: Path) -> None:
    menagerie("ingest", pictures, "--val", "0.3", "--test", "0")
    out = menagerie("train", "--arch", "simple_cnn", "--epochs", "1").out
    assert "no test pictures, so nobody knows how good it is" in out
