from frontend.thumbnails import Shelf


def test_what_was_looked_at_last_is_kept_and_no_more_than_there_is_room_for() -> None:
    shelf = Shelf(most=2)
    shelf.keep("/1", b"one")
    shelf.keep("/2", b"two")
    assert shelf.find("/1") == b"one"
    shelf.keep("/3", b"three")
    assert [shelf.find(address) for address in ("/1", "/2", "/3")] == [b"one", None, b"three"]


def test_what_was_kept_for_long_is_fetched_anew() -> None:
    shelf = Shelf(seconds=0)
    shelf.keep("/1", b"one")
    assert shelf.find("/1") is None
