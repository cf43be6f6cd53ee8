"""Runs a built image as docker-compose.yml runs it, with buildah in place of an engine."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from pydantic import BaseModel, Field

HEALTHY_WITHIN_S = 60
STOPPED_WITHIN_S = 20


class HealthCheck(BaseModel):
    test: list[str] = Field(alias="Test")


class ImageConfig(BaseModel):
    """What an engine reads from an image before it starts it."""

    command: list[str] = Field(alias="Cmd")
    user: str = Field(alias="User")
    health_check: HealthCheck = Field(alias="Healthcheck")


class _Docker(BaseModel):
    config: ImageConfig


class _Inspected(BaseModel):
    docker: _Docker = Field(alias="Docker")


@dataclass(frozen=True)
class Container:
    """A working container. All of them share one network, where `api` is this machine itself."""

    name: str
    config: ImageConfig
    environment: dict[str, str]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Runs a command as the image's user, and waits for it."""
        return subprocess.run(
            self._in_container(command), capture_output=True, text=True, timeout=120, check=False
        )

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Runs the image's own command; the block begins once the image's own health check passes."""
        with subprocess.Popen(self._in_container(self.config.command)) as process:
            try:
                self._wait_until_healthy(process)
                yield
            finally:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(STOPPED_WITHIN_S)
                process.kill()  # does nothing where it has ended

    def _wait_until_healthy(self, process: subprocess.Popen[bytes]) -> None:
        kind, *check = self.config.health_check.test
        assert kind == "CMD"
        deadline = time.monotonic() + HEALTHY_WITHIN_S
        while self.run(*check).returncode != 0:
            assert process.poll() is None, f"{self.name} ended with {process.returncode}"
            assert time.monotonic() < deadline, f"{self.name} is not healthy after {HEALTHY_WITHIN_S} s"
            time.sleep(0.5)

    def _in_container(self, command: list[str] | tuple[str, ...]) -> list[str]:
        variables = [f"--env={name}={value}" for name, value in self.environment.items()]
        return [
            "buildah",
            "run",
            "--isolation=chroot",
            "--network=host",
            *variables,
            self.name,
            "--",
            *command,
        ]


@contextmanager
def container(image: str, environment: dict[str, str]) -> Iterator[Container]:
    """A container of `image`, removed after the block."""
    config = _Inspected.model_validate_json(_buildah("inspect", "--type=image", image)).docker.config
    name = _buildah("from", "--add-host=api:127.0.0.1", image).strip()
    try:
        yield Container(name, config, environment)
    finally:
        _buildah("rm", name)


def _buildah(*arguments: str) -> str:
    done = subprocess.run(["buildah", *arguments], stdout=subprocess.PIPE, text=True, timeout=120, check=True)
    return done.stdout
