"""What docker-compose.yml and the Dockerfiles say, for the tests that hold them to it."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from tests.images.interpolation import interpolate

PROJECT = Path(__file__).resolve().parents[2]
FILE = "docker-compose.yml"
PROFILES = "COMPOSE_PROFILES"  # which compose itself reads, whatever its file says


class Build(BaseModel):
    context: str
    dockerfile: str
    args: dict[str, str] = {}


class Dependency(BaseModel):
    condition: str
    required: bool = True


class HealthCheck(BaseModel):
    test: list[str] = []
    disable: bool = False
    start_period: str = "0s"


class Logging(BaseModel):
    options: dict[str, str] = {}


class Limits(BaseModel):
    memory: str | None = None
    pids: int | None = None


class Resources(BaseModel):
    limits: Limits = Limits()


class Deploy(BaseModel):
    resources: Resources = Resources()


class Service(BaseModel):
    """One service of docker-compose.yml, its anchors merged."""

    model_config = ConfigDict(extra="ignore")

    build: Build | None = None
    image: str
    profiles: list[str] = []
    user: str | None = None
    command: list[str] | None = None
    environment: dict[str, str | None] = {}
    depends_on: dict[str, Dependency] = {}
    ports: list[str] = []
    volumes: list[str] = []
    tmpfs: list[str] = []
    secrets: list[str] = []
    configs: list[str] = []
    networks: list[str] = []
    healthcheck: HealthCheck | None = None
    restart: str = "no"
    stop_grace_period: str = "10s"
    logging: Logging = Logging()
    deploy: Deploy = Deploy()
    cap_drop: list[str] = []
    security_opt: list[str] = []
    read_only: bool = False


class Secret(BaseModel):
    file: str


class Compose(BaseModel):
    services: dict[str, Service]
    volumes: dict[str, None] = {}
    secrets: dict[str, Secret] = {}
    configs: dict[str, Secret] = {}
    networks: dict[str, None] = {}


def read_compose(outside: Mapping[str, str] | None = None, folder: Path = PROJECT) -> Compose:
    """As an engine reads it where `outside` is set."""
    told = yaml.safe_load((folder / FILE).read_text("utf-8"))
    return Compose.model_validate(_interpolated(told, outside or {}))


def _interpolated(told: object, outside: Mapping[str, str]) -> object:
    """In values, once the file was parsed: what is set from outside cannot change what it consists of."""
    if isinstance(told, str):
        return interpolate(told, outside)
    if isinstance(told, list):
        return [_interpolated(each, outside) for each in told]
    if isinstance(told, dict):
        return {name: _interpolated(value, outside) for name, value in told.items()}
    return told


def environment(service: Service, **outside: str) -> dict[str, str]:
    """The variables of a service's container, where `outside` is set when it is started."""
    told = {
        name: outside.get(name) if value is None else value for name, value in service.environment.items()
    }
    return {name: value for name, value in told.items() if value is not None}


def chosen_profiles(outside: Mapping[str, str]) -> set[str]:
    """Those of which an engine starts the services where `outside` is set."""
    return {name.strip() for name in outside.get(PROFILES, "").split(",")} - {""}


def instructions(dockerfile: str, folder: Path = PROJECT) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile with their arguments, continued lines joined."""
    text = (folder / dockerfile).read_text("utf-8")
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines if line)]


def final_stage(dockerfile: str, folder: Path = PROJECT) -> list[tuple[str, str]]:
    """The instructions of what is shipped: those after the last FROM."""
    told = instructions(dockerfile, folder)
    start = max(index for index, (name, _) in enumerate(told) if name == "FROM")
    return told[start:]


def image_command(dockerfile: str) -> list[str]:
    command: list[str] = json.loads(dict(final_stage(dockerfile))["CMD"])
    return command


def image_environment(dockerfile: str, folder: Path = PROJECT) -> dict[str, str]:
    """The variables that an image brings along."""
    return dict(re.findall(r"(\w+)=(\S+)", dict(final_stage(dockerfile, folder))["ENV"]))
