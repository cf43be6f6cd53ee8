"""Recipes come from YAML and command lines, and say what is wrong with them."""

from pathlib import Path

import pytest

from training.errors import BadRecipe
from training.recipe import PRESETS, Recipe, make_recipe, read_values, used


def test_a_recipe_is_the_same_after_a_round_through_its_file(tmp_path: Path) -> None:
    recipe = Recipe(
        architecture="timm:resnet10t",
        strategy="finetune",
        weights=tmp_path / "w.pth",
        class_weights={"cat": 2.0},
        ema=0.99,
        time_limit=60,
    )
    (tmp_path / "run.yaml").write_text(recipe.to_yaml())
    assert make_recipe(read_values(tmp_path / "run.yaml"), "run.yaml") == recipe


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_a_recipe(preset: str) -> None:
    values = {str(name): chosen for name, chosen in PRESETS.items()}[preset]
    assert make_recipe(values, preset).architecture == "efficientnet_lite0"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epoch": 3}, r"epoch=3 in run\.yaml: there is no such option"),
        ({"epochs": 0}, r"epochs=0 in run\.yaml: Input should be greater than or equal to 1"),
        ({"schedule": "cosin"}, r"schedule='cosin' in run\.yaml: Input should be 'cosine', 'step'"),
        (
            {"class_weights": {"cat": -1}},
            r"class_weights\.cat=-1 in run\.yaml: Input should be greater than 0",
        ),
    ],
)
def test_a_wrong_value_is_named_with_its_source(values: dict[str, object], message: str) -> None:
    with pytest.raises(BadRecipe, match=message):
        make_recipe(values, "run.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- 1\n- 2\n", "holds no options"),
        ("a: [", "cannot be read as YAML"),
        (None, "cannot be read as YAML"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "run.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(BadRecipe, match=message):
        read_values(path)


def test_of_a_probe_nothing_is_told_that_it_had_no_use_for() -> None:
    probe, network = Recipe(seed=3), Recipe(strategy="finetune", seed=3)
    assert used(probe.facts() | {"strength": 1.0}) == {
        "architecture": "efficientnet_lite0",
        "strategy": "probe",
        "weights": None,
        "seed": 3,
        "size": None,
        "device": "auto",
        "target_precision": 0.98,
        "int8": False,
        "strength": 1.0,
    }
    assert used(network.facts()) == network.facts()
