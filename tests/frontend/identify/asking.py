"""A visitor with a picture."""

from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.frontend.at_the_page import encoded

File = tuple[str, bytes, str]
PHOTO: File = ("tiger.jpg", encoded(Image.new("RGB", (60, 40), "orange")), "image/jpeg")
TEXT: File = ("notes.jpg", b"no picture", "image/jpeg")


def upload(page: AppTest, *files: File) -> AppTest:
    page.run().file_uploader[0].set_value(list(files))
    return page.run()


def choose(page: AppTest, source: str) -> AppTest:
    page.run().segmented_control[0].set_value(source)
    return page.run()
