"""What tests of the pages see and do there, on Streamlit's own test bench."""

import io
from collections.abc import Callable

from PIL import Image
from streamlit.testing.v1 import AppTest

OpenPage = Callable[[str], AppTest]


def words(page: AppTest) -> str:
    """All that stands there as HTML of our own, with spaces that break."""
    assert not page.exception
    said = "\n".join(piece.value for piece in page.html if "<style>" not in piece.value)
    return said.replace("\u00a0", " ")


def command(typed: str) -> str:
    """What whoever runs the service is to type, as it stands there."""
    return f'<code class="mng-command">{typed}</code>'


def buttons(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def click(page: AppTest, label: str) -> AppTest:
    next(button for button in page.button if button.label == label).click()
    return page.run()


def encoded(image: Image.Image, format_: str = "JPEG") -> bytes:
    out = io.BytesIO()
    image.save(out, format_)
    return out.getvalue()
