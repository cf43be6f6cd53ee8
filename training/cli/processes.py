"""The API and the page as processes of their own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import IO, NoReturn

import httpx

from databases.settings import PROJECT
from training.cli.console import say
from training.errors import TrainingError

LOCAL = "127.0.0.1"
LOCAL_NAMES = (LOCAL, "localhost", "::1")
ALLOWED_HOSTS = "STREAMLIT_SERVER_ALLOWED_HOSTS"
# What cannot start ends, and is told of at once. MLflow computes for 12 seconds before it answers for the
# first time, which is a minute where others want the same cores.
START_SECONDS = 180
STOP_SECONDS = 10
# Of the page's process, as in Dockerfile.ui: 128 KiB and more go back to the system as soon as they are let
# go. Of itself glibc learns from the first picture to keep blocks of its size, in an arena for each of the
# threads that there ever were at a time; a click runs in a new one. Other C libraries do not know it.
PAGE_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "131072"}


class Stopped(Exception):
    """Somebody asked for the end."""


def page_command(host: str, port: int) -> list[str]:
    options = {
        "server.address": host,
        "server.port": port,
        "server.headless": "true",
        "browser.gatherUsageStats": "false",
        "logger.hideWelcomeMessage": "true",
    }
    if host not in LOCAL_NAMES and ALLOWED_HOSTS not in os.environ:
        options["server.allowedHosts"] = "*"  # nobody knows what others call this machine
    page = str(PROJECT / "frontend" / "app.py")
    flags = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    return [sys.executable, "-m", "streamlit", "run", page, *flags]


def page_settings(api_url: str | None = None) -> dict[str, str]:
    """What the page's process needs in its environment; `api_url`: where that does not say it already."""
    return PAGE_MEMORY | ({"MENAGERIE_API_URL": api_url} if api_url else {})


def run_both(task: str, api_port: int, ui_port: int) -> None:
    """Starts both, says where they are, and waits until one ends or somebody asks for the end.

    Raises:
        TrainingError: one of them did not start, or ended by itself.
    """
    api_url, ui_url = f"http://{LOCAL}:{api_port}", f"http://{LOCAL}:{ui_port}"
    api_settings = {
        "MENAGERIE_HOST": LOCAL,
        "MENAGERIE_PORT": str(api_port),
        "MENAGERIE_TASK": task,
        "MENAGERIE_LOG_LEVEL": "warning",
    }
    api_command = [sys.executable, "-m", "backend.api"]
    with (
        until_stopped(),
        started(api_command, api_settings) as api,
        started(page_command(LOCAL, ui_port), page_settings(api_url)) as page,
    ):
        wait_until_up("the API", api, f"{api_url}/readyz")
        wait_until_up("the page", page, f"{ui_url}/_stcore/health")
        say(f"\n  The page  [bold]{ui_url}[/bold]\n  The API   [bold]{api_url}/docs[/bold]\n")
        say("Ctrl-C ends both.")
        wait_for({"the API": api, "the page": page})


@contextmanager
def until_stopped() -> Iterator[None]:
    """Ends the block in good order where somebody asks for it, by Ctrl-C or a signal."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        yield
    except (KeyboardInterrupt, Stopped):
        say("Ended.")


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise Stopped


@contextmanager
def started(
    command: list[str], settings: Mapping[str, str], output: IO[bytes] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with the block; it prints to `output`, by default to where we do."""
    # A session of its own: Ctrl-C reaches us alone, and we end both in good order.
    process = subprocess.Popen(
        command, env=os.environ | settings, stdout=output, stderr=output, start_new_session=True
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except BaseException as error:
            process.kill()
            process.wait()
            if not isinstance(error, subprocess.TimeoutExpired):  # a second Ctrl-C
                raise


def wait_until_up(what: str, process: subprocess.Popen[bytes], url: str) -> None:
    """Returns as soon as `url` answers with success.

    Raises:
        TrainingError: the process ended, or did not answer within START_SECONDS.
    """
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise TrainingError(
                f"{what} did not start (exit code {process.returncode}); its reason stands above"
            )
        try:
            if httpx.get(url, timeout=2, trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.02)
    raise TrainingError(f"{what} did not answer at {url} within {START_SECONDS} seconds")


def wait_for(processes: Mapping[str, subprocess.Popen[bytes]]) -> NoReturn:
    """Raises TrainingError as soon as one of them ends."""
    while True:
        for what, process in processes.items():
            if process.poll() is not None:
                raise TrainingError(f"{what} ended by itself (exit code {process.returncode})")
        time.sleep(0.3)
