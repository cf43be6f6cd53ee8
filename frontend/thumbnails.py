"""The library's pictures, small, fetched by this process: the visitor's browser may not reach the API."""

import time
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import streamlit as st

from frontend.answers import LibraryImage
from frontend.client import Api, ApiError

FETCHERS = 4
MOST_KEPT = 600  # of some 15 kB each
SECONDS_KEPT = 600


class Shelf:
    """What was fetched last, for all who ask with the same key: another may not see the same pictures. Kept
    picture by picture: no two visitors see quite the same dozen, so that whole galleries would fill the
    memory with the same pictures many times."""

    def __init__(self, most: int = MOST_KEPT, seconds: float = SECONDS_KEPT) -> None:
        self._most = most
        self._seconds = seconds
        self._kept: OrderedDict[tuple[str, str], tuple[float, bytes]] = OrderedDict()
        self._lock = Lock()

    def find(self, whose: str, address: str) -> bytes | None:
        """`whose`: as an `Api` has it."""
        place = whose, address
        with self._lock:
            since, data = self._kept.get(place, (0.0, None))
            if data is None or time.monotonic() - since >= self._seconds:
                return None
            self._kept.move_to_end(place)
            return data

    def keep(self, whose: str, address: str, data: bytes) -> None:
        place = whose, address
        with self._lock:
            self._kept[place] = time.monotonic(), data
            self._kept.move_to_end(place)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


def thumbnails(api: Api, images: Sequence[LibraryImage]) -> list[bytes | None]:
    """In the order of `images`; None for one that the API cannot give.

    Raises:
        ApiError: if the API is not there at all.
    """
    shelf = _shelf(api.url)
    with ThreadPoolExecutor(FETCHERS) as pool:
        return list(pool.map(lambda image: _find_or_fetch(api, shelf, image), images))


@st.cache_resource(show_spinner=False, max_entries=1)
def _shelf(url: str) -> Shelf:  # noqa: ARG001
    return Shelf()


def _find_or_fetch(api: Api, shelf: Shelf, image: LibraryImage) -> bytes | None:
    address = image.links.thumbnail
    found = shelf.find(api.whose, address)
    if found is None:
        found = _thumbnail_or_none(api, image)
        if found is not None:
            shelf.keep(api.whose, address, found)
    return found


def _thumbnail_or_none(api: Api, image: LibraryImage) -> bytes | None:
    try:
        return api.thumbnail(image)
    except ApiError as error:
        if error.code in ("unreachable", "timeout"):
            raise
        return None
