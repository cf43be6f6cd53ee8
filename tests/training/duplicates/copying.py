"""The ways in which a picture is copied and changed on the way."""

from collections.abc import Callable

from PIL import Image, ImageEnhance

from backend.inference.decoding import decode
from tests.drawing import encode

Change = Callable[[Image.Image], Image.Image]


def encoded_badly(image: Image.Image) -> Image.Image:
    return decode(encode(image, quality=30)).image


# What hashes find.
WHOLE: dict[str, Change] = {
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "upside down": lambda image: image.transpose(Image.Transpose.ROTATE_180),
    "quarter turned": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "quarter turned and mirrored": lambda image: image.transpose(Image.Transpose.TRANSVERSE),
    "darker": lambda image: ImageEnhance.Brightness(image).enhance(0.5),
    "smaller": lambda image: image.resize((image.width // 2, image.height // 2)),
    "encoded badly": encoded_badly,
}
# What only looking closer finds.
CHANGED: dict[str, Change] = {
    "cut": lambda image: image.crop(
        (image.width * 3 // 40, image.height * 3 // 40, image.width * 37 // 40, image.height * 37 // 40)
    ),
    "slightly turned": lambda image: image.rotate(15, Image.Resampling.BICUBIC),
    "cut, mirrored and darker": lambda image: WHOLE["darker"](WHOLE["mirrored"](CHANGED["cut"](image))),
}
