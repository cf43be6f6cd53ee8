"""What is told of a new model beside the champion, and what to do about it."""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.certainty import PairedTest
from databases import dataset_versions
from tests.training.cli.conftest import Menagerie
from tests.training.making import add_tiny_bundle
from training.cli.standing import say_beside_champion, say_how_to_serve
from training.cli.state import State
from training.dataset import load_dataset
from training.standing import Standing

MIXED_UP = ("green", "red", "blue")  # answers that are right for blue alone
FORCED = "To let colours-2 serve all the same: menagerie models promote colours-2 --force"


@pytest.mark.parametrize(
    ("standing", "words"),
    [
        (None, "To let it serve: menagerie models promote colours-2"),
        (
            Standing("colours-1", 9, right=9, right_before=9, test=PairedTest(0, 0, 1.0)),
            "To let it serve: menagerie models promote colours-2",
        ),
        (
            Standing("colours-1", 9, right=8, right_before=9, test=PairedTest(1, 0, 1.0)),
            f"The champion colours-1 did better, though that may be luck, and goes on serving. {FORCED}",
        ),
        (
            Standing("colours-1", 90, right=80, right_before=90, test=PairedTest(10, 0, 0.002)),
            f"The champion colours-1 did better, and goes on serving. {FORCED}",
        ),
    ],
)
def test_the_way_to_promote_is_told_with_what_speaks_against_it(
    standing: Standing | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    say_how_to_serve("colours-2", standing)
    assert " ".join(capsys.readouterr().out.split()) == words


def test_what_is_worse_is_promoted_by_the_command_that_is_told(
    menagerie: Menagerie, pictures: Path, engine: Engine, bundles: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    menagerie("ingest", pictures)
    with Session(engine) as session, session.begin():
        learnt = dataset_versions.record(session, "colours", load_dataset(engine, "colours").members)
    add_tiny_bundle(engine, bundles, promoted=True, dataset_fingerprint=learnt)
    add_tiny_bundle(engine, bundles, "colours-2", labels=MIXED_UP, dataset_fingerprint=learnt)
    standing = say_beside_champion(State(engine, bundles, bundles), "colours-2")
    capfd.readouterr()
    say_how_to_serve("colours-2", standing)
    told = " ".join(capfd.readouterr().out.split())
    assert told.endswith(FORCED)
    _, command = told.split("menagerie ")
    assert "it stays" in menagerie(*command.removesuffix(" --force").split()).error
    assert "colours-2 is the champion of colours" in menagerie(*command.split()).out
