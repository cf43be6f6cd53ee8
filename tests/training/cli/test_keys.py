"""`menagerie keys` as it is typed."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import keys
from tests.training.cli.conftest import Menagerie


def test_a_token_stands_alone_on_standard_output_and_is_of_the_key_that_was_made(
    menagerie: Menagerie, engine: Engine
) -> None:
    ran = menagerie("keys", "add", "page", "--scope", "predict", "--scope", "review", "--rate-limit", 600)
    assert ran.err == "The key page is made. Its token is shown this once:\n"
    with Session(engine) as session:
        (key,) = keys.active_keys(session)
    assert key.sha256 == keys.digest(ran.out.removesuffix("\n"))
    assert (key.name, key.scopes, key.rate_limit) == ("page", ("predict", "review"), 600)


def test_a_key_may_predict_and_no_more_unless_it_is_said(menagerie: Menagerie, engine: Engine) -> None:
    assert menagerie("keys", "add", "page").code == 0
    with Session(engine) as session:
        (key,) = keys.active_keys(session)
    assert (key.scopes, key.rate_limit) == (("predict",), None)


@pytest.mark.usefixtures("engine")
def test_keys_are_listed_and_revoked_by_name(menagerie: Menagerie) -> None:
    assert menagerie("keys", "list").out == "No key yet; to make one: menagerie keys add NAME\n"
    token = menagerie("keys", "add", "page", "--scope", "admin").out.strip()
    menagerie("keys", "add", "robot", "--rate-limit", 60)
    said = menagerie("keys", "revoke", "page").out
    assert said == "page is revoked. A running service refuses it within seconds.\n"
    listed = menagerie("keys", "list").out
    assert token not in listed
    rows = [line.split() for line in listed.splitlines() if line.strip().startswith(("page", "robot"))]
    assert [row[:3] for row in rows] == [["robot", "predict", "60"], ["page", "admin", "-"]]
    assert [row[-1] == "-" for row in rows] == [True, False]


@pytest.mark.usefixtures("engine")
@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("add page --scope write", "unknown scope 'write'; there are: predict, review, admin"),
        ("add robot", "a key called 'robot' is in use: choose another name, or revoke it"),
        ("add a/b", "no key can be called 'a/b': a name is up to 100 letters, digits, dots, dashes and "),
        ("add page --rate-limit 0", "a rate limit of 0 requests a minute: it can be 1 to 1,000,000"),
        ("revoke page", "no key called 'page' is in use; there are: robot"),
    ],
)
def test_what_cannot_be_done_with_a_key_is_said_in_a_line(
    menagerie: Menagerie, arguments: str, error: str
) -> None:
    menagerie("keys", "add", "robot")
    ran = menagerie("keys", *arguments.split())
    assert ran.error.startswith(error)
    assert ran.out == ""


def test_listing_keys_makes_no_database(menagerie: Menagerie) -> None:
    assert "run: menagerie db upgrade" in menagerie("keys", "list").error
