"""`train` as it is typed."""

from pathlib import Path

import pytest

from tests.training.cli.conftest import Menagerie

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*does not have many workers",
    "ignore:.*smaller than the logging interval",
    "ignore:.*LeafSpec:FutureWarning",
)


def test_a_network_is_trained_and_promoted(menagerie: Menagerie, pictures: Path) -> None:
    menagerie("ingest", pictures)
    out = menagerie("train", "--arch", "simple_cnn", "--epochs", "1", "--promote").out
    assert "Training simple_cnn (scratch) on colours: 12 train, 3 val, 3 test" in out
    assert "right on 3 test pictures" in out
    assert "colours-1 is the champion of colours." in out
    assert "The gallery of colours-1 is complete (18 pictures added)." in out


def test_without_test_pictures_nobody_knows_how_good_it_is(menagerie: Menagerie, pictures: Path) -> None:
    menagerie("ingest", pictures, "--val", "0.3", "--test", "0")
    out = menagerie("train", "--arch", "simple_cnn", "--epochs", "1").out
    assert "no test pictures, so nobody knows how good it is" in out
    assert "To let it serve: menagerie models promote colours-1" in out
