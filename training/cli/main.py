"""`menagerie`: what it is made of, and how errors reach a person."""

import sys
from typing import Annotated

import typer

from training.cli import (
    auditing,
    checking,
    comparing,
    datasets,
    deciding,
    evaluating,
    keeping,
    keys,
    labelling,
    learning,
    models,
    pictures,
    predicting,
    refused,
    roots,
    samples,
    services,
    suggesting,
    tracking,
    tuning,
    uploads,
)
from training.cli.program import Commands


def _tell_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"menagerie {_version()}")
        raise typer.Exit


def _version() -> str:
    """Of the package, or where it runs from its folder, as in a container, of the project there."""
    import tomllib
    from importlib.metadata import PackageNotFoundError, version
    from pathlib import Path

    try:
        return version("menagerie")
    except PackageNotFoundError:
        project = Path(__file__).resolve().parents[2] / "pyproject.toml"
        return str(tomllib.loads(project.read_text("utf-8"))["project"]["version"])


Version = Annotated[
    bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Show the version and exit.")
]
app = Commands(
    help="Turn folders of animal pictures into an answering service.",
    epilog="All that it knows lies in one database (DATABASE_URL; by default SQLite's file "
    "databases/images.db in the project's folder) and one folder of bundles, its trained models "
    "(MENAGERIE_BUNDLES; by default bundles in the project's folder). Pictures stay where they are.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(services.demo)
app.command()(pictures.ingest)
app.command()(auditing.audit)
app.command()(checking.check)
app.command()(learning.train)
app.command()(tuning.tune)
app.command()(evaluating.evaluate)
app.command()(comparing.compare)
app.command()(predicting.predict)
app.command()(pictures.index)
app.command()(models.export)
app.command()(services.serve)
app.command()(services.ui)
app.command()(tracking.mlflow)
app.command()(models.starter)
app.command()(keeping.backup)
app.command()(keeping.restore)
app.command()(services.doctor)
deciding.pictures.command()(refused.refused)
deciding.pictures.command()(suggesting.suggest)
app.add_typer(deciding.pictures, name="pictures")
app.add_typer(roots.roots, name="roots")
app.add_typer(labelling.labels, name="labels")
app.add_typer(datasets.data, name="data")
app.add_typer(models.models, name="models")
app.add_typer(samples.samples, name="samples")
app.add_typer(keys.keys, name="keys")
app.add_typer(uploads.uploads, name="uploads")
app.add_typer(models.db, name="db")


@app.callback()
def _program(version: Version = False) -> None:
    del version  # was answered before anything else


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
    from backend.keeping.errors import KeepingError
    from databases.errors import DatabaseError
    from databases.settings import SettingsError
    from training.errors import TrainingError

    foreseen: tuple[type[Exception], ...] = (TrainingError, DatabaseError, InferenceError, SettingsError)
    foreseen += (KeepingError, DataError, OperationalError, OSError)
    return isinstance(error, foreseen)


if __name__ == "__main__":
    main()
