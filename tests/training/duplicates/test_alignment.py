"""Whether two pictures show the same."""

import pytest
from PIL import Image, ImageDraw

from tests.drawing import draw_scene
from tests.training.duplicates.copying import CHANGED, WHOLE
from training.duplicates.alignment import show_the_same, sketch

CHANGES = WHOLE | CHANGED


def with_logo(image: Image.Image) -> Image.Image:
    """The picture with the same rich logo in its corner, as an agency puts it on all of its own."""
    marked = image.copy()
    marked.paste(draw_scene(99).resize((100, 60)), (10, 10))
    ImageDraw.Draw(marked).rectangle((8, 8, 112, 72), outline="white")
    return marked


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_copy_shows_the_same(change: str) -> None:
    scene = draw_scene(1)
    copy = sketch(CHANGES[change](scene))
    assert show_the_same(sketch(scene), copy)
    assert show_the_same(copy, sketch(scene))


def test_two_scenes_do_not() -> None:
    sketches = [sketch(draw_scene(number)) for number in range(6)]
    assert not any(show_the_same(one, other) for one in sketches for other in sketches if one is not other)


def test_a_logo_in_common_is_not_enough() -> None:
    one, other = (sketch(with_logo(draw_scene(number))) for number in (1, 2))
    assert not show_the_same(one, other)


def test_the_same_logo_on_the_same_scene_is() -> None:
    assert show_the_same(sketch(draw_scene(1)), sketch(with_logo(draw_scene(1))))


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (400, 300)])
def test_pictures_with_nothing_to_hold_on_to_show_nothing(size: tuple[int, int]) -> None:
    blank = sketch(Image.new("RGB", size, "white"))
    assert not show_the_same(blank, blank)
    assert not show_the_same(blank, sketch(draw_scene(1)))
    assert not show_the_same(sketch(draw_scene(1)), blank)


def test_a_sketch_mirrored_is_that_of_the_mirrored_picture() -> None:
    scene = draw_scene(3)
    from_picture = sketch(scene.transpose(Image.Transpose.FLIP_LEFT_RIGHT))
    derived = sketch(scene).mirrored
    likeness = from_picture.descriptors @ derived.descriptors.T
    assert (likeness.max(axis=1) > 0.99).mean() > 0.8
