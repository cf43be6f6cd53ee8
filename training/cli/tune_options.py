"""The options of `menagerie tune`."""

from pathlib import Path
from typing import Annotated

import typer

from training.cli.train_options import RECIPE

SEARCH = "The search"

Architectures = Annotated[
    list[str] | None,
    typer.Option(
        "--arch",
        help="A network to try, as for train; may be given several times. Default: efficientnet_lite0.",
        rich_help_panel=RECIPE,
        show_default=False,
    ),
]
Strategies = Annotated[
    list[str] | None,
    typer.Option(
        "--strategy",
        help="A way to train it; may be given several times. Default: the first two that fit, as a rule "
        "probe and finetune.",
        rich_help_panel=RECIPE,
        show_default=False,
    ),
]
SpaceFile = Annotated[
    Path | None,
    typer.Option(
        "--space", help="A YAML file of what to choose from; --dry-run prints one.", rich_help_panel=RECIPE
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(help="Of every trial, at most. Default: 6.", rich_help_panel=RECIPE, show_default=False),
]
Monitor = Annotated[
    str | None,
    typer.Option(
        help="What is best: val_loss (after calibration), val_accuracy or val_f1. Default: val_loss.",
        rich_help_panel=RECIPE,
        show_default=False,
    ),
]
Trials = Annotated[
    int,
    typer.Option(min=1, help="How many there shall be, those before included.", rich_help_panel=SEARCH),
]
TimeLimit = Annotated[
    float | None,
    typer.Option(min=1, help="Seconds; what is broken off comes first next time.", rich_help_panel=SEARCH),
]
Jobs = Annotated[
    int,
    typer.Option(
        min=1, help="Trials at a time, each in a process with its share of the cores.", rich_help_panel=SEARCH
    ),
]
Study = Annotated[
    str | None,
    typer.Option(
        help="Its name. Default: by the task, its pictures and the space.",
        rich_help_panel=SEARCH,
        show_default=False,
    ),
]
Storage = Annotated[
    str | None,
    typer.Option(
        help="Where trials are kept: the URL of a PostgreSQL database, for several machines. Default: a file "
        "below the bundles.",
        rich_help_panel=SEARCH,
        show_default=False,
    ),
]
