"""`menagerie uploads` as it is typed."""

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import feedback, kept
from databases.feedback import Saying
from databases.models import Prediction
from tests.drawing import picture
from tests.training.cli.conftest import Menagerie

IDS = {"Anna": "a" * 32, "Bob": "b" * 32}


@pytest.fixture
def files(engine: Engine, bundles: Path) -> dict[str, Path]:
    """Of a picture that Anna sent, and one of Bob's; Anna had more to say."""
    folder = bundles.parent / "uploads" / "colours"
    folder.mkdir(parents=True)
    made = {}
    for number, (name, prediction_id) in enumerate(IDS.items()):
        data = picture("red", number)
        sha256 = hashlib.sha256(data).hexdigest()
        made[name] = folder / f"{sha256}.jpg"
        made[name].write_bytes(data)
        row = {"uri": made[name].name, "file_name": made[name].name, "bytes": len(data), "modified_ns": 1}
        row |= {"width": 48, "height": 32, "aspect_ratio": 1.5, "format": "JPEG", "sha256": sha256}
        with Session(engine) as session, session.begin():
            asked = {"model_version": "colours-1", "label": "red", "score": 0.9, "verdict": "confident"}
            session.add(Prediction(id=prediction_id, sha256=sha256, latency_ms=1.0, **asked))
            session.flush()
            image_id = kept.add(session, "colours", str(folder), row)
            feedback.add(session, Saying(prediction_id, False, image_id=image_id, made_by=name))
            if name == "Anna":
                feedback.add(session, Saying(prediction_id, False, comment="no picture", made_by=name))
    return made


def test_a_persons_pictures_are_shown_first_and_deleted_when_that_is_said(
    menagerie: Menagerie, files: dict[str, Path]
) -> None:
    assert all(name in menagerie("uploads", "list").out for name in IDS)
    shown = menagerie("uploads", "delete", "--by", "Anna")
    assert "Bob" not in shown.out
    assert shown.out.splitlines()[-1] == (
        "Nothing was deleted yet: to delete 1 picture with the reports on them, say --yes."
    )
    assert files["Anna"].is_file()
    done = menagerie("uploads", "delete", "--by", "Anna", "--yes")
    assert done.out.startswith("Deleted: 1 picture (1 file, ")
    assert "1 report. Backups that were made before still hold them. 1 report by that name" in done.out
    assert (files["Anna"].exists(), files["Bob"].exists()) == (False, True)
    assert "Anna" not in menagerie("uploads", "list").out
    words = menagerie("uploads", "delete", "--by", "Anna", "--reports", "--yes")
    assert "Deleted: 0 pictures" in words.out
    assert menagerie("uploads", "delete", "--by", "Anna", "--yes").out == "There are none.\n"


def test_they_are_found_by_answer_and_day_too(menagerie: Menagerie, files: dict[str, Path]) -> None:
    assert menagerie("uploads", "list", "--before", "2026-01-01").out == "There are none.\n"
    assert menagerie("uploads", "list", "--before", "2126-01-01").out.count("colours") == 2
    assert "Bob" in menagerie("uploads", "list", "--prediction", IDS["Bob"]).out
    assert menagerie("uploads", "delete", "--prediction", IDS["Bob"], "--yes").code == 0
    assert not files["Bob"].exists()
    assert menagerie("uploads", "delete", "--everybody", "--yes").code == 0
    assert not files["Anna"].exists()


@pytest.mark.usefixtures("files")
def test_nobodys_pictures_are_deleted_by_mistake(menagerie: Menagerie) -> None:
    ran = menagerie("uploads", "delete", "--yes")
    assert ran.code == 2
    assert "say whose: --by NAME" in ran.err
    assert menagerie("uploads", "delete", "--before", "2126-01-01", "--reports").code == 2
    assert all(name in menagerie("uploads", "list").out for name in IDS)
