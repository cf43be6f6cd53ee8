"""The small pictures that are kept, and for whom."""

from collections.abc import Iterator

import pytest
import streamlit as st

from frontend.answers import ImagePage
from frontend.client import Api
from frontend.thumbnails import Shelf, thumbnails
from tests.frontend.stand_in import StandIn


@pytest.fixture
def shelves() -> Iterator[None]:
    """Empty, and gone afterwards."""
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def test_what_was_looked_at_last_is_kept_and_no_more_than_there_is_room_for() -> None:
    shelf = Shelf(most=2)
    shelf.keep("me", "/1", b"one")
    shelf.keep("me", "/2", b"two")
    assert shelf.find("me", "/1") == b"one"
    shelf.keep("me", "/3", b"three")
    assert [shelf.find("me", address) for address in ("/1", "/2", "/3")] == [b"one", None, b"three"]


def test_what_was_kept_for_long_is_fetched_anew() -> None:
    shelf = Shelf(seconds=0)
    shelf.keep("me", "/1", b"one")
    assert shelf.find("me", "/1") is None


@pytest.mark.usefixtures("shelves")
def test_what_one_key_may_see_is_not_handed_to_who_asks_with_another(api: StandIn) -> None:
    api.labels = ["tiger", "lion"]
    theirs, page = Api(api.url, "a-key-to-review"), Api(api.url)
    images = theirs.json(ImagePage, "GET", "/images").items
    assert thumbnails(theirs, images) == [api.thumbnail, api.thumbnail]
    api.refuse("/images/1/thumbnail", 404, "not_found")
    assert thumbnails(page, images) == [None, api.thumbnail]
    assert thumbnails(theirs, images) == [api.thumbnail, api.thumbnail]
    fetched = [(asked.path, asked.key) for asked in api.asked if asked.path.endswith("thumbnail")]
    assert sorted(fetched, key=str) == [
        ("/images/1/thumbnail", "a-key-to-review"),
        ("/images/1/thumbnail", None),
        ("/images/2/thumbnail", "a-key-to-review"),
        ("/images/2/thumbnail", None),
    ]
    theirs.close()
    page.close()


def test_who_asks_is_told_apart_without_the_key(api: StandIn) -> None:
    ones, others = Api(api.url, "one"), Api(api.url, "other")
    assert ones.whose != others.whose
    assert "one" not in ones.whose
    ones.close()
    others.close()
