"""`docker compose up` on a fresh clone: what can be held true of its files without an engine."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

from backend.api.guard import is_key_needed
from backend.api.settings import Settings
from databases.settings import load_settings
from tests.images.compose import (
    PROJECT,
    environment,
    final_stage,
    image_command,
    instructions,
    read_compose,
)

DOCKERFILES = ["Dockerfile.api", "Dockerfile.ui"]


@pytest.mark.parametrize("service", ["prepare", "api", "ui"])
def test_every_service_is_built_from_a_dockerfile_that_exists(service: str) -> None:
    build = read_compose().services[service].build
    assert (PROJECT / build.context / build.dockerfile).is_file()


def test_the_preparation_runs_on_the_api_image() -> None:
    services = read_compose().services
    assert (services["prepare"].image, services["prepare"].build) == (
        services["api"].image,
        services["api"].build,
    )


def test_the_api_waits_for_the_preparation_and_the_page_for_the_apis_health() -> None:
    services = read_compose().services
    assert services["api"].depends_on["prepare"].condition == "service_completed_successfully"
    assert services["ui"].depends_on["api"].condition == "service_healthy"
    assert "HEALTHCHECK" in dict(final_stage("Dockerfile.api"))


def test_database_and_bundles_lie_in_a_named_volume_that_preparation_and_api_share() -> None:
    compose = read_compose()
    for service in ("prepare", "api"):
        volume, _, folder = compose.services[service].volumes[0].partition(":")
        assert volume in compose.volumes
        variables = dict(re.findall(r"(\w+)=(\S+)", dict(final_stage("Dockerfile.api"))["ENV"]))
        assert variables["DATABASE_URL"].startswith(f"sqlite:///{folder}/")
        assert variables["MENAGERIE_BUNDLES"].startswith(f"{folder}/")


@pytest.mark.parametrize("service", ["api", "ui"])
def test_ports_are_published_on_loopback_unless_told_otherwise(service: str) -> None:
    ports = read_compose().services[service].ports
    assert ports
    assert all(port.startswith("${MENAGERIE_BIND:-127.0.0.1}:") for port in ports)


@pytest.mark.parametrize(
    ("outside", "needed"),
    [
        ({}, False),
        ({"MENAGERIE_BIND": "0.0.0.0"}, True),
        ({"MENAGERIE_BIND": "0.0.0.0", "MENAGERIE_AUTH": "off"}, False),
        ({"MENAGERIE_AUTH": "on"}, True),
    ],
)
def test_a_key_is_needed_where_the_port_is_published_beyond_this_machine(
    monkeypatch: pytest.MonkeyPatch, outside: dict[str, str], needed: bool
) -> None:
    variables = dict(re.findall(r"(\w+)=(\S+)", dict(final_stage("Dockerfile.api"))["ENV"]))
    for name, value in (variables | environment(read_compose().services["api"], **outside)).items():
        if name.startswith("MENAGERIE_"):
            monkeypatch.setenv(name, value)
    settings = load_settings(Settings)
    assert settings.host == "0.0.0.0"
    assert is_key_needed(settings) is needed


def test_the_page_is_given_its_key_or_none() -> None:
    page = read_compose().services["ui"]
    assert environment(page)["MENAGERIE_API_KEY"] == ""
    assert environment(page, MENAGERIE_API_KEY="mng_1")["MENAGERIE_API_KEY"] == "mng_1"


@pytest.mark.parametrize("service", ["prepare", "api", "ui"])
def test_services_run_confined(service: str) -> None:
    settings = read_compose().services[service]
    assert settings.read_only
    assert settings.cap_drop == ["ALL"]


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_images_run_as_a_numbered_user_who_is_not_root(dockerfile: str) -> None:
    assert int(dict(final_stage(dockerfile))["USER"].split(":")[0]) > 0


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_everything_copied_exists_and_is_sent_to_the_builder(dockerfile: str) -> None:
    sources = _copied_from_the_repository(instructions(dockerfile))
    assert sources
    for source in sources:
        assert (PROJECT / source).exists(), source
        assert not _is_ignored(source), source


def test_what_git_ignores_and_what_no_image_needs_is_not_sent_to_the_builder() -> None:
    for path in (
        ".venv/bin/python",
        "databases/images.db",
        "bundles/starter-1/model.onnx",
        "tests/images/x.py",
    ):
        assert _is_ignored(path), path


def test_the_api_image_gets_no_training_code_and_no_page() -> None:
    copied = _copied_from_the_repository(final_stage("Dockerfile.api"))
    assert sorted(copied) == ["backend", "databases"]


def test_commands_name_modules_and_files_that_exist() -> None:
    preparation = read_compose().services["prepare"].command
    assert preparation is not None
    for command in (preparation, image_command("Dockerfile.api")):
        assert command[:2] == ["python", "-m"]
        module = PROJECT / command[2].replace(".", "/")
        assert module.with_suffix(".py").is_file() or (module / "__main__.py").is_file(), command
    page = image_command("Dockerfile.ui")
    assert (PROJECT / page[page.index("run") + 1]).is_file()


def _copied_from_the_repository(told: list[tuple[str, str]]) -> list[str]:
    copies = [rest.split() for name, rest in told if name == "COPY" and not rest.startswith("--from=")]
    return [source for words in copies for source in words[:-1]]


def _is_ignored(path: str) -> bool:
    """Whether .dockerignore leaves `path` out: the last line that matches it or a folder above it decides."""
    ignored = False
    here = Path(path)
    names = [str(p) for p in (here, *here.parents) if str(p) != "."]
    for line in (PROJECT / ".dockerignore").read_text("utf-8").splitlines():
        pattern = line.removeprefix("!")
        if pattern and not line.startswith("#") and any(fnmatch(name, pattern) for name in names):
            ignored = not line.startswith("!")
    return ignored
