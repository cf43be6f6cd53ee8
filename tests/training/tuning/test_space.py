"""A search space is data: complete, conditional, and named where it is wrong."""

from pathlib import Path

import optuna
import pytest
from optuna.samplers import RandomSampler

from training.errors import BadRecipe
from training.recipe import read_values
from training.tuning.space import Range, Space, make_space
from training.tuning.study import METHOD, choose


def test_a_space_is_the_same_after_a_round_through_its_file(tmp_path: Path) -> None:
    space = make_space({"architectures": ["resnet18"], "strategies": ["full"], "recipe": {"seed": 3}}, "here")
    (tmp_path / "space.yaml").write_text(space.to_yaml())
    again = make_space(read_values(tmp_path / "space.yaml"), "space.yaml")
    assert again == space
    assert again.digest == space.digest
    assert again.digest != make_space({"architectures": ["resnet18"]}, "here").digest


def test_by_default_a_probe_and_finetuning_need_no_network() -> None:
    probe, finetune = Space().methods
    assert (probe.name, probe.chosen) == ("efficientnet_lite0 probe", ())
    assert finetune.name == "efficientnet_lite0 finetune"
    assert set(finetune.chosen) == set(Space().search)


def test_only_what_a_strategy_uses_is_chosen_for_it() -> None:
    space = make_space({"architectures": ["resnet18"], "strategies": ["finetune", "full", "scratch"]}, "here")
    chosen = {method.strategy: set(method.chosen) for method in space.methods}
    assert chosen["finetune"] - chosen["full"] == {"unfreeze"}
    assert chosen["full"] - chosen["scratch"] == {"backbone_rate", "block_decay"}


def test_each_architecture_is_trained_by_the_first_two_strategies_that_fit() -> None:
    space = make_space({"architectures": ["simple_cnn", "clip:some", "vgg16"]}, "here")
    assert [method.name for method in space.methods] == [
        "simple_cnn scratch",
        "clip:some probe",
        "clip:some zero-shot",
        "vgg16 probe",
        "vgg16 finetune",
    ]


def test_whatever_is_chosen_makes_a_recipe_within_the_space() -> None:
    space = make_space({"architectures": ["efficientnet_lite0", "simple_cnn"]}, "here")
    study = optuna.create_study(sampler=RandomSampler(seed=0))
    methods = set()
    for _ in range(200):
        trial = study.ask()
        recipe = choose(trial, space)
        methods.add((recipe.architecture, recipe.strategy))
        assert recipe.epochs == space.recipe["epochs"]
        for name, value in trial.params.items():
            if name != METHOD:
                assert getattr(recipe, name) == value
                assert value in space.search[name]
    assert methods == {("efficientnet_lite0", "finetune"), ("simple_cnn", "scratch")}


def test_the_defaults_are_those_of_the_recipe_that_lie_within() -> None:
    narrow = {"learning_rate": Range(low=0.1, high=1), "mixup": (0.0, 0.4), "unfreeze": Range(low=2, high=20)}
    space = make_space({"search": narrow}, "here")
    assert space.defaults_of(space.methods[1]) == {"mixup": 0.0, "unfreeze": 10}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"architecture": "vgg16"}, r"architecture='vgg16' in s\.yaml: there is no such option"),
        ({"architectures": ["vgg"]}, "unknown architecture 'vgg'; there are: simple_cnn, "),
        ({"architectures": []}, r"architectures=\[\] in s\.yaml: "),
        ({"strategies": ["prob"]}, r"strategies\.0='prob' in s\.yaml: Input should be 'probe'"),
        (
            {"architectures": ["simple_cnn"], "strategies": ["probe"]},
            r"strategies=probe in s\.yaml: simple_cnn is trained by scratch",
        ),
        ({"recipe": {"epoch": 3}}, r"epoch=3 in s\.yaml: there is no such option"),
        ({"recipe": {"strategy": "full"}}, r"recipe\.strategy in s\.yaml: say it with architectures and"),
        ({"search": {"epoch": [1, 2]}}, r"search\.epoch in s\.yaml: a recipe has no such option"),
        ({"search": {"seed": [1, 2]}}, r"search\.seed in s\.yaml: no two trials may differ in it"),
        (
            {"search": {"epochs": [1, 2]}, "recipe": {"epochs": 3}},
            r"epochs in s\.yaml: it cannot be both of every trial's recipe and searched",
        ),
        ({"recipe": {"find_lr": True}}, r"recipe\.find_lr in s\.yaml: a search finds the rate itself"),
        ({"search": {"mixup": [0.2]}}, r"search\.mixup=\[0\.2\] in s\.yaml: "),
        ({"search": {"schedule": ["cosine", "cosin"]}}, r"schedule='cosin' in s\.yaml: Input should be "),
        (
            {"search": {"dropout": {"low": 0, "high": 1}}},
            r"dropout=1 in s\.yaml: Input should be less than 1",
        ),
        (
            {"search": {"dropout": {"low": 0.5, "high": 0.1}}},
            r"search\.dropout=.* in s\.yaml: Value error, low must be less than high",
        ),
        ({"search": {"dropout": {"low": 0, "high": 0.5, "log": True}}}, "with log more than 0"),
        ({"search": {"unfreeze": {"low": 1, "high": 2.5}}}, r"unfreeze=2\.5 in s\.yaml: Input should be a "),
        (
            {"search": {"dropout": {"low": 0, "high": 0.5, "lg": 1}}},
            r"search\.dropout\.lg=1 in s\.yaml: there ",
        ),
        ({"recipe": {"monitor": "loss"}}, r"monitor='loss' in s\.yaml: Input should be 'val_loss'"),
    ],
)
def test_what_is_wrong_is_named_with_its_source(values: dict[str, object], message: str) -> None:
    with pytest.raises(BadRecipe, match=message):
        make_space(values, "s.yaml")
