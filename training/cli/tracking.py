"""`menagerie mlflow`: MLflow's page over what was tracked."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from training.tracking.settings import TrackingSettings


EVERYWHERE = ("0.0.0.0", "::")


def mlflow(
    host: Annotated[
        str, typer.Option(help="Address to bind. MLflow asks nobody who they are.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = 5000,
) -> None:
    """Start MLflow's page, which shows every training, and wait for Ctrl-C."""
    from backend.listening import check_free
    from databases.settings import load_settings
    from training.cli.console import quote, say
    from training.cli.processes import LOCAL, started, until_stopped, wait_for, wait_until_up
    from training.tracking.settings import TrackingSettings

    settings = load_settings(TrackingSettings)
    if settings.file is None:
        say(f"The page is that of the server: {quote(settings.shown)}")
        return
    check_free(host, port, others="menagerie mlflow --host and --port")
    settings.file.parent.mkdir(parents=True, exist_ok=True)
    url = f"http://{LOCAL if host in EVERYWHERE else host}:{port}"
    say("MLflow starts, which takes a moment ...")
    with until_stopped(), started(_command(settings, host, port), settings.environment()) as page:
        wait_until_up("MLflow", page, f"{url}/health")
        say(f"\n  MLflow's page  [bold]{url}[/bold]\n")
        say("Trainings stand there under Model training. Ctrl-C ends it.")
        wait_for({"MLflow's page": page})


def _command(settings: "TrackingSettings", host: str, port: int) -> list[str]:
    options = {
        "backend-store-uri": settings.uri,
        "registry-store-uri": settings.uri,
        # Who trains by way of this server has the same folder of artifacts as who does not.
        "default-artifact-root": str(settings.artifacts),
        "host": host,
        "port": str(port),
        "workers": "1",
        "uvicorn-opts": "--log-level warning",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [sys.executable, "-m", "mlflow", "server", "--no-serve-artifacts", *flags]
