"""What a search may choose from: networks, ways to train them, values of the recipe. Data, kept as YAML."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, get_args

import yaml
from annotated_types import MinLen
from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError, model_validator

from training.errors import BadRecipe
from training.methods import check_recipe
from training.networks.catalogue import strategies_of
from training.recipe import ONLY_FOR, Recipe, Strategy, make_recipe

# Nothing can be chosen for the other strategies: a probe has no epochs, and finds its own strength.
IN_EPOCHS: tuple[Strategy, ...] = ("finetune", "full", "scratch")
# What a recipe says of the machine, of the bundle, or of what is best: no two trials may differ in it.
OF_ALL = (
    "weights",
    "size",
    "seed",
    "find_lr",
    "monitor",
    "precision",
    "device",
    "time_limit",
    "target_precision",
    "int8",
)
BY_METHOD = ("architecture", "strategy")
Choice = str | int | float | bool | None


class Range(BaseModel):
    """Numbers from `low` to `high`, both included; with `log`, every order of magnitude is as likely."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: int | float
    high: int | float
    log: bool = False

    @model_validator(mode="after")
    def _runs_upwards(self) -> "Range":
        if self.low >= self.high or (self.log and self.low <= 0):
            raise ValueError("low must be less than high, and with log more than 0")
        return self

    @property
    def ends(self) -> tuple[Choice, ...]:
        return self.low, self.high

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high


Choices = Annotated[tuple[Choice, ...], MinLen(2)]


@dataclass(frozen=True)
class Method:
    """A network and a way to train it. `chosen`: the names of the values that a search chooses for it."""

    architecture: str
    strategy: Strategy
    chosen: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.architecture} {self.strategy}"


class Space(BaseModel):
    """`recipe`: values of every trial; `search`: those to choose, by name.

    `strategies`: empty for the first two that fit each architecture.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    architectures: Annotated[tuple[str, ...], MinLen(1)] = ("efficientnet_lite0",)
    strategies: tuple[Strategy, ...] = ()
    recipe: dict[str, JsonValue] = {"epochs": 6, "patience": 3}
    search: dict[str, Range | Choices] = {
        "unfreeze": Range(low=1, high=10),
        "learning_rate": Range(low=1e-4, high=1e-2, log=True),
        "backbone_rate": Range(low=0.01, high=1, log=True),
        "block_decay": Range(low=0.6, high=1),
        "weight_decay": Range(low=1e-4, high=0.3, log=True),
        "schedule": ("cosine", "step", "constant"),
        "augmentation": ("none", "light", "medium", "strong"),
        "mixup": (0.0, 0.2),
        "cutmix": (0.0, 1.0),
        "smoothing": (0.0, 0.05, 0.1),
        "dropout": Range(low=0, high=0.5),
        "ema": (0.0, 0.9, 0.98),
    }

    @property
    def methods(self) -> tuple[Method, ...]:
        """Every network with every way to train it."""
        return tuple(
            Method(architecture, strategy, self._chosen(strategy))
            for architecture in dict.fromkeys(self.architectures)
            for strategy in self._strategies(architecture)
        )

    @property
    def shared(self) -> Recipe:
        """What all trials have in common, the defaults where nothing is said of it."""
        return make_recipe(self.recipe, "the search space")

    @property
    def minimise(self) -> bool:
        """Whether less is better, of what the search goes by."""
        return self.shared.monitor == "val_loss"

    @property
    def digest(self) -> str:
        """SHA-256 of all that it says."""
        return hashlib.sha256(self.to_yaml().encode()).hexdigest()

    def recipe_of(self, method: Method, values: Mapping[str, object]) -> Recipe:
        """The recipe of a trial.

        Raises:
            BadRecipe: its values make none.
        """
        given = {"architecture": method.architecture, "strategy": method.strategy}
        recipe = make_recipe(self.recipe | given | dict(values), "the search space")
        check_recipe(recipe)
        return recipe

    def defaults_of(self, method: Method) -> dict[str, Choice]:
        """The recipe's own defaults, of the values that may be chosen and as far as these lie within."""
        known = {name: Recipe.model_fields[name].default for name in method.chosen}
        return {name: value for name, value in known.items() if value in self.search[name]}

    def to_yaml(self) -> str:
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)

    def _strategies(self, architecture: str) -> tuple[Strategy, ...]:
        fitting = strategies_of(architecture)
        wanted = self.strategies or fitting[:2]
        return tuple(
            strategy for strategy in get_args(Strategy) if strategy in wanted and strategy in fitting
        )

    def _chosen(self, strategy: Strategy) -> tuple[str, ...]:
        if strategy not in IN_EPOCHS:
            return ()
        return tuple(name for name in self.search if strategy in ONLY_FOR.get(name, IN_EPOCHS))


def make_space(values: Mapping[str, object], source: str) -> Space:
    """A space with these values and otherwise the defaults; the ends of every range were tried.

    Raises:
        BadRecipe: naming what is wrong, its value, and `source`.
    """
    try:
        space = Space.model_validate(values)
    except ValidationError as error:
        # The most exact one: of the kinds that a value may be, the one that went furthest.
        first = max(error.errors(), key=lambda problem: len(problem["loc"]))
        name = ".".join(str(part) for part in first["loc"] if str(part) != "Range" and "[" not in str(part))
        problem = "there is no such option" if first["type"] == "extra_forbidden" else first["msg"]
        raise BadRecipe(f"{name}={first['input']!r:.80} in {source}: {problem}") from None
    for architecture in space.architectures:
        _check_strategies(architecture, space.strategies, source)
    _check_names(space, source)
    for method in space.methods:
        _check_ends(space, method, source)
    return space


def is_whole(name: str) -> bool:
    """Whether a value of the recipe is a whole number."""
    return Recipe.model_fields[name].annotation is int


def _check_strategies(architecture: str, wanted: tuple[Strategy, ...], source: str) -> None:
    fitting = strategies_of(architecture)
    if wanted and not set(wanted) & set(fitting):
        raise BadRecipe(
            f"strategies={', '.join(wanted)} in {source}: {architecture} is trained by {', '.join(fitting)}"
        )


def _check_names(space: Space, source: str) -> None:
    for name in space.recipe:
        if name in BY_METHOD:
            raise BadRecipe(f"recipe.{name} in {source}: say it with architectures and strategies")
    if space.recipe.get("find_lr"):
        raise BadRecipe(
            f"recipe.find_lr in {source}: a search finds the rate itself, with search.learning_rate"
        )
    for name in space.search:
        if name not in Recipe.model_fields:
            raise BadRecipe(f"search.{name} in {source}: a recipe has no such option")
        if name in OF_ALL + BY_METHOD:
            raise BadRecipe(f"search.{name} in {source}: no two trials may differ in it")
        if name in space.recipe:
            raise BadRecipe(f"{name} in {source}: it cannot be both of every trial's recipe and searched")


def _check_ends(space: Space, method: Method, source: str) -> None:
    given = space.recipe | {"architecture": method.architecture, "strategy": method.strategy}
    check_recipe(make_recipe(given, source))
    for name in method.chosen:
        choices = space.search[name]
        for value in choices.ends if isinstance(choices, Range) else choices:
            make_recipe(given | {name: value}, source)
