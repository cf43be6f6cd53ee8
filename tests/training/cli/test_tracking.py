"""Trainings in MLflow, as they are typed."""

import signal
import time
from pathlib import Path

import httpx
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import registry
from tests.processes import free_port, running, talking
from tests.training.cli.conftest import Menagerie
from tests.training.cli.dying import AMID_AN_EPOCH, dying
from tests.training.conftest import MLFLOW_IS_OLD
from tests.training.making import add_tiny_bundle
from training.tracking.settings import TrackingSettings

pytestmark = pytest.mark.filterwarnings(MLFLOW_IS_OLD, "ignore:.*LeafSpec:FutureWarning")
SCRATCH = ("--arch", "simple_cnn", "--device", "cpu")
SECONDS = 240


@pytest.fixture
def environment(environment: dict[str, str], store: TrackingSettings) -> dict[str, str]:
    return environment | {"MENAGERIE_TRACKING": "on", "MLFLOW_TRACKING_URI": store.uri}


@pytest.fixture
def ingested(menagerie: Menagerie, pictures: Path) -> None:
    assert menagerie("ingest", pictures).code == 0


def only_run(client: MlflowClient) -> Run:
    experiment = client.get_experiment_by_name("colours")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    return run


def run_of(client: MlflowClient, version: str) -> Run:
    experiment = client.get_experiment_by_name("colours")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id], f"attributes.run_name = '{version}'")
    return run


def steps(client: MlflowClient, run: Run) -> list[int]:
    return [metric.step for metric in client.get_metric_history(run.info.run_id, "val_loss")]


def champion(client: MlflowClient) -> str:
    return str(client.get_model_version_by_alias("colours", "champion").tags["version"])


@pytest.mark.usefixtures("ingested")
def test_a_training_is_tracked_and_the_alias_follows_promotion_and_rollback(
    menagerie: Menagerie, client: MlflowClient, engine: Engine, bundles: Path
) -> None:
    add_tiny_bundle(engine, bundles, "colours-9", promoted=True)  # by the service, which knows no MLflow
    trained = menagerie("train", *SCRATCH, "--epochs", "2")
    assert trained.code == 0
    assert "warning" not in trained.err
    run = run_of(client, "colours-1")
    assert run.info.status == "FINISHED"
    assert steps(client, run) == [1, 2]
    assert champion(client) == "colours-9"
    assert menagerie("models", "promote", "colours-1", "--force").code == 0
    assert champion(client) == "colours-1"
    assert menagerie("models", "rollback").code == 0
    assert champion(client) == "colours-9"


@pytest.mark.usefixtures("ingested")
def test_a_killed_training_is_resumed_in_its_run(
    menagerie: Menagerie, environment: dict[str, str], client: MlflowClient
) -> None:
    typed = ("train", *SCRATCH, "--epochs", "8", "--patience", "8")
    with talking(dying(AMID_AN_EPOCH, 7, *typed), environment) as killed:
        out, _ = killed.communicate(timeout=SECONDS)
    assert killed.returncode == -signal.SIGKILL, out
    deadline = time.monotonic() + SECONDS
    while (run := only_run(client)).info.status != "KILLED" and time.monotonic() < deadline:
        time.sleep(0.1)
    assert run.info.status == "KILLED"
    assert steps(client, run)[:2] == [1, 2]  # the last may have waited to be told
    resumed = menagerie("train", "--resume")
    assert resumed.code == 0, resumed.err
    whole = only_run(client)
    assert (whole.info.run_id, whole.info.status) == (run.info.run_id, "FINISHED")
    assert steps(client, whole) == list(range(1, 9))


@pytest.mark.usefixtures("ingested")
def test_a_server_that_is_away_costs_no_model(
    menagerie: Menagerie, environment: dict[str, str], engine: Engine
) -> None:
    uri = f"http://127.0.0.1:{free_port()}"
    environment |= {"MLFLOW_TRACKING_URI": uri, "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0"}
    ran = menagerie("train", *SCRATCH, "--epochs", "1", "--promote")
    assert ran.code == 0
    assert ran.err.count(f"warning: MLflow at {uri} was not told") == ran.err.count("warning") == 1
    with Session(engine) as session:
        assert registry.get_model(session, "colours-1").state == "champion"


def test_a_wrong_uri_is_told_before_anything_is_done(
    menagerie: Menagerie, environment: dict[str, str], tmp_path: Path
) -> None:
    environment["MLFLOW_TRACKING_URI"] = "ftp://localhost/mlflow"
    for arguments in (("train",), ("models", "promote", "colours-1"), ("models", "rollback"), ("mlflow",)):
        assert menagerie(*arguments).error == (
            "MLFLOW_TRACKING_URI='ftp://localhost/mlflow': "
            "say sqlite:///FILE, or the http:// or https:// address of a server"
        )
    assert not (tmp_path / "state").exists()


@pytest.mark.usefixtures("ingested")
def test_mlflows_page_shows_the_store_and_takes_trainings_by_its_address(
    menagerie: Menagerie,
    environment: dict[str, str],
    client: MlflowClient,
    engine: Engine,
    bundles: Path,
    tmp_path: Path,
) -> None:
    add_tiny_bundle(engine, bundles)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    page = ["training.cli.main", "mlflow", "--host", "127.0.0.1", "--port", str(port)]
    log = tmp_path / "page.log"
    with running(page, environment, f"{url}/health", log):
        assert "<title>MLflow</title>" in httpx.get(url, timeout=SECONDS, trust_env=False).text
        assert menagerie("mlflow", "--port", port).error.startswith(f"port {port} is in use: ")
        environment["MLFLOW_TRACKING_URI"] = url
        promoted = menagerie("models", "promote", "colours-1")
        assert "warning" not in promoted.err
        assert f"that of the server: {url}" in menagerie("mlflow").out
    assert champion(client) == "colours-1"
    assert f"MLflow's page  {url}" in log.read_text()
