"""What may be chosen of a training: the recipe, read from and written to YAML."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Literal

import yaml
from annotated_types import Ge, Gt, Le, Lt
from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue, ValidationError

from databases.places import Place
from training.errors import BadRecipe

Optimiser = Literal["adamw", "sgd"]
Schedule = Literal["cosine", "step", "plateau", "constant"]
Augmentation = Literal["none", "light", "medium", "strong"]
Monitor = Literal["val_loss", "val_accuracy", "val_f1"]
Precision = Literal["auto", "32", "bf16", "16"]
Strategy = Literal["probe", "finetune", "full", "scratch", "zero-shot"]
DEFAULT_ARCHITECTURE = "efficientnet_lite0"
# Options that are not called as their value is.
OPTIONS = {"architecture": "arch"}
WITHOUT_EPOCHS = ("probe", "zero-shot")
# What concerns these too: all else is of the epochs.
OF_ANY = frozenset(
    {
        "architecture",
        "strategy",
        "weights",
        "seed",
        "size",
        "device",
        "target_precision",
        "int8",
    }
)
# Of the epochs, what means something to some of the strategies only.
ONLY_FOR: dict[str, tuple[Strategy, ...]] = {
    "unfreeze": ("finetune",),
    "backbone_rate": ("finetune", "full"),
    "block_decay": ("finetune", "full"),
}
Share = Annotated[float, Ge(0), Le(1)]


class Recipe(BaseModel):
    """How to train. Methods use what concerns them: a probe has no epochs.

    `size`: pixels of the square that the network sees; none for its own. `unfreeze`: how many blocks from the
    top are trained by `finetune`. `learning_rate` is the head's and the top block's share is `backbone_rate`
    of it; each block further down has `block_decay` of the one above.
    `find_lr`: look for the rate before the epochs; the recipe of what was trained has the one that was found.
    `warmup`: the share of all steps. `ema`: the decay of the weights' moving average, 0 for none.
    `class_weights`: of the loss, by label. `smoothing`: of the labels. `time_limit`: seconds, for the epochs.
    `target_precision`: how often confident answers should be right. `int8`: try a variant in integers.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    architecture: str = DEFAULT_ARCHITECTURE
    strategy: Strategy = "probe"
    weights: Annotated[Path, AfterValidator(Path.absolute)] | None = None
    seed: Annotated[int, Ge(0), Lt(2**31)] = 0

    size: Annotated[int, Ge(32), Le(1024)] | None = None
    unfreeze: Annotated[int, Ge(1)] = 10
    epochs: Annotated[int, Ge(1)] = 40
    batch_size: Annotated[int, Ge(2)] = 32
    optimiser: Optimiser = "adamw"
    learning_rate: Annotated[float, Gt(0)] = 1e-3
    find_lr: bool = False
    backbone_rate: Annotated[float, Gt(0), Le(1)] = 0.1
    block_decay: Annotated[float, Gt(0), Le(1)] = 0.9
    weight_decay: Annotated[float, Ge(0)] = 0.01
    schedule: Schedule = "cosine"
    warmup: Share = 0.1
    clip: Annotated[float, Gt(0)] = 1.0

    augmentation: Augmentation = "light"
    mixup: Annotated[float, Ge(0)] = 0.0
    cutmix: Annotated[float, Ge(0)] = 0.0
    smoothing: Annotated[float, Ge(0), Lt(1)] = 0.0
    dropout: Annotated[float, Ge(0), Lt(1)] = 0.2
    ema: Annotated[float, Ge(0), Lt(1)] = 0.0
    class_weights: Literal["balanced"] | dict[str, Annotated[float, Gt(0)]] | None = None
    balanced_sampling: bool = False

    patience: Annotated[int, Ge(1)] = 5
    monitor: Monitor = "val_loss"
    precision: Precision = "auto"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    time_limit: Annotated[float, Gt(0)] | None = None

    target_precision: Annotated[float, Gt(0), Lt(1)] = 0.98
    int8: bool = False

    @property
    def starts_from_starter(self) -> bool:
        """Whether the features that it begins with are the starter's embeddings."""
        return self.architecture == DEFAULT_ARCHITECTURE and self.weights is None and self.size is None

    def facts(self) -> dict[str, JsonValue]:
        """All of it as JSON, for the manifest."""
        return self.model_dump(mode="json")

    def to_yaml(self) -> str:
        return yaml.safe_dump(self.facts(), sort_keys=False)


Preset = Literal["quick", "balanced", "best"]

# Networks do better on somewhat larger pictures than they were taught with (Touvron et al. 2019,
# arXiv:1906.06423): of 779 pictures of eight animals a probe of EfficientNet-Lite0 gets 13 wrong at its own
# 224 pixels and seven eighths of the picture, cross-validated (mean of four seeds), 12 at 256, 8 at 288 and 8
# at 320 and the whole square.
GENTLY: dict[str, object] = {"strategy": "finetune", "augmentation": "medium", "mixup": 0.2, "size": 288}
# For people who do not want to choose: seconds, minutes, and as good as it gets on this machine.
PRESETS: dict[Preset, dict[str, object]] = {
    "quick": {"strategy": "probe"},
    "balanced": GENTLY | {"unfreeze": 4, "epochs": 6, "learning_rate": 5e-4, "ema": 0.98},
    "best": GENTLY | {"unfreeze": 10, "epochs": 20, "ema": 0.99, "int8": True},
}


def make_recipe(values: Mapping[str, object], source: str, typed: Collection[str] = ()) -> Recipe:
    """A recipe with these values and otherwise the defaults; those of `typed` came as options, and are called
    as these are.

    Raises:
        BadRecipe: naming the first value that is wrong, and `source`.
    """
    try:
        return Recipe.model_validate(values)
    except ValidationError as error:
        # The most exact one: of the kinds that a value may be, the one that went furthest.
        first = max(error.errors(), key=lambda problem: len(problem["loc"]))
        name = ".".join(str(part) for part in first["loc"] if "[" not in str(part))
        problem = "there is no such option" if first["type"] == "extra_forbidden" else first["msg"]
        if first["loc"] and first["loc"][0] in typed:
            raise BadRecipe(f"{option(name)} {first['input']!s:.80}: {problem}") from None
        raise BadRecipe(f"{name}={first['input']!r:.80} in {source}: {problem}") from None


def option(name: str) -> str:
    """How a value of the recipe is called on the command line."""
    return f"--{OPTIONS.get(name, name).replace('_', '-')}"


def read_values(path: Place) -> dict[str, object]:
    """The values in a YAML file that `to_yaml` wrote, or that a person wrote like it.

    Raises:
        BadRecipe: it is absent, no YAML, or no mapping.
    """
    try:
        values = yaml.safe_load(path.read_bytes().decode())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadRecipe(f"{path} cannot be read as YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(values, dict):
        raise BadRecipe(f"{path} holds no options: lines such as 'epochs: 20' are wanted")
    return {str(name): value for name, value in values.items()}


def used(facts: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """What a manifest tells of a training, but for values of the recipe that its strategy makes no use of."""
    idle = Recipe.model_fields.keys() - OF_ANY if facts.get("strategy") in WITHOUT_EPOCHS else set()
    return {name: value for name, value in facts.items() if name not in idle}
