"""What runs in the pods is what the images hold, told what it knows, and may do no more than it must."""

import os
import re
import shlex
from collections.abc import Mapping
from importlib.util import find_spec

import pytest
import typer
import yaml
from pydantic_settings import BaseSettings

from backend.api.metrics import Metrics
from backend.api.settings import ENVELOPE, Settings
from databases.settings import StateSettings, load_settings
from frontend.settings import PageSettings
from frontend.uploads import MOST_ZIP_MB
from tests.images.compose import instructions
from tests.kubernetes.objects import FOLDER, PROJECT, Objects, Pod
from training.cli.look_alikes import DuplicateSettings
from training.cli.main import app
from training.cli.under_way import CheckpointSettings
from training.ingestion.sources.archives import ArchiveLimits
from training.tracking.settings import TrackingSettings

OFFLINE = (StateSettings, TrackingSettings, DuplicateSettings, CheckpointSettings, ArchiveLimits)
READ_BY = {
    "menagerie-api": (Settings, *OFFLINE),  # one ConfigMap serves all
    "menagerie-training": (Settings, *OFFLINE),
    "menagerie-ui": (PageSettings,),
}
OURS = re.compile("MENAGERIE_|DATABASE_URL")


def image_of(pod: Pod) -> str:
    return str(pod.container["image"]).rpartition("/")[2].partition(":")[0]


def variables(kind: type[BaseSettings]) -> set[str]:
    prefix = kind.model_config.get("env_prefix", "")
    aliases = {name: field.validation_alias for name, field in kind.model_fields.items()}
    return {str(alias) if alias else f"{prefix}{name}".upper() for name, alias in aliases.items()}


def test_every_variable_of_ours_is_a_setting(objects: Objects) -> None:
    for pod in objects.pods:
        told = objects.environment(pod).keys() | {one["name"] for one in pod.container["env"]}
        known = {name for kind in READ_BY[image_of(pod)] for name in variables(kind)}
        assert {name for name in told if OURS.match(name)} <= known, pod.owner


def test_every_value_is_one_that_its_program_takes(
    installation: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    def set_all(settings: Mapping[str, str]) -> None:
        for name, value in settings.items():
            monkeypatch.setenv(name, value)

    set_all(installation.environment(installation.pod("Deployment/menagerie-api")))
    settings = load_settings(Settings)
    assert (settings.auth, settings.log_format, settings.drain_seconds) == ("on", "json", 30)
    assert load_settings(CheckpointSettings).checkpoints == "s3://menagerie/checkpoints"
    assert not load_settings(TrackingSettings).tracking
    set_all(installation.environment(installation.pod("Deployment/menagerie-ui")))
    assert str(PageSettings().api_url) == "http://menagerie-api:8000/"
    services = {f"{name}:{port['port']}" for name, port in service_ports(installation)}
    assert os.environ["MENAGERIE_API_URL"].removeprefix("http://") in services


def service_ports(objects: Objects) -> list[tuple[str, dict[str, int]]]:
    return [(name, port) for name, one in objects.of("Service").items() for port in one["spec"]["ports"]]


def test_what_is_in_work_is_finished_before_a_pod_is_killed(objects: Objects) -> None:
    pod = objects.pod("Deployment/menagerie-api")
    waits = pod.container["lifecycle"]["preStop"]["sleep"]["seconds"]
    drain = int(objects.environment(pod)["MENAGERIE_DRAIN_SECONDS"])
    assert waits + drain + 10 <= pod.spec["terminationGracePeriodSeconds"]


def test_bodies_reach_the_service_that_tells_who_sends_too_much(installation: Objects) -> None:
    most = load_settings(Settings).max_batch_bytes + ENVELOPE
    for ingress in installation.of("Ingress").values():
        size = ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-body-size"]
        assert int(size.removesuffix("m")) * 2**20 > most


def test_the_pages_disk_has_room_for_all_that_it_keeps_of_batches(objects: Objects) -> None:
    pod = objects.pod("Deployment/menagerie-ui")
    (tmp,) = (volume["emptyDir"] for volume in pod.spec["volumes"] if volume["name"] == "tmp")
    assert "medium" not in tmp  # not in memory
    limits = pod.container["resources"]["limits"]
    for size in (tmp["sizeLimit"], limits["ephemeral-storage"]):
        assert int(size.removesuffix("Gi")) * 2**30 > 1.5 * PageSettings().batch_kept_bytes


def test_a_zip_of_any_size_that_the_page_takes_reaches_it(installation: Objects) -> None:
    ingress = installation.of("Ingress")["menagerie-ui"]
    size = ingress["metadata"]["annotations"]["nginx.ingress.kubernetes.io/proxy-body-size"]
    assert int(size.removesuffix("m")) > MOST_ZIP_MB


def test_the_api_is_scaled_by_a_metric_that_it_has_and_that_prometheus_hands_on(objects: Objects) -> None:
    scaler = objects.of("HorizontalPodAutoscaler")["menagerie-api"]["spec"]
    (metric,) = [one["pods"]["metric"]["name"] for one in scaler["metrics"]]
    told = Metrics().as_text().decode()
    assert f"# TYPE {metric} gauge\n{metric} 0.0" in told
    (rule,) = yaml.safe_load((FOLDER / "monitoring/adapter-values.yaml").read_text())["rules"]["custom"]
    assert rule["seriesQuery"].partition("{")[0] == rule["name"]["as"] == metric
    aimed_at = float(scaler["metrics"][0]["pods"]["target"]["averageValue"])
    assert aimed_at < int(
        objects.environment(objects.pod("Deployment/menagerie-api"))["MENAGERIE_MAX_WAITING"]
    )


def test_prometheus_finds_the_pods_of_the_api(installation: Objects) -> None:
    (job,) = yaml.safe_load((FOLDER / "monitoring/scrape.yaml").read_text())
    pod = installation.pod("Deployment/menagerie-api")
    (port,) = pod.ports
    assert f"{pod.labels['app.kubernetes.io/component']};{port}" == job["relabel_configs"][0]["regex"]
    collected = yaml.safe_load((PROJECT / "deploy/monitoring/prometheus.yml").read_text())["scrape_configs"]
    assert job["job_name"] == collected[0]["job_name"]  # by which the alerts and the dashboard ask
    (spaces,) = [one["namespaces"]["names"] for one in job["kubernetes_sd_configs"]]
    assert spaces == [installation.of("Deployment")["menagerie-api"]["metadata"]["namespace"]]


def test_no_pod_may_do_more_than_it_must(objects: Objects) -> None:
    for pod in objects.pods:
        assert pod.spec["securityContext"]["runAsNonRoot"]
        assert pod.spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert pod.container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert pod.spec["automountServiceAccountToken"] is False
        # A Service `menagerie` would set MENAGERIE_PORT, which is a setting, to what is no port.
        assert pod.spec["enableServiceLinks"] is False
        assert pod.container["resources"].keys() == {"requests", "limits"}


@pytest.mark.parametrize("name", ["api", "ui"])
def test_pods_are_what_the_images_are_made_for(installation: Objects, name: str) -> None:
    said = dict(instructions(f"Dockerfile.{name}"))
    pod = installation.pod(f"Deployment/menagerie-{name}")
    user = pod.spec["securityContext"]
    assert said["USER"] == f"{user['runAsUser']}:{user['runAsGroup']}"
    assert list(pod.ports.values()) == [int(said["EXPOSE"])]


def test_jobs_run_commands_that_there_are(installation: Objects) -> None:
    prepare = installation.pod("Job/menagerie-prepare").container["command"]
    assert find_spec(prepare[2]) is not None
    assert f" {prepare[3].removesuffix('/starter-1')}\n" in (PROJECT / "Dockerfile.api").read_text("utf-8")
    commands = typer.main.get_command(app)
    train = installation.pod("CronJob/menagerie-train")
    recipe = shlex.split(installation.environment(train)["RECIPE"])
    assert train.container["args"][0].endswith("-m training.cli.main train $RECIPE")
    lines = [installation.pod(f"CronJob/menagerie-{name}").container["args"] for name in ("index", "check")]
    for line in [*lines, ["train", *recipe]]:
        # Parsed as the program does, but not run.
        command = commands.commands[line[0]]  # type: ignore[attr-defined]
        command.make_context(line[0], line[1:])
