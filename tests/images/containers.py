"""Runs a built image as docker-compose.yml runs it, with buildah in place of an engine."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, Field

from training.cli.processes import START_SECONDS

# For what computes for 20 seconds, on a machine whose cores others want too.
DONE_WITHIN_S = 300
HEALTHY_WITHIN_S = START_SECONDS
STOPPED_WITHIN_S = 20
LOOK_EVERY_S = 0.05
# Where a service may write: what compose mounts. The others are the engine's own.
WRITABLE = ("state", "tmp")
ENGINES = ("dev", "proc", "run", "sys", "etc/hosts", "etc/resolv.conf", "etc/hostname")


class HealthCheck(BaseModel):
    test: list[str] = Field(alias="Test")


class ImageConfig(BaseModel):
    """What an engine reads from an image before it starts it."""

    command: list[str] = Field(alias="Cmd")
    user: str = Field(alias="User")
    health_check: HealthCheck | None = Field(default=None, alias="Healthcheck")


class _Docker(BaseModel):
    config: ImageConfig


class _Inspected(BaseModel):
    docker: _Docker = Field(alias="Docker")


@dataclass(frozen=True)
class Container:
    """A working container. All of them share one network, where `api` is this machine itself. `volumes`:
    folders of this machine, and where they are seen."""

    name: str
    config: ImageConfig
    environment: dict[str, str]
    volumes: dict[Path, str]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command as the image's user, and waits for it."""
        return subprocess.run(
            self._in_container(command), capture_output=True, text=True, timeout=DONE_WITHIN_S, check=False
        )

    @contextmanager
    def running(self, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        """Runs a command, by default the image's own, until the block ends."""
        with subprocess.Popen(self._in_container(command or self.config.command)) as process:
            try:
                yield process
            finally:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(STOPPED_WITHIN_S)
                process.kill()  # does nothing where it has ended

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Runs the image's own command; the block begins once the image's own health check passes."""
        with self.running() as process:
            self.wait_until(self.is_healthy, process)
            yield

    def is_healthy(self) -> bool:
        """What the image's health check says now."""
        assert self.config.health_check is not None
        kind, *check = self.config.health_check.test
        assert kind == "CMD"
        return self.run(*check).returncode == 0

    def wait_until(self, holds: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + HEALTHY_WITHIN_S
        while not holds():
            assert process.poll() is None, f"{self.name} ended with {process.returncode}"
            assert time.monotonic() < deadline, f"{self.name} is not up after {HEALTHY_WITHIN_S} s"
            time.sleep(LOOK_EVERY_S)

    def written_since(self, moment: float) -> list[str]:
        """The files that were written after `moment` where a read-only root file system would refuse it."""
        root = Path(_buildah("mount", self.name).strip())
        found = []
        for here, names, files in os.walk(root):
            folder = Path(here)
            names[:] = [name for name in names if not _is_left_out(folder / name, root)]
            found += [
                str(path.relative_to(root))
                for path in (folder / name for name in files)
                if not _is_left_out(path, root) and path.lstat().st_mtime > moment
            ]
        return found

    def _in_container(self, command: list[str] | tuple[str, ...]) -> list[str]:
        variables = [f"--env={name}={value}" for name, value in self.environment.items()]
        mounts = [f"--volume={folder}:{seen}" for folder, seen in self.volumes.items()]
        return [
            "buildah",
            "run",
            "--isolation=chroot",
            "--network=host",
            *variables,
            *mounts,
            self.name,
            "--",
            *command,
        ]


@contextmanager
def container(
    image: str, environment: dict[str, str], volumes: dict[Path, str] | None = None
) -> Iterator[Container]:
    """A container of `image`, removed after the block."""
    config = _Inspected.model_validate_json(_buildah("inspect", "--type=image", image)).docker.config
    name = _buildah("from", "--add-host=api:127.0.0.1", image).strip()
    try:
        yield Container(name, config, environment, volumes or {})
    finally:
        _buildah("rm", name)


def _is_left_out(path: Path, root: Path) -> bool:
    return path.relative_to(root).as_posix() in (*WRITABLE, *ENGINES)


def _buildah(*arguments: str) -> str:
    done = subprocess.run(["buildah", *arguments], stdout=subprocess.PIPE, text=True, timeout=120, check=True)
    return done.stdout
