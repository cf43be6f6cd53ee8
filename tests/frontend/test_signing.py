"""Signing in where the API wants keys, and giving a name where it does not."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from tests.frontend.at_the_page import OpenPage, buttons, click, words
from tests.frontend.review.queue_stand_in import QueueStandIn, waiting
from tests.frontend.stand_in import Asked, Json, StandIn

KEYS = {
    "good": {"auth": True, "name": "ann", "scopes": ["review"]},
    "weak": {"auth": True, "name": "page", "scopes": ["predict"]},
    "root": {"auth": True, "name": "root", "scopes": ["admin"]},
}


@pytest.fixture
def queue(api: StandIn) -> QueueStandIn:
    queue = QueueStandIn()
    queue.install(api)
    api.labels = ["lion"]
    return queue


@pytest.fixture
def page(api: StandIn, queue: QueueStandIn, open_page: OpenPage) -> AppTest:
    """A page that needs the scope `review`, of an API that knows the keys `KEYS`."""
    del queue
    answer = api.answer

    def guarded(asked: Asked) -> tuple[int, bytes]:
        if asked.path == "/me" and asked.key not in KEYS:
            code = "invalid_key" if asked.key else "missing_key"
            problem = {"status": 401, "code": code, "detail": "because"}
            return 401, json.dumps(problem).encode()
        return answer(asked)

    def me(asked: Asked) -> Json:
        return dict(KEYS[str(asked.key)])

    api.answer = guarded  # type: ignore[method-assign]
    api.more[("GET", "/me")] = me
    return open_page("review")


def sign_in(page: AppTest, key: str) -> AppTest:
    page.text_input[0].set_value(key)
    return click(page, "Sign in")


def test_a_page_without_a_key_of_its_own_asks_for_the_visitors(api: StandIn, page: AppTest) -> None:
    api.refuse("/labels", 401, "missing_key")
    assert "You need a key to decide on pictures" in words(page.run())


def test_a_visitor_signs_in_with_a_key_of_theirs_and_asks_with_it(api: StandIn, page: AppTest) -> None:
    assert "You need a key to decide on pictures" in words(page.run())
    said = words(sign_in(page, "good"))
    assert "Signed in as ann" in said
    assert api.last("/review/queue").key == "good"
    assert "good" not in said
    assert not page.text_input


def test_pictures_are_read_with_the_visitor_s_key_even_where_the_page_has_one(
    api: StandIn, page: AppTest, queue: QueueStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MENAGERIE_API_KEY", "weak")
    queue.items = [waiting(1)]
    sign_in(page.run(), "good")
    for path in ("/review/queue", "/labels", "/images/1/thumbnail"):
        assert api.last(path).key == "good"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("wrong", "The service does not accept this key."),
        ("weak", "it lacks the scope review."),
        ("two words", "That is no key"),
        ("", "That is no key"),
    ],
)
def test_a_key_that_does_not_do_is_refused_with_the_reason(page: AppTest, key: str, said: str) -> None:
    sign_in(page.run(), key)
    assert said in page.error[0].value
    assert buttons(page) == ["Sign in"]


def test_an_admin_may_all(page: AppTest) -> None:
    assert "Signed in as root" in words(sign_in(page.run(), "root"))


def test_a_page_whose_own_key_allows_it_asks_for_none(page: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENAGERIE_API_KEY", "good")
    assert "Nothing waits for you" in words(page.run())


def test_signing_out_forgets_the_key(page: AppTest) -> None:
    sign_in(page.run(), "good")
    click(page, "Sign out")
    assert buttons(page) == ["Sign in"]


def test_a_key_that_is_revoked_meanwhile_is_asked_for_anew(
    page: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign_in(page.run(), "good")
    monkeypatch.delitem(KEYS, "good")
    page.run()
    assert "It may have been revoked" in page.error[0].value


def test_without_keys_a_name_is_asked_for_once(api: StandIn, page: AppTest) -> None:
    api.answer = StandIn.answer.__get__(api)  # type: ignore[method-assign]
    api.more[("GET", "/me")] = lambda _: {"auth": False, "name": None, "scopes": ["review"]}
    click(page.run(), "Go on")
    assert page.error[0].value == "Type a name first."
    page.text_input[0].set_value(" Ann ")
    assert "Deciding as Ann" in words(click(page, "Go on"))
    assert "Deciding as Ann" in words(page.run())
    click(page, "Change name")
    assert buttons(page) == ["Go on"]


def test_a_service_that_is_away_is_said_before_anything_is_asked(api: StandIn, page: AppTest) -> None:
    api.answer = StandIn.answer.__get__(api)  # type: ignore[method-assign]
    api.refuse("/me", 503, "not_ready")
    assert "The service is still starting" in words(page.run())
    assert not page.text_input
