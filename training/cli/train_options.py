"""The options of `menagerie train`: each sets one value of the recipe."""

from pathlib import Path
from typing import Annotated

import typer

RECIPE, EXPORT = "The recipe", "The bundle"
LOOP, PICTURES = "The epochs, which probe and zero-shot have none of", "Pictures and labels in the epochs"


def _option(help_text: str, *names: str, panel: str = LOOP) -> object:
    return typer.Option(*names, help=help_text, rich_help_panel=panel, show_default=False)


Architecture = Annotated[
    str | None,
    _option(
        "efficientnet_lite0 (its weights are built in; the default), efficientnet_b0, resnet18, vgg16, "
        "timm:NAME, clip:openai/clip-vit-base-patch32; or from scratch: simple_cnn, deep_cnn.",
        "--arch",
        panel=RECIPE,
    ),
]
Strategy = Annotated[
    str | None,
    _option(
        "probe (a head on frozen features), finetune (the top blocks too), full (all of it), scratch (from "
        "random weights), zero-shot (CLIP, from the labels' names). Default: the first that fits.",
        panel=RECIPE,
    ),
]
Preset = Annotated[
    str | None,
    _option("quick (seconds: a probe), balanced (minutes) or best (as good as it gets).", panel=RECIPE),
]
Config = Annotated[
    Path | None, _option("A YAML file of options; those of this line come first.", panel=RECIPE)
]
WeightsFile = Annotated[
    Path | None,
    _option("A file or folder of pretrained weights, instead of the hub's.", "--weights", panel=RECIPE),
]
Seed = Annotated[int | None, _option("The same seed gives the same model. Default: 0.", panel=RECIPE)]

Size = Annotated[
    int | None,
    _option(
        "Pixels of the square that the network sees; larger ones take longer. Default: its own, such as 224; "
        "efficientnet_lite0 in the presets balanced and best: 288.",
        panel=RECIPE,
    ),
]
Unfreeze = Annotated[
    int | None, _option("How many blocks from the top finetune trains. Default: 10.", panel=RECIPE)
]
Epochs = Annotated[int | None, _option("At most this many. Default: 40.")]
BatchSize = Annotated[int | None, _option("Pictures a step. Default: 32.")]
OptimiserName = Annotated[str | None, _option("adamw or sgd. Default: adamw.", "--optimiser")]
LearningRate = Annotated[float | None, _option("Of the head. Default: 0.001.", "--learning-rate", "--lr")]
FindLr = Annotated[
    bool | None,
    _option(
        "Find the learning rate first: tries rising ones on train pictures, and takes what they suggest.",
        "--find-lr",
    ),
]
BackboneRate = Annotated[
    float | None, _option("The top block's rate, as a share of the head's. Default: 0.1.")
]
BlockDecay = Annotated[
    float | None, _option("Each deeper block's rate, as a share of the one above. Default: 0.9.")
]
WeightDecay = Annotated[float | None, _option("Default: 0.01.")]
ScheduleName = Annotated[
    str | None,
    _option("Of the learning rate: cosine, step, plateau or constant. Default: cosine.", "--schedule"),
]
Warmup = Annotated[float | None, _option("The share of all steps in which the rate rises. Default: 0.1.")]
Clip = Annotated[float | None, _option("The longest gradient. Default: 1.")]
Patience = Annotated[int | None, _option("Epochs without progress on val before it stops. Default: 5.")]
MonitorName = Annotated[
    str | None, _option("What is progress: val_loss, val_accuracy or val_f1. Default: val_loss.", "--monitor")
]
Ema = Annotated[float | None, _option("Decay of the weights' moving average, such as 0.99. Default: none.")]
PrecisionName = Annotated[str | None, _option("auto, 32, bf16 or 16. Default: auto.", "--precision")]
Device = Annotated[str | None, _option("auto, cpu, cuda or mps. Default: auto.")]
Checkpoints = Annotated[
    str | None,
    _option(
        "A folder, or a URL such as s3://bucket/prefix, for what --resume and torchrun's restarts go on "
        "from; for several machines one that all reach. Default: MENAGERIE_CHECKPOINTS, or beside the "
        "bundles.",
    ),
]
TimeLimit = Annotated[
    float | None, _option("Seconds for the epochs; fewer are planned where it would take longer.")
]

TargetPrecision = Annotated[
    float | None, _option("How often confident answers should be right. Default: 0.98.", panel=EXPORT)
]
Int8 = Annotated[
    bool | None,
    _option("Also try a variant in integers, which serves if it is no worse and faster.", panel=EXPORT),
]

AugmentationName = Annotated[
    str | None, _option("none, light, medium or strong. Default: light.", "--augmentation", panel=PICTURES)
]
Mixup = Annotated[float | None, _option("Alpha of mixup, such as 0.2. Default: none.", panel=PICTURES)]
Cutmix = Annotated[float | None, _option("Alpha of CutMix, such as 1. Default: none.", panel=PICTURES)]
Smoothing = Annotated[float | None, _option("Of the labels, such as 0.1. Default: none.", panel=PICTURES)]
Dropout = Annotated[float | None, _option("Before the head. Default: 0.2, from scratch 0.5.", panel=PICTURES)]
ClassWeights = Annotated[
    str | None, _option("Of the loss: balanced, or cat=2,dog=1. Default: none.", panel=PICTURES)
]
BalancedSampling = Annotated[
    bool | None,
    _option("Draw every label as often.", "--balanced-sampling/--no-balanced-sampling", panel=PICTURES),
]
