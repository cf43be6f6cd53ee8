"""A training as a run of an MLflow experiment."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import UnionType
from typing import Literal

import yaml
from mlflow import MlflowClient, entities
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag
from mlflow.exceptions import MlflowException
from pydantic import JsonValue

from backend.inference.manifest import MODEL, Manifest
from training.recipe import Recipe
from training.tracking.messages import Begun
from training.tracking.settings import TrackingSettings

BUNDLE, RECIPE = "bundle", "recipe.yaml"  # artifacts
CONTEXT = "mlflow.data.context"
FOLDER = "training"  # the tag by which a resumed training finds its run
ALWAYS = "val_loss"  # a figure that every epoch has
EPOCHS_AT_ONCE = 100  # MLflow takes 1,000 figures
Facts = Mapping[str, JsonValue]
Figures = Mapping[str, float]


@dataclass(frozen=True)
class Run:
    """A run of the MLflow store, the epochs whose figures it has, and the names of its params: to MLflow
    these are for good."""

    client: MlflowClient
    id: str
    epochs: set[int] = field(default_factory=set)
    params: set[str] = field(default_factory=set)

    def describe(self, task: str, fingerprint: str | None, pictures: Mapping[str, int], recipe: str) -> None:
        """Adds the recipe, which is YAML, and the data set; see `Begun`. A rate that is still to be found is
        none of its params yet."""
        self._add_recipe(_settled(yaml.safe_load(recipe)), recipe)
        if fingerprint is not None:
            self.client.set_tag(self.id, "dataset_fingerprint", fingerprint)
            # A digest has room for 36 characters.
            source, profile = json.dumps({"task": task}), json.dumps(dict(pictures)) if pictures else None
            dataset = Dataset(task, fingerprint[:36], "menagerie", source, profile=profile)
            self.client.log_inputs(self.id, [DatasetInput(dataset, [InputTag(CONTEXT, "training")])])

    def keep(self, folder: str) -> None:
        self.client.set_tag(self.id, FOLDER, folder)

    def add_epochs(self, rows: Iterable[Figures]) -> None:
        """Adds the figures of the epochs that it does not have yet."""
        new = {int(row["epoch"]): row for row in rows if int(row["epoch"]) not in self.epochs}
        numbers = list(new)
        for first in range(0, len(numbers), EPOCHS_AT_ONCE):
            batch = numbers[first : first + EPOCHS_AT_ONCE]
            figures = [(number, name, value) for number in batch for name, value in new[number].items()]
            self.client.log_batch(
                self.id,
                [Metric(name, value, _now(), number) for number, name, value in figures if name != "epoch"],
            )
            self.epochs.update(batch)

    def end(self, status: Literal["FINISHED", "FAILED", "KILLED"]) -> None:
        self.client.set_terminated(self.id, status)

    def finish(self, manifest: Manifest, bundle: Path) -> None:
        """Adds what a bundle says of its training and its worth, and the bundle itself."""
        self.client.update_run(self.id, name=manifest.version)
        self.add_epochs(_history(manifest.training))
        recipe = _recipe_of(manifest)
        self._add_recipe(recipe, _to_yaml(recipe))
        self._add_params(_findings(manifest.training, str | bool))
        self.client.log_batch(
            self.id,
            [Metric(name, value, _now(), 0) for name, value in _figures(manifest).items()],
            tags=[RunTag(name, value) for name, value in identity(manifest).items()],
        )
        self.client.log_artifacts(self.id, str(bundle), BUNDLE)
        self.end("FINISHED")

    def _add_recipe(self, facts: Facts, written: str) -> None:
        if self._add_params(facts):
            self.client.log_text(self.id, written, RECIPE)

    def _add_params(self, facts: Facts) -> bool:
        """Whether there was one that the run does not have yet."""
        new = {name: value for name, value in facts.items() if name not in self.params}
        if new:
            self.client.log_batch(self.id, params=_params(new))
            self.params.update(new)
        return bool(new)


def begin(client: MlflowClient, settings: TrackingSettings, begun: Begun) -> Run:
    """A new run, or the one that a resumed training had. What a new one is about is still to be told."""
    experiment = _experiment(client, settings, begun.task)
    if begun.resumed is not None and (
        found := client.search_runs([experiment], f"tags.{FOLDER} = '{begun.resumed}'", max_results=1)
    ):
        client.update_run(found[0].info.run_id, status="RUNNING")
        return _found(client, found[0])
    return _create(client, experiment, begun.task, yaml.safe_load(begun.recipe))


def begin_late(client: MlflowClient, settings: TrackingSettings, manifest: Manifest) -> Run:
    """A run for a bundle whose training nobody told of, or not to its end."""
    experiment = _experiment(client, settings, manifest.task)
    tags = " and ".join(f"tags.{name} = '{value}'" for name, value in identity(manifest).items())
    if found := client.search_runs([experiment], tags, max_results=1):
        return _found(client, found[0])
    facts = _recipe_of(manifest)
    start = int(1000 * datetime.fromisoformat(manifest.created_at).timestamp())
    run = _create(client, experiment, manifest.task, facts, start)
    run.describe(manifest.task, manifest.dataset_fingerprint, {}, _to_yaml(facts))
    return run


def _recipe_of(manifest: Manifest) -> Facts:
    """What a bundle was trained by, with the rate that was found, where that was asked for."""
    return {name: value for name, value in manifest.training.items() if name in Recipe.model_fields}


def _to_yaml(facts: Facts) -> str:
    return yaml.safe_dump(dict(facts), sort_keys=False)


def identity(manifest: Manifest) -> dict[str, str]:
    """Tags by which a bundle is known. Several registries may share a server: the version is not enough."""
    return {"version": manifest.version, "model_sha256": manifest.files[MODEL]}


def _create(client: MlflowClient, experiment: str, task: str, facts: Facts, start: int | None = None) -> Run:
    name = " ".join(str(facts[key]) for key in ("architecture", "strategy") if key in facts)
    run = client.create_run(experiment, start, {"task": task}, name or task)
    return Run(client, str(run.info.run_id))


def _experiment(client: MlflowClient, settings: TrackingSettings, task: str) -> str:
    if found := client.get_experiment_by_name(task):
        return str(found.experiment_id)
    place = None if settings.artifacts is None else (settings.artifacts / task).as_uri()
    try:
        return str(client.create_experiment(task, place))
    except MlflowException:  # another training made it meanwhile, or else there is none now either
        if found := client.get_experiment_by_name(task):
            return str(found.experiment_id)
        raise


def _found(client: MlflowClient, run: entities.Run) -> Run:
    run_id = str(run.info.run_id)
    epochs = {metric.step for metric in client.get_metric_history(run_id, ALWAYS)}
    return Run(client, run_id, epochs, set(run.data.params))


def _history(facts: Facts) -> list[Figures]:
    history = facts.get("history")
    rows = history if isinstance(history, list) else []
    return [{name: float(str(value)) for name, value in row.items()} for row in rows if isinstance(row, dict)]


def _settled(recipe: Facts) -> Facts:
    """A recipe without the learning rate where one is still to be found."""
    looking = ("find_lr", "learning_rate") if recipe.get("find_lr") else ()
    return {name: value for name, value in recipe.items() if name not in looking}


def _findings(facts: Facts, kind: type | UnionType) -> dict[str, JsonValue]:
    """What training found out, beyond its recipe, that is of a kind."""
    others = (*Recipe.model_fields, "history")
    return {name: value for name, value in facts.items() if name not in others and isinstance(value, kind)}


def _figures(manifest: Manifest) -> dict[str, float]:
    """Numbers that training found out, and those measured on the pictures that were held back."""
    thresholds, metrics = manifest.thresholds, manifest.recorded_metrics or {}
    figures: dict[str, object] = {
        "temperature": manifest.calibration.temperature,
        "confidence_threshold": thresholds.confidence,
        "novelty_threshold": thresholds.novelty,
    }
    figures |= _findings(manifest.training, int | float)
    for name, value in metrics.items():
        split_name = f"{metrics['split']}_{name}"
        if isinstance(value, list):  # an interval
            figures |= {f"{split_name}_low": value[0], f"{split_name}_high": value[1]}
        else:
            figures[split_name] = value
    return {
        name: float(value)
        for name, value in figures.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _params(facts: Facts) -> list[Param]:
    return [
        Param(name, value if isinstance(value, str) else json.dumps(value)) for name, value in facts.items()
    ]


def _now() -> int:
    return int(1000 * time.time())
