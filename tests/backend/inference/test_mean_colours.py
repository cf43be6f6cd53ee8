"""An eighth of a progressive JPEG is what libjpeg makes of it, though it is read as something else."""

from typing import Any

import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from backend.inference.decoding import decode
from backend.inference.errors import UnreadableImage
from backend.inference.jpeg_segments import PROGRESSIVE, SCAN, Segment, segment_of, segments_of
from backend.inference.mean_colours import mean_colours
from backend.inference.progressive import without_details
from tests.drawing import draw_scene, encode

SIZES = [(640, 480), (641, 487), (333, 100), (7, 5)]
SCENE = draw_scene(3, size=(640, 480))


def eighth(data: bytes, colours: str) -> Any:
    height, width, _, _ = simplejpeg.decode_jpeg_header(data)
    return simplejpeg.decode_jpeg(data, colours, min_height=-(-height // 8), min_width=-(-width // 8))


def first_scan(data: bytes) -> Segment:
    return next(segment for segment in segments_of(data) if segment.marker == SCAN)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("quality", [20, 75, 85])
def test_it_is_what_libjpeg_reads(size: tuple[int, int], subsampling: str, quality: int) -> None:
    data = encode(draw_scene(3, size=size), progressive=True, subsampling=subsampling, quality=quality)
    planes = mean_colours(data)
    assert planes is not None
    assert np.array_equal(planes[0], eighth(data, "GRAY").squeeze(2))
    means = without_details(data, segments_of(data))
    assert means is not None
    merged = Image.merge("YCbCr", [Image.fromarray(plane) for plane in planes]).convert("RGB")
    assert np.abs(np.asarray(merged).astype(np.int16) - eighth(means, "RGB")).max() <= 1


@pytest.mark.parametrize("size", SIZES)
def test_so_is_one_without_colours(size: tuple[int, int]) -> None:
    data = encode(draw_scene(3, size=size).convert("L"), progressive=True, quality=80)
    planes = mean_colours(data)
    assert planes is not None
    assert len(planes) == 1
    assert np.array_equal(planes[0], eighth(data, "GRAY").squeeze(2))


def test_black_beside_white_is_no_grey_and_does_not_wrap_around() -> None:
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[::2, ::2] = 255
    pixels = pixels.repeat(8, 0).repeat(8, 1)
    data = encode(Image.fromarray(pixels), progressive=True, quality=85, subsampling="4:4:4")
    planes = mean_colours(data)
    assert planes is not None
    assert set(np.unique(planes[0])) <= {0, 1, 254, 255}
    assert np.array_equal(planes[0] > 128, pixels[::8, ::8, 0] > 128)


@pytest.mark.parametrize(
    "options",
    [{"quality": 95}, {"restart_marker_rows": 1}, {"progressive": False}],
    ids=["eight bits are too few", "it begins anew now and then", "it is not progressive"],
)
def test_what_cannot_be_read_so_is_left_alone(options: dict[str, Any]) -> None:
    data = encode(SCENE, **({"progressive": True} | options))
    assert mean_colours(data) is None
    assert decode(data, least=30).image.size in {(80, 60), (160, 120), (640, 480)}


def test_a_scan_that_leaves_out_a_bit_is_left_alone() -> None:
    data = encode(SCENE, progressive=True, quality=75)
    first = first_scan(data)
    assert data[first.coded - 1] == 1  # all bits but the last one; which the next scan tells
    assert mean_colours(data) is not None
    assert mean_colours(data[: first.coded - 1] + b"\2" + data[first.coded :]) is None


def test_a_second_frame_is_no_way_around_the_limits() -> None:
    data = encode(SCENE, progressive=True, quality=75)
    frame = next(segment for segment in segments_of(data) if segment.marker == PROGRESSIVE)
    told = bytearray(data[frame.start + 4 : frame.coded])
    told[1:5] = b"\xff\xff\xff\xff"
    many = told[:5] + bytes((255,)) + b"\1\x11\0" * 20_000
    end = first_scan(data).end
    for second in (told, many):
        spliced = data[:end] + segment_of(PROGRESSIVE, bytes(second)) + data[end:]
        assert without_details(spliced, segments_of(spliced)) is None
        assert mean_colours(spliced) is None
        with pytest.raises(UnreadableImage):
            decode(spliced, least=30)
    alone = data[: frame.start] + segment_of(PROGRESSIVE, bytes(many)) + data[frame.coded :]
    assert without_details(alone, segments_of(alone)) is None


def test_the_tables_are_those_that_stood_before_the_first_scan() -> None:
    data = encode(SCENE, progressive=True, quality=75)
    end = first_scan(data).end
    spliced = data[:end] + segment_of(0xDB, b"\0" + b"\x40" * 64) + data[end:]
    planes, others = mean_colours(data), mean_colours(spliced)
    assert planes is not None
    assert others is not None
    assert all(np.array_equal(one, other) for one, other in zip(planes, others, strict=True))


@pytest.mark.parametrize("at", [-2, 0], ids=["to where", "of how many"])
def test_a_scan_that_contradicts_itself_is_left_alone(at: int) -> None:
    data = bytearray(encode(SCENE, progressive=True, quality=75))
    first = first_scan(bytes(data))
    data[first.coded - 2 if at else first.start + 4] = 5
    assert mean_colours(bytes(data)) is None
    with pytest.raises(UnreadableImage):
        decode(bytes(data), least=30)


def test_codes_that_end_too_early_are_damage() -> None:
    data = encode(SCENE, progressive=True, quality=75)
    first = first_scan(data)
    with pytest.raises(ValueError, match="premature end"):
        mean_colours(data[: first.coded + 100] + data[first.end :])


def test_bits_that_end_too_early_are_damage() -> None:
    data = encode(SCENE, progressive=True, quality=75)
    bits = next(one for one in segments_of(data) if one.marker == SCAN and data[one.coded - 1] == 0x10)
    assert mean_colours(data) is not None
    with pytest.raises(ValueError, match="too short"):
        mean_colours(data[: bits.coded + 100] + data[bits.end :])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damage_anywhere_is_no_crash(drawn: st.DataObject) -> None:
    data = bytearray(encode(SCENE, progressive=True, quality=75))
    for _ in range(drawn.draw(st.integers(1, 5))):
        data[drawn.draw(st.integers(2, 3000))] = drawn.draw(st.integers(0, 255))
    try:
        planes = mean_colours(bytes(data))
    except ValueError:
        return
    assert planes is None or len({plane.shape for plane in planes}) == 1
