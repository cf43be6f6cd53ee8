"""`menagerie`: what it is made of, and how errors reach a person."""

import sys

import typer

from training.cli import (
    checking,
    comparing,
    datasets,
    deciding,
    evaluating,
    labelling,
    learning,
    models,
    pictures,
    samples,
    services,
    tracking,
    tuning,
)

app = typer.Typer(
    help="Turn folders of animal pictures into an answering service.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(services.demo)
app.command()(pictures.ingest)
app.command()(checking.check)
app.command()(learning.train)
app.command()(tuning.tune)
app.command()(evaluating.evaluate)
app.command()(comparing.compare)
app.command()(pictures.index)
app.command()(models.export)
app.command()(services.serve)
app.command()(services.ui)
app.command()(tracking.mlflow)
app.command()(models.starter)
app.add_typer(deciding.pictures, name="pictures")
app.add_typer(labelling.labels, name="labels")
app.add_typer(datasets.data, name="data")
app.add_typer(models.models, name="models")
app.add_typer(samples.samples, name="samples")
app.add_typer(models.db, name="db")


def main() -> None:
    """Runs the program; an error that was foreseen is one line and exit code 1, a bug stays a traceback."""
    try:
        app()
    except Exception as error:
        if not _foreseen(error):
            raise
        lines = str(error).strip().splitlines() or [type(error).__name__]
        print(f"error: {lines[0]}", file=sys.stderr)  # noqa: T201
        sys.exit(1)


def _foreseen(error: Exception) -> bool:
    from sqlalchemy.exc import DataError, OperationalError

    from backend.inference.errors import InferenceError
    from databases.errors import DatabaseError
    from databases.settings import SettingsError
    from training.errors import TrainingError

    foreseen: tuple[type[Exception], ...] = (TrainingError, DatabaseError, InferenceError, SettingsError)
    foreseen += (DataError, OperationalError, OSError)
    return isinstance(error, foreseen)


if __name__ == "__main__":
    main()
