"""`python -m backend.keeping.uploads`, which the API's image has."""

import sys
from collections.abc import Callable

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from backend.keeping.uploads import main
from databases.models import Feedback
from tests.backend.api.conftest import Library
from tests.backend.keeping.conftest import STRANGER, send, serving
from tests.drawing import picture

Run = Callable[..., str]
ODD = "Bob\x1b[2J"  # would clear the screen


@pytest.fixture
def run(small_library: Library, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """What a command says, where two people sent a picture each; Anna had more to say."""
    with serving(small_library) as client:
        send(client, STRANGER, "Anna")
        send(client, picture("blue", 78), "Bob")
        known = client.post("/predict", files={"file": picture("red", 1)}).json()["prediction_id"]
        client.post(
            "/feedback", json={"prediction_id": known, "correct": False, "comment": "no", "by": "Anna"}
        )
    monkeypatch.setenv("DATABASE_URL", small_library.settings.database_url)
    monkeypatch.setenv("MENAGERIE_BUNDLES", str(small_library.bundles))

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["uploads", *arguments])
        main()
        return capsys.readouterr().out

    return run


def kept(library: Library) -> int:
    return len([path for path in (library.bundles.parent / "uploads").rglob("*") if path.is_file()])


def test_a_persons_pictures_are_shown_and_deleted_when_that_is_said(run: Run, small_library: Library) -> None:
    shown = run("delete", "--by", "Anna")
    assert "  Anna  " in shown
    assert "Bob" not in shown
    assert shown.endswith("nothing was deleted yet: to delete these with the reports on them, say --yes\n")
    assert kept(small_library) == 2
    done = run("delete", "--by", "Anna", "--yes")
    assert done.startswith("deleted: pictures 1, files 1, ")
    assert done.endswith("reports by that name without such a picture: 1; --reports deletes them\n")
    assert kept(small_library) == 1
    assert "Anna" not in run("list")
    assert "reports 1;" in run("delete", "--by", "Anna", "--reports", "--yes")
    assert run("delete", "--by", "Anna", "--yes").startswith("deleted: pictures 0,")


def test_they_are_found_by_day_too_and_all_at_once(run: Run, small_library: Library) -> None:
    assert run("list", "--before", "2026-01-01") == "there are none\n"
    assert run("list", "--before", "2126-01-01").count("\n") == 2
    assert run("delete", "--everybody", "--yes").startswith("deleted: pictures 2, files 2,")
    assert kept(small_library) == 0


def test_what_the_database_holds_is_shown_and_not_obeyed(run: Run, small_library: Library) -> None:
    with Session(small_library.engine) as session, session.begin():
        session.execute(update(Feedback).where(Feedback.made_by == "Bob").values(made_by=ODD))
    listed = run("list")
    assert "\x1b" not in listed
    assert r"Bob\x1b[2J" in listed


@pytest.mark.parametrize(
    "typed",
    [
        ("delete", "--yes"),
        ("delete", "--before", "2126-01-01", "--reports", "--yes"),
        ("delete", "--before", "soon", "--yes"),
    ],
)
def test_nobodys_pictures_are_deleted_by_mistake(
    run: Run, small_library: Library, typed: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(*typed)
    assert ended.value.code == 2
    assert kept(small_library) == 2


def test_without_a_database_it_says_so_in_a_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:////nowhere/images.db")
    with pytest.raises(SystemExit, match=r"error: there is no database at /nowhere/images\.db"):
        run("list")
