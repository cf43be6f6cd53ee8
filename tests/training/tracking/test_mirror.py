"""What MLflow's store holds after what it was told."""

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from backend.inference.bundle import load_bundle
from tests.tiny_bundle import make_bundle
from tests.training.conftest import MLFLOW_IS_OLD
from training.recipe import Recipe
from training.tracking.messages import Begun, BrokenOff, Epoch, Kept, Message, Promoted, Published
from training.tracking.mirror import Mirror, read
from training.tracking.settings import TrackingSettings

pytestmark = pytest.mark.filterwarnings(MLFLOW_IS_OLD)

RECIPE = Recipe(architecture="simple_cnn", strategy="scratch", epochs=3, class_weights={"red": 2.0})
BEGUN = Begun("colours", "f" * 64, {"train": 18, "val": 3, "test": 3}, RECIPE.to_yaml(), None)
EPOCHS = [Epoch({"epoch": number, "train_loss": 2 / number, "val_loss": 1 / number}) for number in (1, 2, 3)]
FACTS: dict[str, Any] = RECIPE.facts() | {
    "history": [dict(epoch.figures) for epoch in EPOCHS],
    "best_epoch": 3,
    "pretrained": False,
}
METRICS = {
    "split": "test",
    "pictures": 3,
    "accuracy": 0.75,
    "accuracy_interval": (0.5, 0.875),
    "macro_f1": 0.7,
    "log_loss": 0.6,
    "fingerprint": "e" * 64,
    "ece": 0.125,
}


@pytest.fixture
def mirror(store: TrackingSettings) -> Mirror:
    return Mirror(store)


@pytest.fixture
def bundle(bundles: Path) -> Path:
    return make_bundle(bundles, training=FACTS, metrics=METRICS, dataset_fingerprint="f" * 64)


def follow(mirror: Mirror, *messages: Message) -> None:
    for message in messages:
        assert mirror.follow([message])


def runs(client: MlflowClient, task: str = "colours") -> list[Run]:
    experiment = client.get_experiment_by_name(task)
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id]))


def only_run(client: MlflowClient) -> Run:
    (run,) = runs(client)
    return run


def steps(client: MlflowClient, run: Run, name: str = "val_loss") -> list[int]:
    return sorted(metric.step for metric in client.get_metric_history(run.info.run_id, name))


def champion(client: MlflowClient, task: str = "colours") -> str:
    return str(client.get_model_version_by_alias(task, "champion").tags["version"])


def execute(store: TrackingSettings, statement: str) -> None:
    assert store.file is not None
    with closing(sqlite3.connect(store.file)) as database, database:
        database.execute(statement)


def test_a_training_is_a_run_from_its_beginning(mirror: Mirror, client: MlflowClient, tmp_path: Path) -> None:
    follow(mirror, BEGUN, *EPOCHS[:2])
    run = only_run(client)
    assert (run.info.run_name, run.info.status) == ("simple_cnn scratch", "RUNNING")
    assert run.data.params.keys() == RECIPE.facts().keys()
    assert run.data.params["learning_rate"] == "0.001"
    assert run.data.params["class_weights"] == '{"red": 2.0}'
    assert run.data.tags["dataset_fingerprint"] == "f" * 64
    assert run.inputs is not None
    (used,) = run.inputs.dataset_inputs
    assert (used.dataset.name, used.dataset.digest) == ("colours", "f" * 36)
    assert json.loads(str(used.dataset.profile)) == {"train": 18, "val": 3, "test": 3}
    assert [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, "train_loss")] == [
        (1, 2),
        (2, 1),
    ]
    recipe = client.download_artifacts(run.info.run_id, "recipe.yaml", str(tmp_path))
    assert Path(recipe).read_text() == RECIPE.to_yaml()


def test_a_bundle_ends_its_run_and_is_a_version_of_its_tasks_model(
    mirror: Mirror, client: MlflowClient, store: TrackingSettings, bundle: Path, tmp_path: Path
) -> None:
    follow(mirror, BEGUN, *EPOCHS, Published(str(bundle)))
    run = only_run(client)
    assert (run.info.run_name, run.info.status) == ("colours-1", "FINISHED")
    assert run.data.params["pretrained"] == "false"
    figures = {
        "best_epoch": 3,
        "test_accuracy": 0.75,
        "test_ece": 0.125,
        "test_pictures": 3,
        "temperature": 1,
    }
    figures |= {"test_accuracy_interval_low": 0.5, "test_accuracy_interval_high": 0.875, "val_loss": 1 / 3}
    assert figures.items() <= run.data.metrics.items()
    assert steps(client, run) == [1, 2, 3]
    (version,) = client.search_model_versions("name = 'colours'")
    assert (version.run_id, version.tags["version"]) == (run.info.run_id, "colours-1")
    assert version.source == f"{run.info.artifact_uri}/bundle"
    assert store.artifacts is not None
    assert version.source.startswith(store.artifacts.as_uri())
    copied = client.download_artifacts(run.info.run_id, "bundle", str(tmp_path))
    assert load_bundle(Path(copied)).manifest == load_bundle(bundle).manifest


def test_the_alias_follows_the_champion(mirror: Mirror, client: MlflowClient, bundles: Path) -> None:
    first, second = (Promoted(str(make_bundle(bundles, f"colours-{number}"))) for number in (1, 2))
    other = Promoted(str(make_bundle(bundles, "pets-1", task="pets")))
    for message, expected in ((first, "colours-1"), (second, "colours-2"), (first, "colours-1")):
        follow(mirror, message, other)
        assert champion(client) == expected
    assert champion(client, "pets") == "pets-1"
    assert len(client.search_model_versions("name = 'colours'")) == 2


def test_a_bundle_that_nobody_told_of_is_told_when_it_is_promoted(
    mirror: Mirror, client: MlflowClient, bundle: Path
) -> None:
    follow(mirror, Promoted(str(bundle)), Promoted(str(bundle)))
    run = only_run(client)
    assert (run.info.status, run.data.metrics["test_accuracy"]) == ("FINISHED", 0.75)
    assert run.data.params["learning_rate"] == "0.001"
    assert steps(client, run) == [1, 2, 3]
    assert [version.run_id for version in client.search_model_versions()] == [run.info.run_id]
    assert champion(client) == "colours-1"


def test_bundles_of_one_name_from_two_registries_are_two_versions(
    mirror: Mirror, client: MlflowClient, bundles: Path, tmp_path: Path
) -> None:
    ours = make_bundle(bundles)
    theirs = make_bundle(tmp_path / "theirs")
    manifest = json.loads((theirs / "manifest.json").read_text())
    manifest["files"]["model.onnx"] = "0" * 64
    (theirs / "manifest.json").write_text(json.dumps(manifest))
    follow(mirror, Promoted(str(ours)), Promoted(str(theirs)))
    assert int(client.get_model_version_by_alias("colours", "champion").version) == 2
    follow(mirror, Promoted(str(ours)))
    assert int(client.get_model_version_by_alias("colours", "champion").version) == 1


def test_a_killed_training_is_resumed_in_its_run_and_no_epoch_is_doubled(
    store: TrackingSettings, client: MlflowClient, bundle: Path
) -> None:
    killed = Mirror(store)
    follow(killed, BEGUN, Kept("tmp_one"), *EPOCHS[:2])
    killed.leave()
    assert only_run(client).info.status == "KILLED"
    resumed = Mirror(store)
    follow(resumed, replace(BEGUN, resumed="tmp_one"), Kept("tmp_one"), EPOCHS[0], EPOCHS[1])
    assert only_run(client).info.status == "RUNNING"
    follow(resumed, EPOCHS[2], Published(str(bundle)))
    resumed.leave()
    run = only_run(client)
    assert run.info.status == "FINISHED"
    assert steps(client, run) == steps(client, run, "train_loss") == [1, 2, 3]


def test_a_rate_that_is_found_is_a_param_once_it_is_known(
    mirror: Mirror, client: MlflowClient, bundles: Path, tmp_path: Path
) -> None:
    found = RECIPE.model_copy(update={"learning_rate": 0.0042})
    follow(mirror, replace(BEGUN, recipe=RECIPE.model_copy(update={"find_lr": True}).to_yaml()), EPOCHS[0])
    assert RECIPE.facts().keys() - only_run(client).data.params.keys() == {"learning_rate", "find_lr"}
    bundle = make_bundle(bundles, training=FACTS | found.facts(), metrics=METRICS)
    follow(mirror, Published(str(bundle)))
    run = only_run(client)
    assert (run.data.params["learning_rate"], run.data.params["find_lr"]) == ("0.0042", "false")
    recipe = client.download_artifacts(run.info.run_id, "recipe.yaml", str(tmp_path))
    assert Path(recipe).read_text() == found.to_yaml()


def test_a_training_that_found_its_rate_is_told_of_when_it_is_resumed(
    store: TrackingSettings, client: MlflowClient, capsys: pytest.CaptureFixture[str]
) -> None:
    killed, resumed = Mirror(store), Mirror(store)
    looking = RECIPE.model_copy(update={"find_lr": True})
    follow(killed, replace(BEGUN, recipe=looking.to_yaml()), Kept("tmp_one"), EPOCHS[0])
    killed.leave()
    found = RECIPE.model_copy(update={"learning_rate": 0.0042})  # as the run has noted it
    follow(resumed, replace(BEGUN, recipe=found.to_yaml(), resumed="tmp_one"), *EPOCHS)
    assert capsys.readouterr().out == ""
    run = only_run(client)
    assert run.data.params["learning_rate"] == "0.0042"
    assert steps(client, run) == [1, 2, 3]


def test_a_resumed_training_that_nobody_told_of_is_told_whole(mirror: Mirror, client: MlflowClient) -> None:
    follow(mirror, BEGUN, Kept("tmp_one"), EPOCHS[0])
    follow(mirror, replace(BEGUN, resumed="tmp_two"), Kept("tmp_two"), *EPOCHS)
    assert sorted(steps(client, run) for run in runs(client)) == [[1], [1, 2, 3]]


@pytest.mark.parametrize("status", ["FAILED", "KILLED"])
def test_a_training_that_came_to_nothing_says_how(mirror: Mirror, client: MlflowClient, status: Any) -> None:
    follow(mirror, BEGUN, EPOCHS[0], BrokenOff(status))
    mirror.leave()
    assert only_run(client).info.status == status


def test_what_a_store_refused_is_made_up_for_with_the_bundle(
    mirror: Mirror,
    client: MlflowClient,
    store: TrackingSettings,
    bundle: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    follow(mirror, BEGUN, EPOCHS[0])
    execute(
        store,
        "CREATE TRIGGER full BEFORE INSERT ON metrics BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
    )
    follow(mirror, EPOCHS[1])
    said = capsys.readouterr().out
    assert said == f"warning: MLflow at {store.uri} was not told (the disk is full); all else goes on\n"
    execute(store, "DROP TRIGGER full")
    follow(mirror, EPOCHS[2])
    assert steps(client, only_run(client)) == [1]
    follow(mirror, Published(str(bundle)), Promoted(str(bundle)))
    assert capsys.readouterr().out == ""
    assert steps(client, only_run(client)) == [1, 2, 3]
    assert champion(client) == "colours-1"


def test_a_store_that_goes_on_refusing_is_left_alone(
    mirror: Mirror, store: TrackingSettings, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    execute(store, "CREATE TRIGGER full BEFORE INSERT ON runs BEGIN SELECT RAISE(ABORT, 'full'); END")
    follow(mirror, BEGUN, *EPOCHS)
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert not mirror.follow([Published(str(bundle))])
    assert capsys.readouterr().out == ""


def test_without_a_model_registry_there_is_still_the_run_and_later_no_second_one(
    mirror: Mirror, client: MlflowClient, store: TrackingSettings, bundle: Path
) -> None:
    execute(
        store,
        "CREATE TRIGGER none BEFORE INSERT ON model_versions BEGIN SELECT RAISE(ABORT, 'no registry'); END",
    )
    follow(mirror, BEGUN, *EPOCHS, Published(str(bundle)))
    assert only_run(client).info.status == "FINISHED"
    execute(store, "DROP TRIGGER none")
    follow(Mirror(store), Promoted(str(bundle)))
    assert steps(client, only_run(client)) == [1, 2, 3]
    assert champion(client) == "colours-1"


def test_more_epochs_than_one_request_may_carry_are_told(mirror: Mirror, client: MlflowClient) -> None:
    follow(mirror, BEGUN)
    mirror.follow([Epoch({"epoch": number, "val_loss": 1, "val_f1": 0}) for number in range(1, 701)])
    assert steps(client, only_run(client)) == list(range(1, 701))


def test_messages_are_read_as_they_come_and_epochs_together() -> None:
    reader, writer = os.pipe()
    broken = Epoch({"epoch": 4, "val_loss": float("nan")})
    sent: list[Message] = [BEGUN, *EPOCHS, broken, BrokenOff("FAILED")]
    data = "".join(json.dumps(asdict(message)) + "\n" for message in sent).encode()
    received = read(reader)
    os.write(writer, data[:-5])
    assert [next(received), len(next(received))] == [[BEGUN], 4]
    os.write(writer, data[-5:])
    os.close(writer)
    assert list(received) == [[BrokenOff("FAILED")]]
    os.close(reader)
