import io
import struct
import subprocess
import sys
import zlib
from typing import Any

import numpy as np
import pytest
import simplejpeg
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from backend.inference.decoding import SPARE, START_BYTES, Limits, check_start, decode, decode_grey
from backend.inference.errors import UnreadableImage
from backend.inference.jpeg_segments import MOST_SCANS, MOST_SEGMENTS
from tests.drawing import draw, draw_scene, encode, picture

FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "HEIF"]
SCENE = draw("red", size=(40, 24))


def middle(image: Image.Image) -> tuple[int, ...]:
    return tuple(np.asarray(image)[image.height // 2, image.width // 2].tolist())


def code_of(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(UnreadableImage) as caught:
        decode(data, limits or Limits())
    return caught.value.code


@pytest.mark.parametrize("format", FORMATS)
def test_each_format_is_decoded_to_rgb_of_its_size(format: str) -> None:
    decoded = decode(encode(SCENE, format))
    assert (decoded.format, decoded.image.mode, decoded.image.size) == (format, "RGB", (40, 24))
    assert np.abs(np.subtract(middle(decoded.image), middle(SCENE))).max() < 30


@pytest.mark.parametrize("format", FORMATS)
def test_each_format_is_known_by_how_it_starts(format: str) -> None:
    check_start(encode(SCENE, format)[:START_BYTES])


@pytest.mark.parametrize("start", [b"", bytes(START_BYTES), b"PK\3\4", b"%!PS-Adobe", b"hello"])
def test_what_starts_like_no_picture_is_refused_by_that(start: bytes) -> None:
    with pytest.raises(UnreadableImage) as caught:
        check_start(start)
    assert caught.value.code == code_of(start.ljust(999, b" ")) == "unsupported_format"


UNDO = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def lying(orientation: int, size: tuple[int, int], format: str) -> tuple[Image.Image, bytes]:
    """A picture with a red corner, and a file of it in one of EXIF's orientations."""
    corner = Image.new("RGB", size, "white")
    corner.paste("red", (0, 0, size[0] // 2, size[1] // 2))
    undo, exif = UNDO[orientation], Image.Exif()
    exif[0x0112] = orientation
    stored = corner if undo is None else corner.transpose(undo)
    return corner, encode(stored, format, exif=exif)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_comes_out_upright(orientation: int) -> None:
    corner, data = lying(orientation, (32, 16), "PNG")
    upright = decode(data).image
    assert upright.size == (32, 16)
    assert np.array_equal(np.asarray(upright), np.asarray(corner))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("size", "smaller"), [((640, 320), (160, 80)), ((321, 320), (81, 80))])
def test_a_jpeg_may_come_smaller_and_keeps_its_size_and_its_side(
    orientation: int, size: tuple[int, int], smaller: tuple[int, int]
) -> None:
    corner, data = lying(orientation, size, "JPEG")
    decoded = decode(data, least=64 // SPARE)
    assert (decoded.width, decoded.height) == size
    assert decoded.image.size == smaller
    expected = np.asarray(corner.resize(smaller, Image.Resampling.BOX), np.int16)
    assert np.abs(np.asarray(decoded.image, np.int16) - expected).mean() < 8


def by_pillow(data: bytes, least: int | None = None) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    if least:
        image.draft(None, (least, least))
    return ImageOps.exif_transpose(image.convert("RGB"))


@pytest.mark.parametrize("least", [None, 100, 30])
@pytest.mark.parametrize(
    "how",
    [
        {"subsampling": "4:4:4"},
        {"subsampling": "4:2:2"},
        {"subsampling": "4:2:0"},
        {"progressive": True},
        {"quality": 20, "restart_marker_rows": 1},
    ],
)
@pytest.mark.parametrize("colours", ["RGB", "L", "CMYK"])
def test_a_jpeg_comes_to_pillows_pixels(colours: str, how: dict[str, Any], least: int | None) -> None:
    data = encode(draw_scene(1, size=(251, 203)).convert(colours), **how)
    expected = by_pillow(data, least and SPARE * least)
    assert np.array_equal(np.asarray(decode(data, least=least).image), np.asarray(expected))


@pytest.mark.parametrize("format", FORMATS)
def test_grey_is_what_the_colours_come_to(format: str) -> None:
    data = encode(draw_scene(2, size=(60, 44)), format)
    grey, picture = decode_grey(data), decode(data)
    assert (grey.format, grey.width, grey.height) == (picture.format, picture.width, picture.height)
    expected = np.asarray(picture.image.convert("L"), np.int16)
    assert grey.pixels.dtype == np.uint8
    assert np.abs(grey.pixels - expected).max() <= 2


@pytest.mark.parametrize("before", [b"", b"\xff", b"\xff\xfe\x00\x06some"])
@pytest.mark.parametrize("metadata", ["exif", "xmp"])
def test_a_jpeg_is_turned_upright_wherever_that_stands(metadata: str, before: bytes) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><d tiff:Orientation="6"/></x:xmpmeta>'
    scene = draw_scene(3, size=(60, 44))
    data = encode(scene, exif=exif) if metadata == "exif" else encode(scene, xmp=xmp)
    data = data[:2] + before + data[2:]
    decoded = decode(data)
    assert (decoded.image.size, decoded.width, decoded.height) == ((44, 60), 44, 60)
    assert np.array_equal(np.asarray(decoded.image), np.asarray(by_pillow(data)))


def test_a_jpeg_that_is_damaged_but_whole_is_read_as_pillow_reads_it() -> None:
    data = encode(draw_scene(4, size=(64, 48)))
    data = data[:-300] + data[-2:]
    with pytest.raises(ValueError, match="premature end of data segment"):
        simplejpeg.decode_jpeg(data)
    assert np.array_equal(np.asarray(decode(data).image), np.asarray(by_pillow(data)))


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_small_or_no_jpeg_comes_as_it_is(format: str) -> None:
    decoded = decode(encode(SCENE, format), least=20)
    assert (decoded.image.size, decoded.width, decoded.height) == ((40, 24), 40, 24)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.02, 0.999))
def test_a_jpeg_that_comes_smaller_is_refused_where_it_is_cut_short(kept: float) -> None:
    data = encode(draw("red", size=(640, 480)))
    data = data[: int(len(data) * kept)]
    try:
        decode(data)
    except UnreadableImage as error:
        with pytest.raises(UnreadableImage, match=str(error)):
            decode(data, least=60)
    else:
        decode(data, least=60)


@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_phones_picture_comes_out_upright(format: str, orientation: int) -> None:
    corner = Image.new("RGB", (128, 64), "white")
    corner.paste("red", (0, 0, 64, 32))
    undo = {3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = corner.transpose(undo[orientation])
    upright = decode(encode(stored, format, exif=exif.tobytes())).image
    assert upright.size == (128, 64)
    assert np.abs(np.subtract(np.asarray(upright, np.int16), np.asarray(corner))).mean() < 8


def test_cmyk_jpeg_keeps_its_colours() -> None:
    decoded = decode(encode(SCENE.convert("CMYK"))).image
    assert np.abs(np.subtract(middle(decoded), middle(SCENE))).max() < 30


def test_transparency_is_laid_over_white() -> None:
    glass = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    assert middle(decode(encode(glass, "PNG")).image) == (255, 255, 255)
    half = Image.new("LA", (8, 8), (0, 128))
    assert middle(decode(encode(half, "PNG")).image) == (127, 127, 127)


@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
def test_transparent_parts_of_a_phones_picture_are_laid_over_white(format: str) -> None:
    glass = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    assert min(middle(decode(encode(glass, format)).image)) > 250


def test_transparent_palette_is_laid_over_white() -> None:
    image = Image.new("P", (8, 8), 1)
    image.putpalette([0, 0, 0, 10, 20, 30])
    assert middle(decode(encode(image, "PNG")).image) == (10, 20, 30)
    assert middle(decode(encode(image, "PNG", transparency=1)).image) == (255, 255, 255)


@pytest.mark.parametrize("format", ["PNG", "TIFF"])
def test_sixteen_bit_grey_keeps_its_brightness(format: str) -> None:
    ramp = np.linspace(0, 65535, 64, dtype=np.uint16).reshape(8, 8)
    decoded = np.asarray(decode(encode(Image.fromarray(ramp), format)).image)
    assert np.array_equal(decoded[..., 0], (ramp >> 8).astype(np.uint8))


def test_first_frame_of_an_animation_is_taken() -> None:
    frames = [draw("green"), draw("blue")]
    for format in ("GIF", "WEBP", "TIFF"):
        data = encode(frames[0], format, save_all=True, append_images=frames[1:])
        red, green, blue = middle(decode(data).image)
        assert green > red + 100
        assert green > blue + 100


def test_one_bit_and_grey_pictures_become_rgb() -> None:
    for mode in ("1", "L"):
        assert decode(encode(SCENE.convert(mode), "PNG")).image.mode == "RGB"


def test_empty_file_is_refused() -> None:
    assert code_of(b"") == "empty_file"


@pytest.mark.parametrize(
    "data", [b"no picture", b"%PDF-1.7 ...", b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
)
def test_other_files_are_refused_as_unsupported(data: bytes) -> None:
    assert code_of(data) == "unsupported_format"


def test_postscript_is_never_interpreted() -> None:
    assert (
        code_of(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n") == "unsupported_format"
    )


@pytest.mark.parametrize("format", FORMATS)
def test_truncated_picture_is_refused(format: str) -> None:
    data = encode(draw("red", size=(200, 200)), format)
    assert code_of(data[: len(data) * 6 // 10]) in ("truncated_image", "corrupt_image", "unsupported_format")


def test_truncated_jpeg_has_a_code_of_its_own() -> None:
    data = picture("red")
    assert code_of(data[: len(data) // 2]) == "truncated_image"


@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
def test_a_picture_without_its_last_bytes_has_a_code_of_its_own(format: str) -> None:
    data = encode(draw("red", size=(200, 200)), format)
    for kept in (60, len(data) // 2, len(data) - 1):
        assert code_of(data[:kept]) == "truncated_image"


def test_floating_point_tiff_is_refused() -> None:
    assert code_of(encode(Image.new("F", (4, 4), 0.5), "TIFF")) == "corrupt_image"


def test_too_many_bytes_are_refused() -> None:
    data = picture("red")
    assert code_of(data, Limits(max_bytes=len(data) - 1)) == "too_many_bytes"
    assert decode(data, Limits(max_bytes=len(data))).format == "JPEG"


def test_too_many_pixels_are_refused_before_decoding() -> None:
    # A PNG whose header promises 40,000 x 40,000 pixels and whose body holds none: only the header may be
    # read.
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    for side in (9_000, 12_000, 40_000):
        header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
        bomb = (
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", header)
            + chunk(b"IDAT", zlib.compress(b""))
            + chunk(b"IEND", b"")
        )
        assert code_of(bomb) == "too_many_pixels"


@pytest.mark.parametrize("format", ["AVIF", "HEIF"])
def test_the_limit_on_pixels_holds_for_what_phones_write(format: str) -> None:
    data = encode(SCENE, format)
    assert code_of(data, Limits(max_pixels=40 * 24 - 1)) == "too_many_pixels"
    assert decode(data, Limits(max_pixels=64 * 64)).image.size == (40, 24)


def test_a_small_part_cut_out_of_a_large_heic_costs_what_the_large_one_does() -> None:
    data = encode(draw("red", size=(301, 301)), "HEIF")  # an odd size is coded larger, and cropped
    at = data.index(b"clap") + 4
    cropped = data[:at] + struct.pack(">8i", 10, 1, 10, 1, 0, 1, 0, 1) + data[at + 32 :]
    assert decode(cropped).image.size == (10, 10)
    assert code_of(cropped, Limits(max_pixels=301 * 301)) == "too_many_pixels"


def test_a_heic_of_many_tiles_costs_what_all_tiles_do_whatever_size_it_states() -> None:
    data = encode(draw("red", size=(256, 256)), "HEIF", tile_size=64)
    stated = b"ispe\0\0\0\0" + struct.pack(">II", 256, 256)
    assert decode(data).image.size == (256, 256)
    lying = data.replace(stated, b"ispe\0\0\0\0" + struct.pack(">II", 64, 64))
    assert code_of(lying, Limits(max_pixels=256 * 256 - 1)) == "too_many_pixels"
    assert code_of(lying) == "corrupt_image"


def test_a_heic_that_states_no_size_is_refused_before_it_is_decoded() -> None:
    data = encode(SCENE, "HEIF")
    assert code_of(data.replace(b"ispe", b"free")) == "corrupt_image"
    nowhere = data.replace(struct.pack(">II", 64, 64), bytes(8))
    assert nowhere != data
    assert code_of(nowhere) == "corrupt_image"


@pytest.mark.parametrize("derived", [b"iden", b"iovl"])
def test_a_heic_made_of_other_pictures_is_refused(derived: bytes) -> None:
    data = encode(SCENE, "HEIF")
    assert code_of(data.replace(b"hvc1", derived, 1)) == "corrupt_image"


def test_only_a_heic_file_loads_what_decodes_heic() -> None:
    script = (
        "import io, sys\n"
        "from backend.inference.decoding import decode\n"
        f"decode({picture('red')!r})\n"
        "before = 'pillow_heif' in sys.modules\n"
        f"print(before, decode({encode(SCENE, 'HEIF')!r}).format)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "HEIF"]


def test_broken_exif_does_not_spoil_a_sound_picture() -> None:
    data = encode(SCENE, exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff" + b"\x12\x01" * 40)
    assert decode(data).image.size == (40, 24)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(FORMATS),
    st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=12),
    st.integers(0, 400),
)
def test_damaged_bytes_are_decoded_or_refused_but_never_crash(
    format: str, changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(encode(draw("blue", size=(24, 24)), format))
    for position, value in changes:
        data[position % len(data)] = value
    damaged = bytes(data[: max(0, len(data) - cut)])
    try:
        decoded = decode(damaged)
    except UnreadableImage:
        return
    assert decoded.image.mode == "RGB"
    assert Image.open(io.BytesIO(damaged)).format is not None


SCAN = b"\xff\xda"
PROGRESSIVE = encode(SCENE, progressive=True)
ONE_SCAN = PROGRESSIVE[PROGRESSIVE.index(SCAN) : PROGRESSIVE.index(b"\xff", PROGRESSIVE.index(SCAN) + 14)]


@pytest.mark.parametrize(
    "data",
    [
        PROGRESSIVE[:-2] + ONE_SCAN * MOST_SCANS + PROGRESSIVE[-2:],
        b"\xff\xd8\xff" + bytes(200_000) + PROGRESSIVE[2:],
        b"\xff\xd8" + b"\xff\xe1\x00\x02" * MOST_SEGMENTS + PROGRESSIVE[2:],
        PROGRESSIVE[:-2] + b"\xff\xfe\x00\x02" * MOST_SEGMENTS + PROGRESSIVE[-2:],
        b"\xff\xd8" + b"\xff" * 200_000 + PROGRESSIVE[2:],
        b"\xff\xd8" + b"\xff\x00" * 100_000 + PROGRESSIVE[2:],
    ],
    ids=["scans", "zeros", "segments", "segments behind a scan", "fills", "escapes"],
)
def test_what_is_made_to_take_long_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableImage) as refused:
        decode(data)
    assert refused.value.code == "corrupt_image"


def test_what_stands_behind_a_picture_is_nobody_s_business() -> None:
    film = (SCAN + b"\xff\xfe\x00\x02") * 10_000  # as phones put one there
    assert np.array_equal(np.asarray(decode(PROGRESSIVE + film).image), np.asarray(decode(PROGRESSIVE).image))


def test_a_little_of_it_is_borne() -> None:
    padded = b"\xff\xd8" + b"\xff\xe1\x00\x02" * 9 + b"\xff" * 99 + PROGRESSIVE[3:]
    assert np.array_equal(np.asarray(decode(padded).image), np.asarray(decode(PROGRESSIVE).image))
