import io

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from frontend.picture import PREVIEW_SIDE, preview
from tests.frontend.at_the_page import encoded

RED, BLUE = (220, 20, 20), (20, 20, 220)


def shown(data: bytes) -> Image.Image:
    small = preview(data)
    assert small is not None
    image = Image.open(io.BytesIO(small))
    assert image.format == "JPEG"
    return image


def close(pixel: object, colour: tuple[int, int, int]) -> bool:
    assert isinstance(pixel, tuple)
    return all(abs(a - b) < 30 for a, b in zip(pixel, colour, strict=True))


def red_above_blue() -> Image.Image:
    image = Image.new("RGB", (40, 60), RED)
    image.paste(BLUE, (0, 30, 40, 60))
    return image


@pytest.mark.parametrize(
    ("orientation", "as_stored"),
    [(3, Image.Transpose.ROTATE_180), (6, Image.Transpose.ROTATE_90), (8, Image.Transpose.ROTATE_270)],
)
def test_a_picture_taken_sideways_is_shown_upright(orientation: int, as_stored: Image.Transpose) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    red_above_blue().transpose(as_stored).save(out, "JPEG", exif=exif)
    image = shown(out.getvalue())
    assert image.size == (40, 60)
    assert close(image.getpixel((20, 5)), RED)
    assert close(image.getpixel((20, 55)), BLUE)


@pytest.mark.parametrize("format_", ["JPEG", "TIFF"])
def test_print_colours_are_shown_as_screen_colours(format_: str) -> None:
    image = shown(encoded(red_above_blue().convert("CMYK"), format_))
    assert image.mode == "RGB"
    assert close(image.getpixel((20, 5)), RED)


@pytest.mark.parametrize("format_", ["PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_every_format_of_the_api_but_heic_is_shown(format_: str) -> None:
    assert close(shown(encoded(red_above_blue(), format_)).getpixel((20, 5)), RED)


def test_transparent_parts_are_white() -> None:
    image = shown(encoded(Image.new("RGBA", (20, 20), (0, 0, 0, 0)), "PNG"))
    assert close(image.getpixel((10, 10)), (255, 255, 255))


def test_16_bit_grey_keeps_its_brightness() -> None:
    image = shown(encoded(Image.new("I;16", (1500, 20), 0x8000), "PNG"))
    assert close(image.getpixel((10, 10)), (128, 128, 128))


def test_a_large_picture_is_made_small() -> None:
    image = shown(encoded(Image.new("RGB", (4000, 1000))))
    assert image.size == (PREVIEW_SIDE, PREVIEW_SIDE // 4)


def test_what_cannot_be_decoded_has_no_preview() -> None:
    whole = encoded(Image.effect_noise((200, 200), 50))
    for data in (b"", b"no picture", whole[: len(whole) // 2]):
        assert preview(data) is None


def test_a_decompression_bomb_has_no_preview() -> None:
    assert preview(encoded(Image.new("1", (9000, 8000)), "PNG")) is None


def test_broken_metadata_does_not_hide_the_picture() -> None:
    broken = PngInfo()
    broken.add_itxt("Raw profile type exif", "\nexif\n 4\nnot hexadecimal")
    out = io.BytesIO()
    red_above_blue().save(out, "PNG", pnginfo=broken)
    assert close(shown(out.getvalue()).getpixel((20, 5)), RED)
