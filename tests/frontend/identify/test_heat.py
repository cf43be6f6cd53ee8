import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from frontend.answering import heat
from frontend.answering.answers import Box, Explanation
from tests.frontend.at_the_page import encoded

GREY = encoded(Image.new("RGB", (120, 80), (128, 128, 128)), "PNG")
WHOLE = Box(left=0, top=0, right=1, bottom=1)


def laid_over(rows: tuple[tuple[float, ...], ...], box: Box = WHOLE) -> NDArray[np.float32]:
    data = heat.overlay(GREY, Explanation(label="x", heat=rows, box=box))
    return np.asarray(Image.open(io.BytesIO(data)).convert("L"), np.float32)


def test_where_the_heat_is_the_picture_is_lightest() -> None:
    shown = laid_over(((0.0, 0.0, 0.0), (0.0, 0.0, 1.0)))
    row, column = np.unravel_index(shown.argmax(), shown.shape)
    assert row > 40
    assert column > 80
    assert shown[10, 10] < 128 < shown.max()


def test_what_the_model_did_not_see_is_dim_and_free_of_heat() -> None:
    shown = laid_over(((1.0, 1.0), (1.0, 1.0)), Box(left=0.25, top=0, right=0.75, bottom=1))
    assert shown[:, :26] == pytest.approx(64, abs=4)
    assert shown[:, 94:] == pytest.approx(64, abs=4)
    assert shown[:, 40:80].min() > 180


def test_the_size_is_that_of_the_preview() -> None:
    assert laid_over(((0.5,),)).shape == (80, 120)


@pytest.mark.parametrize(
    "box",
    [Box(left=1, top=1, right=1, bottom=1), Box(left=0.9, top=0.5, right=0.1, bottom=0.4)],
    ids=["at the edge", "backwards"],
)
def test_a_box_without_room_costs_no_picture(box: Box) -> None:
    assert laid_over(((1.0,),), box).shape == (80, 120)


def test_colours_grow_lighter_with_the_heat() -> None:
    light = heat.colours(np.linspace(0, 1, 20, dtype=np.float32)) @ np.array([0.2126, 0.7152, 0.0722])
    assert (np.diff(light) > 0).all()
