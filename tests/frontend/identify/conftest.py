import pytest
from streamlit.testing.v1 import AppTest

from tests.frontend.at_the_page import OpenPage


@pytest.fixture
def page(open_page: OpenPage) -> AppTest:
    return open_page("identify")
