"""What docker-compose.yml and the Dockerfiles say, for the tests that hold them to it."""

import json
import re
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

PROJECT = Path(__file__).resolve().parents[2]
DEFAULT = re.compile(r"\$\{(\w+):-([^}]*)\}")


class Build(BaseModel):
    context: str
    dockerfile: str


class Dependency(BaseModel):
    condition: str


class Service(BaseModel):
    """One service of docker-compose.yml, its anchors merged."""

    model_config = ConfigDict(extra="ignore")

    build: Build
    image: str
    command: list[str] | None = None
    environment: dict[str, str] = {}
    depends_on: dict[str, Dependency] = {}
    ports: list[str] = []
    volumes: list[str] = []
    cap_drop: list[str] = []
    read_only: bool = False


class Compose(BaseModel):
    services: dict[str, Service]
    volumes: dict[str, None]


def read_compose() -> Compose:
    return Compose.model_validate(yaml.safe_load((PROJECT / "docker-compose.yml").read_text("utf-8")))


def environment(service: Service, **outside: str) -> dict[str, str]:
    """The variables of a service's container, where `outside` is set when it is started."""
    return {
        name: DEFAULT.sub(lambda found: outside.get(found[1]) or found[2], value)
        for name, value in service.environment.items()
    }


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile with their arguments, continued lines joined."""
    text = (PROJECT / dockerfile).read_text("utf-8")
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines if line)]


def final_stage(dockerfile: str) -> list[tuple[str, str]]:
    """The instructions of what is shipped: those after the last FROM."""
    told = instructions(dockerfile)
    start = max(index for index, (name, _) in enumerate(told) if name == "FROM")
    return told[start:]


def image_command(dockerfile: str) -> list[str]:
    command: list[str] = json.loads(dict(final_stage(dockerfile))["CMD"])
    return command
