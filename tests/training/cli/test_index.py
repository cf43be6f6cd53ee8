"""`menagerie index` as it is typed: what Review is to know comes with it, unless that is not wanted."""

from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import answers, corrections
from databases.registry import RegisteredModel
from tests.training.cli.conftest import Menagerie
from tests.training.making import add_tiny_bundle, pictures_of
from training.cli.state import State
from training.cli.taking_up import take_up_labelled

TASK = "colours"


def lacking(engine: Engine, model: RegisteredModel) -> int:
    with Session(engine) as session:
        return answers.count_unanswered(session, model.id, TASK)


def test_answers_are_kept_where_embeddings_were_known_before(
    menagerie: Menagerie, pictures: Path, engine: Engine, bundles: Path
) -> None:
    menagerie("ingest", pictures)
    add_tiny_bundle(engine, bundles)
    menagerie("index", "--version", "colours-1", "--no-answers")
    second = add_tiny_bundle(engine, bundles, "colours-2", promoted=True)
    ran = menagerie("index", "--no-answers")
    assert "The gallery of colours-2 is complete (18 pictures added)." in ran.out
    assert lacking(engine, second) == 18
    ran = menagerie("index")
    assert "Review knows what colours-2 answers to each picture (18 new answers)." in ran.out
    assert lacking(engine, second) == 0


def test_a_promotion_tells_what_the_new_champion_was_not_asked_about(
    menagerie: Menagerie, pictures: Path, engine: Engine, bundles: Path
) -> None:
    menagerie("ingest", pictures)
    add_tiny_bundle(engine, bundles)
    assert "to answer to yet" not in menagerie("models", "promote", "colours-1", "--force").out
    add_tiny_bundle(engine, bundles, "colours-2")
    out = menagerie("models", "promote", "colours-2", "--force").out
    assert "For Review it has 18 pictures to answer to yet: menagerie index --task colours" in out


def test_what_people_gave_a_label_is_said_to_be_taken_up(
    menagerie: Menagerie,
    pictures: Path,
    engine: Engine,
    bundles: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (pictures / "lone.jpg").write_bytes((pictures / "red" / "0.jpg").read_bytes() + b"\0")
    menagerie("ingest", pictures)
    lone = pictures_of(engine)["lone.jpg"]
    with Session(engine) as session, session.begin():
        corrections.add(session, TASK, [lone.sha256], "label", label="red")
    take_up_labelled(State(engine, bundles, bundles.parent / "reports"), TASK)
    assert "Taken up: 1 picture that people gave a label since the last ingest" in capfd.readouterr().out
    found = pictures_of(engine)
    assert found["lone.jpg"].split == found["red/0.jpg"].split
