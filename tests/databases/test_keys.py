"""Keys to the service, on both databases."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from databases import keys
from databases.errors import BadKey, KeyConflict, UnknownKey


def names(found: list[keys.ApiKey]) -> list[str]:
    return [key.name for key in found]


def test_a_key_is_kept_with_what_it_may_do_and_not_with_its_token(session: Session) -> None:
    token = keys.add_key(session, "page", ["review", "predict", "predict"], 600)
    (key,) = keys.active_keys(session)
    assert (key.name, key.scopes, key.rate_limit) == ("page", ("predict", "review"), 600)
    assert key.sha256 == hashlib.sha256(token.encode()).hexdigest() == keys.digest(token)
    assert abs(key.created_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert key.revoked_at is None
    (row,) = session.execute(text("SELECT * FROM api_keys")).all()
    assert token.removeprefix("mng_") not in repr(row)


def test_a_token_is_random_in_256_bits_and_known_by_its_beginning(session: Session) -> None:
    tokens = {keys.add_key(session, f"key-{number}", ["predict"]) for number in range(20)}
    assert len(tokens) == 20
    for token in tokens:
        assert token.startswith("mng_")
        assert len(token) == len("mng_") + 43  # of 6 bits each


def test_neither_the_token_nor_its_hash_is_in_what_is_printed_of_a_key(session: Session) -> None:
    token = keys.add_key(session, "page", ["predict"])
    (key,) = keys.list_keys(session)
    assert "page" in repr(key)
    assert key.sha256 not in repr(key)
    assert token not in repr(key)


def test_a_name_is_free_again_when_its_key_was_revoked(engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        first = keys.add_key(session, "page", ["predict"])
    with (
        Session(engine) as session,
        pytest.raises(KeyConflict, match="a key called 'page' is in use: choose another"),
    ):
        keys.add_key(session, "page", ["admin"])
    with Session(engine) as session, session.begin():
        keys.revoke_key(session, "page")
        second = keys.add_key(session, "page", ["admin"])
        keys.add_key(session, "robot", ["predict"])
    assert first != second
    with Session(engine) as session:
        listed = keys.list_keys(session)
        assert names(listed) == ["robot", "page", "page"]
        assert [key.revoked_at is None for key in listed] == [True, True, False]
        assert names(keys.active_keys(session)) == ["page", "robot"]
        assert keys.active_keys(session)[0].sha256 == keys.digest(second)


def test_a_key_is_revoked_once_and_an_unknown_name_is_told_with_those_there_are(session: Session) -> None:
    with pytest.raises(UnknownKey, match="no key called 'page' is in use; there are: none"):
        keys.revoke_key(session, "page")
    for name in ("robot", "page", "other"):
        keys.add_key(session, name, ["predict"])
    keys.revoke_key(session, "page")
    with pytest.raises(UnknownKey, match="no key called 'page' is in use; there are: other, robot"):
        keys.revoke_key(session, "page")


@pytest.mark.parametrize(
    ("name", "scopes", "rate_limit", "told"),
    [
        ("page", ["predict", "write"], None, "unknown scope 'write'; there are: predict, review, admin"),
        ("page", [], None, "without any scope opens nothing; there are: predict, review, admin"),
        ("", ["predict"], None, "no key can be called ''"),
        ("a b", ["predict"], None, "no key can be called 'a b'"),
        ("two\nlines", ["predict"], None, r"no key can be called 'two\\nlines'"),
        ("page\n", ["predict"], None, "no key can be called"),
        ("-page", ["predict"], None, "a letter or digit first"),
        ("x" * 101, ["predict"], None, "up to 100 letters"),
        ("page", ["predict"], 0, "a rate limit of 0 requests a minute: it can be 1 to 1,000,000"),
        ("page", ["predict"], -5, "a rate limit of -5"),
        ("page", ["predict"], 10**12, "a rate limit of 1000000000000"),
    ],
)
def test_what_no_key_can_be_is_refused_in_words(
    session: Session, name: str, scopes: list[str], rate_limit: int | None, told: str
) -> None:
    with pytest.raises(BadKey, match=told):
        keys.add_key(session, name, scopes, rate_limit)
    assert keys.list_keys(session) == []


@pytest.mark.parametrize(
    ("scopes", "allowed"),
    [
        (["predict"], {"predict"}),
        (["review"], {"review"}),
        (["predict", "review"], {"predict", "review"}),
        (["admin"], {"predict", "review", "admin"}),
    ],
)
def test_a_scope_allows_itself_and_admin_allows_all(
    session: Session, scopes: list[str], allowed: set[str]
) -> None:
    keys.add_key(session, "page", scopes)
    (key,) = keys.active_keys(session)
    assert {scope for scope in keys.SCOPES if key.allows(scope)} == allowed
