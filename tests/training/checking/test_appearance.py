"""Pictures that look bad, by their measures."""

from dataclasses import replace

import pytest

from databases.library import LibraryImage
from databases.quality import Quality
from tests.training.making import image
from training.checking.appearance import RULES, find_bad_looks

GOOD = Quality(sharpness=2000, brightness=0.5, contrast=0.8, saturation=0.4)


def sized(width: int, height: int, number: int = 1) -> LibraryImage:
    return replace(image(number, "cat"), width=width, height=height)


def codes(quality: Quality = GOOD, width: int = 640, height: int = 480) -> set[str]:
    found = find_bad_looks([sized(width, height)], {1: quality})
    return {part.kind.code for part in found if part.findings}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"sharpness": 60}, {"blurry"}),
        ({"brightness": 0.1, "contrast": 0.2}, {"dark"}),
        ({"brightness": 0.1, "contrast": 0.7}, set()),  # lit, before a black ground
        ({"brightness": 0.95, "contrast": 0.2}, {"bright"}),
        ({"brightness": 0.95, "contrast": 0.7}, set()),  # a drawing on white
        ({"brightness": 0.02, "contrast": 0.02, "sharpness": 1, "saturation": 0.1}, {"blank", "dark"}),
        ({"saturation": 0.01}, {"grayscale"}),
        ({"saturation": 0.05}, set()),
    ],
)
def test_a_picture_is_found_by_how_it_looks(changes: dict[str, float], expected: set[str]) -> None:
    assert codes(replace(GOOD, **changes)) == expected


@pytest.mark.parametrize(
    ("width", "height", "expected"),
    [
        (640, 60, {"tiny", "odd_shape"}),
        (64, 64, set()),
        (48, 64, {"tiny"}),
        (300, 1000, {"odd_shape"}),
        (900, 300, set()),
    ],
)
def test_a_picture_is_found_by_its_size_and_shape(width: int, height: int, expected: set[str]) -> None:
    assert codes(width=width, height=height) == expected


def test_the_worst_come_first_and_what_was_never_measured_is_left_out() -> None:
    images = [sized(640, 480, number) for number in range(4)]
    blurred = {number: replace(GOOD, sharpness=value) for number, value in ((0, 90), (1, 10), (2, 50))}
    found = find_bad_looks(images, blurred)
    assert [one.image.id for one in found[0].findings] == [1, 2, 0]
    assert [part.kind for part in found] == [rule.kind for rule in RULES]
    assert not any(part.findings for part in found[1:])
