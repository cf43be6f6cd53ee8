"""Commands that run the service, or look after it: demo, serve, ui, doctor."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

API_PORT, UI_PORT = 8000, 8501
Port = Annotated[int, typer.Option(min=1, max=65535)]


def serve(
    host: Annotated[str | None, typer.Option(help="Address to bind. Default: 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Default: 8000.")] = None,
    task: Annotated[str | None, typer.Option(help="Default: the task that was promoted to last.")] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Processes that share the port and the cores, each with the model in its memory: on a busy "
            "site, one a core. Default: 1.",
        ),
    ] = None,
    auth: Annotated[
        bool | None,
        typer.Option(
            "--auth/--no-auth",
            help="Whether requests need a key; menagerie keys add makes one. Default: where others "
            "than this machine can reach the address.",
        ),
    ] = None,
) -> None:
    """Start the API. What is in work when it is told to end is answered first."""
    chosen = {
        "MENAGERIE_HOST": host,
        "MENAGERIE_PORT": port,
        "MENAGERIE_TASK": task,
        "MENAGERIE_WORKERS": workers,
        "MENAGERIE_AUTH": None if auth is None else ("on" if auth else "off"),
    }
    environment = os.environ | {name: str(value) for name, value in chosen.items() if value is not None}
    os.execve(sys.executable, [sys.executable, "-m", "backend.api"], environment)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Tell it as a list of objects.")] = False,
) -> None:
    """Examine the installation: database, bundles, library, room, keys, clock.

    Nothing is changed. Each line says ok, warn or fail, and what to do; something that fails makes the exit
    code 1. Every bundle is hashed and asked, which takes about a second each.
    """
    command = [sys.executable, "-m", "backend.api.doctor", *(["--json"] if as_json else [])]
    os.execve(command[0], command, dict(os.environ))


def ui(
    host: Annotated[str, typer.Option(help="Address to bind.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = UI_PORT,
    api: Annotated[
        str | None, typer.Option(help="The API's address. Default: http://127.0.0.1:8000.")
    ] = None,
) -> None:
    """Start the page."""
    from backend.listening import check_free
    from training.cli.processes import page_command, page_settings

    check_free(host, port, others="menagerie ui --host and --port")
    command = page_command(host, port)
    os.execve(command[0], command, os.environ | page_settings(api))


def demo(
    images: Annotated[
        str | None, typer.Option(help="A folder of class folders: train on it, and serve that.")
    ] = None,
    api_port: Annotated[int, typer.Option(min=1, max=65535, envvar="MENAGERIE_PORT")] = API_PORT,
    ui_port: Port = UI_PORT,
) -> None:
    """Start the API and the page, and wait for Ctrl-C.

    Without --images the starter model answers: 398 kinds of animals, no training. With --images the
    folder is ingested, a model trained on it and promoted, and its pictures are the gallery; what is
    done already is not done again.
    """
    from backend.listening import check_free
    from training.cli.preparation import prepare_starter, prepare_task
    from training.cli.processes import LOCAL, run_both
    from training.cli.state import open_state, open_tracked_state
    from training.errors import TrainingError

    if images is not None and not images.strip():
        raise TrainingError("--images names no folder: say which, or leave it out for the starter model")
    if api_port == ui_port:
        raise TrainingError(f"port {api_port} is named twice: the API and the page need one each")
    check_free(LOCAL, api_port, ui_port, others="menagerie demo --api-port and --ui-port")
    if images is None:
        task = prepare_starter(open_state())
    else:
        with open_tracked_state() as state:
            # What make hands over was not expanded by a shell.
            task = prepare_task(state, Path(images).expanduser())
    run_both(task, api_port, ui_port)
