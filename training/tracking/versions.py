"""Bundles as versions of MLflow's registered models: one model a task."""

from collections.abc import Iterator

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from backend.inference.manifest import Manifest
from training.tracking.runs import BUNDLE, Run, identity

CHAMPION = "champion"


def register(run: Run, manifest: Manifest) -> str:
    """Makes the bundle among a run's artifacts a version of its task's model; returns its number."""
    client, model = run.client, manifest.task
    try:
        client.create_registered_model(model)
    except MlflowException:
        client.get_registered_model(model)  # raises where it is not just there already
    source = f"{client.get_run(run.id).info.artifact_uri}/{BUNDLE}"
    return str(client.create_model_version(model, source, run.id, identity(manifest)).version)


def find_version(client: MlflowClient, manifest: Manifest) -> str | None:
    """The number of the version that is this very bundle, None where there is none."""
    wanted = identity(manifest).items()
    versions = _versions(client, manifest.task)
    return next((str(one.version) for one in versions if wanted <= one.tags.items()), None)


def set_champion(client: MlflowClient, task: str, number: str) -> None:
    client.set_registered_model_alias(task, CHAMPION, number)


def _versions(client: MlflowClient, model: str) -> Iterator[ModelVersion]:
    token = None
    while True:
        page = client.search_model_versions(f"name = '{model}'", page_token=token)
        yield from page
        if not (token := page.token):
            return
