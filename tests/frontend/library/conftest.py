import pytest
from streamlit.testing.v1 import AppTest

from tests.frontend.at_the_page import OpenPage
from tests.frontend.library.showing import allowing
from tests.frontend.stand_in import StandIn


@pytest.fixture
def library(api: StandIn) -> StandIn:
    """Three cats, a dog and a picture without a label, from two sources; one dark, one excluded."""
    count = {"train": 2, "val": 1, "test": 0}
    api.more["GET", "/library"] = lambda _: {
        "task": "pets",
        "total": 5,
        "labels": [
            {"label": "cat", "pictures": 3} | count,
            {"label": "dog", "pictures": 1, "train": 0, "val": 0, "test": 1},
            {"label": None, "pictures": 1, "train": 0, "val": 0, "test": 0},
        ],
        "sources": [{"name": "zoo", "pictures": 4}, {"name": "web", "pictures": 1}],
        "findings": [{"kind": "dark", "pictures": 1}],
        "excluded": 1,
        "invalid": 2,
    }
    api.more["GET", "/models"] = lambda _: {"texts": "none"}
    allowing(api, "predict")
    api.labels = ["cat", "cat", "cat", "dog"]
    return api


@pytest.fixture
def page(library: StandIn, open_page: OpenPage) -> AppTest:
    assert library
    return open_page("library")
