"""The report of a search: whole in one file, honest where little was tried."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tests.browser import chromium
from tests.training.reporting.test_pages import Elements
from training.recipe import Recipe, make_recipe
from training.reporting.page import plotly_script
from training.reporting.tuning_page import tuning_page
from training.reporting.tuning_writing import write_tuning
from training.tuning.judging import Figures
from training.tuning.outcome import Outcome
from training.tuning.space import make_space
from training.tuning.tried import State, Tried

RECIPE = Recipe(architecture="timm:<b>net", strategy="finetune", mixup=0.2)
CHOSEN: dict[str, object] = {"learning_rate": 0.00123456, "mixup": 0.2}


def tried(number: int, state: State, value: float | None = None) -> Tried:
    ended = value is not None
    return Tried(
        number=number,
        state=state,
        recipe=None if state == "waiting" else RECIPE,
        chosen={} if state == "waiting" else CHOSEN,
        value=value,
        figures=Figures(value, 0.75, 0.5) if value is not None else None,
        epochs=((1, 0.9), (2, 0.5)) if ended or state == "stopped early" else (),
        seconds=12.4,
        reason="half of the others were better after epoch 2" if state == "stopped early" else None,
    )


@pytest.fixture
def outcome() -> Outcome:
    """A probe, two finetunings, and each other way to end."""
    probe = replace(
        tried(0, "finished", 0.7), recipe=RECIPE.model_copy(update={"strategy": "probe"}), chosen={}
    )
    every = (
        replace(probe, epochs=()),
        tried(1, "finished", 0.5),
        tried(2, "finished", 0.4),
        tried(3, "stopped early"),
        tried(4, "broken off"),
        tried(5, "waiting"),
    )
    space = {"architectures": [RECIPE.architecture], "strategies": ["probe", "finetune"]}
    return Outcome(
        name="pets-tuning-1",
        task="pets",
        train=80,
        val=20,
        space=make_space(space, "the test"),
        tried=every,
        best=every[2],
        recipe=RECIPE,
        importances=(("learning_rate", 0.7), ("mixup", 0.3)),
        model="pets-7",
    )


def test_the_page_shows_the_course_what_matters_the_recipe_and_every_trial(outcome: Outcome) -> None:
    page = Elements(tuning_page(outcome).replace(plotly_script(), ""))
    assert page.addresses() == {"data", "#"}
    drawn = [attrs["aria-label"] for _, attrs in page.found if attrs.get("class") == "plot"]
    assert drawn == [
        "What each trial came to, and the best so far",
        "How each trial learnt, over the epochs",
        "How much each value matters",
        "What trials came to over learning_rate",
        "What trials came to over mixup",
    ]
    assert "Trial 2 is the best of 6: timm:<b>net finetune." in page.text
    assert "trained by its recipe is pets-7" in page.text
    assert "3 finished, 1 stopped early, 1 broken off, 1 waiting" in page.text
    assert "half of the others were better after epoch 2" in page.text
    assert "learning rate 0.00123, mixup 0.2" in page.text
    assert "mixup: 0.2" in page.text
    assert sum(tag == "tr" for tag, _ in page.found) == 1 + len(outcome.tried)


def test_what_matters_is_not_claimed_of_too_few_trials(outcome: Outcome) -> None:
    few = replace(outcome, importances=(), model=None)
    page = Elements(tuning_page(few).replace(plotly_script(), ""))
    assert "Too little was tried to say: it takes 5 finished trials" in page.text
    assert sum(attrs.get("class") == "plot" for _, attrs in page.found) == 2
    assert "trained by its recipe" not in page.text


def test_a_probe_alone_makes_a_page_without_epochs(outcome: Outcome) -> None:
    probe = outcome.tried[0]
    alone = replace(outcome, tried=(probe,), best=probe, importances=())
    page = Elements(tuning_page(alone).replace(plotly_script(), ""))
    assert sum(attrs.get("class") == "plot" for _, attrs in page.found) == 1


def test_the_recipe_and_the_trials_lie_beside_the_page(outcome: Outcome, tmp_path: Path) -> None:
    written = write_tuning(outcome, tmp_path / "report")
    assert make_recipe(yaml.safe_load(written.recipe.read_text()), "best.yaml") == RECIPE
    rows = list(csv.DictReader(written.figures.read_text().splitlines()))
    assert [row["ended"] for row in rows] == [one.state for one in outcome.tried]
    assert (rows[2]["val_loss"], rows[2]["learning_rate"], rows[2]["epochs"]) == ("0.4", "0.00123456", "2")
    assert (rows[0]["learning_rate"], rows[3]["val_loss"]) == ("", "")


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_drawn_without_a_network_and_fits_the_screen(
    outcome: Outcome, tmp_path: Path, width: int
) -> None:
    path = write_tuning(outcome, tmp_path).page
    told: list[str] = []
    with chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("request", lambda request: told.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_function("document.querySelectorAll('.plot .main-svg').length >= 5")
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.locator(".plot text", has_text="timm:<b>net").count() > 0
    assert [one for one in told if not one.startswith("data:")] == [path.as_uri()]
