import threading
from collections.abc import Iterator

import pytest
import streamlit as st
from PIL import Image
from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

import frontend.app
from tests.frontend.at_the_page import OpenPage, encoded
from tests.frontend.stand_in import StandIn, serve
from tests.waiting import SECONDS


@pytest.fixture
def api() -> Iterator[StandIn]:
    stand_in = StandIn(thumbnail=encoded(Image.new("RGB", (8, 8), "orange")))
    with serve(stand_in) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield stand_in
        server.shutdown()
        thread.join()


@pytest.fixture
def open_page(api: StandIn, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenPage]:
    """Opens a page of the app by its address, not yet run."""
    monkeypatch.setenv("MENAGERIE_API_URL", api.url)

    def at(name: str) -> AppTest:
        page = AppTest.from_file(frontend.app.__file__, default_timeout=SECONDS)
        # The test bench switches by itself between pages that are files; ours are known by their addresses.
        page._page_hash = calc_hash("" if name == "identify" else name)
        return page

    yield at
    # Closes the page's connections too.
    st.cache_resource.clear()
    st.cache_data.clear()
