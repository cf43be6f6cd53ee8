"""The eighth of a progressive JPEG needs only the scans of its blocks' means."""

from typing import Any

import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.inference.decoding import decode, decode_grey
from backend.inference.errors import UnreadableImage
from backend.inference.jpeg_segments import segments_of
from backend.inference.progressive import without_details
from tests.drawing import draw_scene, encode

SIZES = [(640, 480), (641, 487), (800, 333), (2304, 2000)]
SCENE = draw_scene(3, size=(640, 480))


def eighth(data: bytes, colours: str) -> Any:
    height, width, _, _ = simplejpeg.decode_jpeg_header(data)
    return simplejpeg.decode_jpeg(data, colours, min_height=-(-height // 8), min_width=-(-width // 8))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("restarts", [0, 1])
def test_its_brightness_is_that_of_the_whole(size: tuple[int, int], subsampling: str, restarts: int) -> None:
    data = encode(
        draw_scene(3, size=size), progressive=True, subsampling=subsampling, restart_marker_rows=restarts
    )
    means = without_details(data, segments_of(data))
    assert means is not None
    assert len(means) < len(data)
    assert np.array_equal(eighth(means, "GRAY"), eighth(data, "GRAY"))
    colours = np.abs(eighth(means, "RGB").astype(np.int16) - eighth(data, "RGB"))
    assert colours.mean() < 6  # drawn noise; photographs come to 1.3
    if subsampling == "4:4:4":
        assert colours.max() == 0


@pytest.mark.parametrize("colours", ["RGB", "L"])
def test_it_is_taken_where_an_eighth_will_do(colours: str) -> None:
    data = encode(SCENE.convert(colours), progressive=True)
    assert decode(data, least=60).image.size == (80, 60)
    assert decode(data, least=61).image.size == (320, 240)
    assert np.array_equal(decode_grey(data, least=60).pixels, eighth(data, "GRAY").squeeze(2))


def test_what_is_not_progressive_is_left_alone() -> None:
    for data in (encode(SCENE), encode(SCENE, "PNG"), b"\xff\xd8\xff"):
        assert without_details(data, segments_of(data)) is None


@settings(max_examples=60, deadline=None)
@given(st.floats(0, 0.9999))
def test_it_is_refused_where_it_is_cut_short(kept: float) -> None:
    data = encode(SCENE, progressive=True)
    data = data[: int(len(data) * kept)]
    with pytest.raises(UnreadableImage) as whole:
        decode(data)
    with pytest.raises(UnreadableImage) as small:
        decode(data, least=60)
    assert whole.value.code == small.value.code


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damage_anywhere_is_no_crash(drawn: st.DataObject) -> None:
    data = bytearray(encode(SCENE, progressive=True))
    for _ in range(drawn.draw(st.integers(1, 5))):
        data[drawn.draw(st.integers(2, len(data) - 1))] = drawn.draw(st.integers(0, 255))
    try:
        small = decode(bytes(data), least=60)
    except UnreadableImage:
        return
    whole = small.width, small.height
    assert small.image.mode == "RGB"
    assert small.image.size in {tuple(-(-side // part) for side in whole) for part in (1, 2, 4, 8)}
    assert min(small.image.size) >= min(60, *whole)
