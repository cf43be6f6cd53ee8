"""`docker compose up` on a fresh clone: what can be held true of its files without an engine."""

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from backend.api.guard import is_key_needed
from backend.api.settings import Settings
from databases.settings import load_settings
from tests.images.compose import (
    PROJECT,
    environment,
    final_stage,
    image_command,
    image_environment,
    instructions,
    read_compose,
)
from tests.images.compose_settings import READ_BY
from tests.images.compose_values import seconds
from tests.images.interpolation import read_examples
from training.cli.processes import START_SECONDS

DOCKERFILES = ["Dockerfile.api", "Dockerfile.ui", "Dockerfile.training"]
SERVICES = sorted(read_compose().services)
# What is settled by where a container's ports and volumes are.
NOT_SET = {
    "host",
    "port",
    "published",
    "reports",
    "thumbnails",
    "uploads",
    "cache",
    "database_password",
    "api_url",
}
IN_THE_IMAGE = {"DATABASE_URL", "MENAGERIE_BUNDLES", "MLFLOW_TRACKING_URI"}


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


def test_database_and_bundles_lie_in_a_named_volume_that_all_who_need_them_share() -> None:
    compose = read_compose()
    for service in ("prepare", "api", "training", "training-gpu", "mlflow"):
        volume, _, folder = compose.services[service].volumes[0].partition(":")
        assert volume in compose.volumes
        built = compose.services[service].build
        assert built is not None
        variables = image_environment(built.dockerfile)
        assert variables["DATABASE_URL"].startswith(f"sqlite:///{folder}/")
        assert variables["MENAGERIE_BUNDLES"].startswith(f"{folder}/")


def test_pictures_lie_at_the_same_place_for_who_trains_and_who_shows_them() -> None:
    for outside, source in (({}, "pictures"), ({"PICTURES": "./my-animals"}, "./my-animals")):
        services = read_compose(outside).services
        for service in ("api", "training", "training-gpu"):
            assert services[service].volumes[1] == f"{source}:/pictures:ro"


def test_pictures_of_batches_lie_on_a_disk_and_not_in_the_memory_of_the_page() -> None:
    compose = read_compose()
    ui = compose.services["ui"]
    assert "/tmp" not in ui.tmpfs
    assert [volume.partition(":")[2] for volume in ui.volumes if volume.split(":")[0] in compose.volumes] == [
        "/tmp"
    ]
    assert all("/tmp" in one.tmpfs for name, one in compose.services.items() if one.build and name != "ui")


@pytest.mark.parametrize("service", ["api", "ui"])
def test_ports_are_published_on_loopback_unless_told_otherwise(service: str) -> None:
    (port,) = read_compose().services[service].ports
    assert port.startswith("127.0.0.1:")
    (port,) = read_compose({"MENAGERIE_BIND": "0.0.0.0"}).services[service].ports
    assert port.startswith("0.0.0.0:")


@pytest.mark.parametrize("service", sorted(set(SERVICES) - {"api", "ui"}))
def test_what_asks_nobody_who_they_are_is_never_published_beyond_this_machine(service: str) -> None:
    ports = read_compose({"MENAGERIE_BIND": "0.0.0.0"}).services[service].ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


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
    told = environment(read_compose(outside).services["api"], **outside)
    for name, value in (image_environment("Dockerfile.api") | told).items():
        if name.startswith("MENAGERIE_"):
            monkeypatch.setenv(name, value)
    settings = load_settings(Settings)
    assert settings.host == "0.0.0.0"
    assert is_key_needed(settings) is needed


def test_the_page_is_given_its_key_or_none() -> None:
    page = read_compose().services["ui"]
    assert "MENAGERIE_API_KEY" not in environment(page)
    assert environment(page, MENAGERIE_API_KEY="mng_1")["MENAGERIE_API_KEY"] == "mng_1"
    assert page.secrets == ["menagerie_api_key"]


def test_who_trains_tells_a_server_of_mlflow_who_asks() -> None:
    training = read_compose().services["training"]
    for name in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"):
        assert name not in environment(training)
        assert environment(training, **{name: "dog"})[name] == "dog"


@pytest.mark.parametrize("service", SERVICES)
def test_services_run_confined_within_limits_and_their_logs_are_rotated(service: str) -> None:
    settings = read_compose().services[service]
    assert settings.read_only
    assert settings.cap_drop == ["ALL"]
    assert settings.security_opt == ["no-new-privileges:true"]
    assert settings.deploy.resources.limits.memory
    assert settings.deploy.resources.limits.pids
    assert {"max-size", "max-file"} <= settings.logging.options.keys()


@pytest.mark.parametrize("service", SERVICES)
def test_what_stays_up_tells_whether_it_is_ready_and_is_started_again(service: str) -> None:
    settings = read_compose().services[service]
    if settings.restart == "no":
        return
    assert settings.restart == "unless-stopped"
    built = settings.build is not None and "HEALTHCHECK" in dict(final_stage(settings.build.dockerfile))
    assert built or (settings.healthcheck is not None and settings.healthcheck.test)


def test_mlflow_is_not_called_unhealthy_as_long_as_it_may_take_to_start() -> None:
    health = read_compose().services["mlflow"].healthcheck
    assert health is not None
    assert (seconds(health.start_period) or 0) >= START_SECONDS


def test_only_the_three_services_of_everyday_start_by_themselves() -> None:
    services = read_compose().services
    assert {name for name in services if not services[name].profiles} == {"prepare", "api", "ui"}
    assert {profile for service in services.values() for profile in service.profiles} == {
        "training",
        "gpu",
        "mlflow",
        "postgres",
        "s3",
        "monitoring",
    }


@pytest.mark.parametrize(
    ("service", "kind"), [(service, kind) for service, kinds in READ_BY.items() for kind in kinds]
)
def test_every_setting_can_be_set_and_what_is_told_of_its_default_is_true(
    monkeypatch: pytest.MonkeyPatch, service: str, kind: type[BaseSettings]
) -> None:
    told = read_examples(PROJECT / ".env.example")
    settable = {name for name, value in read_compose().services[service].environment.items() if value is None}
    for name, field in kind.model_fields.items():
        variable = str(field.validation_alias or f"{kind.model_config.get('env_prefix', '')}{name}").upper()
        if name in NOT_SET:
            continue
        assert variable in settable
        if isinstance(field.default, bool | int | float | str) and variable not in IN_THE_IMAGE:
            monkeypatch.setenv(variable, told[variable])
            assert getattr(load_settings(kind), name) == field.default
    for variable in settable & IN_THE_IMAGE:
        assert image_environment("Dockerfile.training")[variable] == told[variable]


def test_no_settings_that_a_program_reads_are_forgotten() -> None:
    known = {kind.__name__ for kinds in READ_BY.values() for each in kinds for kind in each.__mro__}
    assert {"Settings", "CheckpointSettings"} <= _settings_in_the_code() <= known


def test_whatever_trains_is_told_the_same() -> None:
    services = read_compose().services
    assert (
        services["training"].environment
        == services["training-gpu"].environment
        == services["mlflow"].environment
    )


def _settings_in_the_code() -> set[str]:
    """The names of all classes that read the environment."""
    rooms = [PROJECT / name for name in ("backend", "databases", "frontend", "training")]
    code = [path.read_text("utf-8") for room in rooms for path in room.rglob("*.py")]
    return {
        found for text in code for found in re.findall(r"^class (\w+)\(\w*Settings\):", text, re.MULTILINE)
    }


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


def test_training_is_installed_as_for_the_starter_word_by_word_so_that_an_engine_does_it_once() -> None:
    def installation(dockerfile: str) -> list[tuple[str, str]]:
        told = instructions(dockerfile)
        last = next(i for i, (name, rest) in enumerate(told) if name == "RUN" and "training.txt" in rest)
        return [*told[:4], *told[last - 1 : last + 1]]

    assert installation("Dockerfile.training") == installation("Dockerfile.api")


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
