import io
import threading
from collections.abc import Iterator

import pytest
from PIL import Image

from tests.frontend.stand_in import StandIn, serve


def encoded(image: Image.Image, format_: str = "JPEG") -> bytes:
    out = io.BytesIO()
    image.save(out, format_)
    return out.getvalue()


@pytest.fixture
def api() -> Iterator[StandIn]:
    stand_in = StandIn(thumbnail=encoded(Image.new("RGB", (8, 8), "orange")))
    with serve(stand_in) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield stand_in
        server.shutdown()
        thread.join()
