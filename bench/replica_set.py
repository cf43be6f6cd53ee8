"""Several replicas of the API as processes of their own, and nginx in front of them by deploy/nginx."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from databases.settings import PROJECT
from training.cli.processes import started, wait_until_up

CONFIGURATION = PROJECT / "deploy" / "nginx" / "menagerie.conf"
REPLICAS = ("127.0.0.1:8001", "127.0.0.1:8002", "127.0.0.1:8003")  # as that file has them
ADDRESS = "127.0.0.1:8080"
END_SECONDS = 40
# What nginx needs for itself, which is the machine's affair and no part of that file.
AROUND = """
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
{user}
events {{ worker_connections 512; }}
http {{
    log_format tried '$status $upstream_status $request_method $uri';
    access_log {folder}/access.log tried;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/answers;
    fastcgi_temp_path {folder}/unused;
    uwsgi_temp_path {folder}/unused;
    scgi_temp_path {folder}/unused;
    include {folder}/menagerie.conf;
}}
"""


class Replica:
    """A process that serves at `port`; `settings` are its environment beside ours, with the folder of its
    `cache` among them."""

    def __init__(self, port: int, settings: Mapping[str, str], log: Path) -> None:
        self.port = port
        self.cache = Path(settings["MENAGERIE_CACHE"])
        self._settings = os.environ | dict(settings) | {"MENAGERIE_PORT": str(port)}
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What it has said so far, in all its lives."""
        return self._log.read_text(encoding="utf-8")

    def start(self) -> None:
        """Begins, and does not wait."""
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "backend.api"],
                cwd=PROJECT,
                env=self._settings,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def wait(self) -> None:
        """Returns when it is ready.

        Raises:
            TrainingError: it ended, or is not ready within a minute.
        """
        assert self._process is not None
        wait_until_up("the replica", self._process, f"http://127.0.0.1:{self.port}/readyz")

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Sends it a signal, and waits until it is gone."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
            self._process.wait(END_SECONDS)


@contextmanager
def replicas(
    ports: Sequence[int], settings: Mapping[str, str], folder: Path
) -> Iterator[tuple[Replica, ...]]:
    """Replicas that are ready, each with a cache of its own below `folder`; ended with the block."""
    all_of_them = []
    for port in ports:
        own = {"MENAGERIE_CACHE": str(folder / f"cache-{port}"), "MENAGERIE_AUTH": "off"}
        all_of_them.append(Replica(port, dict(settings) | own, folder / f"replica-{port}.log"))
    try:
        for one in all_of_them:
            one.start()
        for one in all_of_them:
            one.wait()
        yield tuple(all_of_them)
    finally:
        for one in all_of_them:
            one.end(signal.SIGKILL)


@contextmanager
def balanced(port: int, ports: Sequence[int], folder: Path) -> Iterator[str]:
    """The URL of nginx at `port`, before the replicas at `ports`. What it does not know of them, it learns.

    Raises:
        FileNotFoundError: nginx is not installed.
    """
    program = nginx()
    if program is None:
        raise FileNotFoundError("nginx is not installed: apt-get install nginx-light")
    folder.mkdir()
    text = CONFIGURATION.read_text(encoding="utf-8")
    for known, ours in zip((ADDRESS, *REPLICAS), (port, *ports), strict=True):
        if known not in text:
            raise ValueError(f"{CONFIGURATION} names no {known}")
        text = text.replace(known, f"127.0.0.1:{ours}")
    (folder / "menagerie.conf").write_text(text, encoding="utf-8")
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(AROUND.format(folder=folder, user=user), encoding="utf-8")
    command = [program, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")]
    url = f"http://127.0.0.1:{port}"
    with started(command, {}) as process:
        wait_until_up("nginx", process, f"{url}/livez")
        yield url


def nginx() -> str | None:
    """The program, where it is installed: Debian keeps it where only root looks."""
    return shutil.which("nginx", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin")))


def passed_on(folder: Path) -> int:
    """How many requests nginx, which keeps its log in `folder`, took to more than one replica."""
    lines = (folder / "access.log").read_text(encoding="utf-8").splitlines()
    return sum("," in line for line in lines)
