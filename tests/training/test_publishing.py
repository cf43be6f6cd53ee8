"""A network becomes a bundle whole and checked, or not at all."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session
from torch import Tensor, nn
from torch.nn import functional

from backend.bundles.places import Mirror
from backend.bundles.putting import claim
from backend.inference.bundle import load_bundle
from backend.inference.errors import BadBundle
from backend.inference.preprocessing import Preprocessing, normalise
from backend.inference.runtime import OnnxModel
from databases import dataset_versions, registry
from databases.places import RemoteFile
from tests.drawing import draw_class_folders
from tests.object_store import Bucket
from tests.training.making import take_in
from training.dataset import Dataset, load_dataset
from training.errors import BadExport
from training.exporting import check_agreement, export_model, golden_pixels
from training.progress import Advance, Silent
from training.promotion import promote, rollback
from training.publishing import publish
from training.trained import Trained

SPEC = Preprocessing(
    size=8, resize="squash", crop_fraction=1, interpolation="bilinear", mean=(0, 0, 0), std=(1, 1, 1)
)
ORDER = [2, 1, 0]  # blue, green, red: the labels as they are sorted


class MeanColour(nn.Module):
    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        means = images.mean((2, 3))
        return 20 * means[:, ORDER], functional.normalize(means), means.amax(1) - means.amin(1)


class Moody(MeanColour):
    """Answers the same noise differently each time; of a drawn colour it is too sure to waver."""

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        logits, *others = super().forward(images)
        return 5 * logits + torch.randn_like(logits), *others


class Broken(nn.Module):
    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        raise RuntimeError(f"no idea what to do with {tuple(images.shape)}")


def trained(module: nn.Module) -> Trained:
    return Trained(module, SPEC, 3, "mean_colour", "mean-colour", {"strategy": "none"})


@pytest.fixture
def dataset(engine: Engine, tmp_path: Path) -> Dataset:
    take_in(engine, draw_class_folders(tmp_path / "pictures", per_label=8))
    return load_dataset(engine, "colours")


def test_the_exported_file_answers_batches_of_any_size_as_torch_does(tmp_path: Path) -> None:
    module = MeanColour()
    export_model(module, SPEC, tmp_path)
    model = OnnxModel(tmp_path / "model.onnx")
    for n in (1, 5, 37):
        pixels = np.random.default_rng(n).integers(0, 256, (n, 8, 8, 3), np.uint8)
        images = normalise(pixels, SPEC)
        logits, embedding, animal = module(torch.from_numpy(images))
        raw = model.run(images)
        np.testing.assert_allclose(raw.logits, logits, atol=1e-5)
        np.testing.assert_allclose(raw.embedding, embedding, atol=1e-5)
        assert raw.animal_logit is not None
        np.testing.assert_allclose(raw.animal_logit, animal, atol=1e-5)


def test_an_export_that_answers_otherwise_than_the_network_is_refused(tmp_path: Path) -> None:
    export_model(MeanColour(), SPEC, tmp_path)
    images = np.random.default_rng(0).random((3, 3, 8, 8), np.float32)

    class Warmer(MeanColour):
        def forward(self, images: Tensor) -> tuple[Tensor, ...]:
            logits, *others = super().forward(images)
            return 1.01 * logits, *others

    model = OnnxModel(tmp_path / "model.onnx")
    assert check_agreement(MeanColour(), model, images).pictures == 3
    with pytest.raises(BadExport, match="differ from the trained one's by"):
        check_agreement(Warmer(), model, images)


def test_the_target_precision_is_stated(engine: Engine, bundles: Path, dataset: Dataset) -> None:
    module = trained(MeanColour())
    manifest = publish(engine, bundles, dataset, module, Silent(), target_precision=0.9)
    assert manifest.thresholds.target_precision == 0.9


def test_golden_pictures_differ_from_one_another_and_not_from_run_to_run() -> None:
    pixels = golden_pixels(16)
    assert pixels.shape == (4, 16, 16, 3)
    assert len({picture.tobytes() for picture in pixels}) == 4
    np.testing.assert_array_equal(pixels, golden_pixels(16))


def test_a_bundle_is_published_as_a_candidate_under_the_next_free_name(
    engine: Engine, bundles: Path, dataset: Dataset
) -> None:
    (bundles / "colours-1").mkdir(parents=True)
    manifest = publish(engine, bundles, dataset, trained(MeanColour()), Silent())
    assert manifest.version == "colours-2"
    assert manifest.metrics is not None
    assert manifest.metrics.accuracy == 1
    assert manifest.novelty is not None
    assert manifest.agreement is not None
    assert manifest.agreement.worst_difference < 1e-5
    assert manifest.metrics.ece is not None
    assert manifest.label_prior == dataset.label_shares == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    with Session(engine) as session:
        assert registry.get_model(session, "colours-2").state == "candidate"


def test_what_a_bundle_was_trained_on_is_kept_with_it(
    engine: Engine, bundles: Path, dataset: Dataset
) -> None:
    first, second = (publish(engine, bundles, dataset, trained(MeanColour()), Silent()) for _ in range(2))
    with Session(engine) as session:
        (kept,) = dataset_versions.list_kept(session, "colours")
        members = dataset_versions.read_members(session, kept.fingerprint)
    assert kept.fingerprint == first.dataset_fingerprint == second.dataset_fingerprint
    assert (kept.models, kept.pictures) == (("colours-1", "colours-2"), 24)
    assert Counter(one.split for one in members) == {
        name: len(getattr(dataset, name)) for name in ("train", "val", "test")
    }


def test_a_training_that_ends_while_another_is_measured_takes_a_name_of_its_own(
    engine: Engine, bundles: Path, dataset: Dataset
) -> None:
    class Overtaken(Silent):
        @contextmanager
        def track(self, what: str, total: int) -> Iterator[Advance]:
            with super().track(what, total) as advance:
                yield advance
            if what == "Measuring":  # the last thing before a name is taken
                publish(engine, bundles, dataset, trained(MeanColour()), Silent())

    assert publish(engine, bundles, dataset, trained(MeanColour()), Overtaken()).version == "colours-2"
    assert {entry.name for entry in bundles.iterdir()} == {"colours-1", "colours-2"}
    with Session(engine) as session:
        assert registry.versions(session) == {"colours-1", "colours-2"}


def test_a_bundle_that_cannot_be_noted_leaves_nothing_behind_and_its_name_is_free(
    engine: Engine, bundles: Path, dataset: Dataset
) -> None:
    def named(version: str) -> None:
        assert load_bundle(bundles / version)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        publish(engine, bundles, dataset, trained(MeanColour()), Silent(), named=named)
    assert list(bundles.iterdir()) == []
    assert publish(engine, bundles, dataset, trained(MeanColour()), Silent()).version == "colours-1"


def test_in_a_bucket_a_bundle_that_cannot_be_noted_is_none(
    engine: Engine, bucket: Bucket, tmp_path: Path, dataset: Dataset
) -> None:
    mirror = Mirror(RemoteFile(f"{bucket.url}/bundles"), tmp_path / "copies")

    def named(version: str) -> None:
        assert f"bundles/{version}/manifest.json" in bucket.names()
        raise ConnectionError

    with pytest.raises(ConnectionError):
        publish(engine, mirror, dataset, trained(MeanColour()), Silent(), named=named)
    assert "bundles/colours-1/manifest.json" not in bucket.names()


def test_a_bundle_is_checked_before_others_have_to_wait_for_the_database(
    engine: Engine, bundles: Path, dataset: Dataset
) -> None:
    checked = []

    def on_lock(_: object, __: object, statement: str, *___: object) -> None:
        if statement == "BEGIN IMMEDIATE":
            (draft,) = bundles.glob(".*.draft/bundle")
            checked.append(load_bundle(draft).manifest.task)

    event.listen(engine, "before_cursor_execute", on_lock)
    publish(engine, bundles, dataset, trained(MeanColour()), Silent())
    assert checked == ["colours"]
    assert load_bundle(bundles / "colours-1").manifest.version == "colours-1"


def test_to_a_bucket_a_bundle_is_sent_before_others_have_to_wait_and_its_manifest_last(
    engine: Engine, bucket: Bucket, tmp_path: Path, dataset: Dataset
) -> None:
    mirror = Mirror(RemoteFile(f"{bucket.url}/bundles"), tmp_path / "copies")
    there = []

    def on_lock(_: object, __: object, statement: str, *___: object) -> None:
        if statement == "BEGIN IMMEDIATE":
            there.append({name.removeprefix("bundles/") for name in bucket.names()})

    event.listen(engine, "before_cursor_execute", on_lock)
    first = publish(engine, mirror, dataset, trained(MeanColour()), Silent())
    files = {f"colours-1/{name}" for name in first.files}
    assert there == [set(), files | {"colours-1/.claim"}]
    assert set(bucket.names()) == {f"bundles/{name}" for name in files | {"colours-1/manifest.json"}}
    claim(mirror, "colours-2")  # by a training that was killed, or goes on elsewhere
    assert publish(engine, mirror, dataset, trained(MeanColour()), Silent()).version == "colours-3"
    elsewhere = Mirror(mirror.store, tmp_path / "elsewhere")
    assert promote(engine, elsewhere, "colours-3", force=False, progress=Silent()).indexed == 24
    assert rollback_to(engine, elsewhere, "colours-1") == "colours-1"


def rollback_to(engine: Engine, bundles: Mirror, version: str) -> str:
    """Promotes `version`, then another one, and takes that back."""
    for one in (version, "colours-3"):
        promote(engine, bundles, one, force=True, progress=Silent())
    return rollback(engine, bundles, "colours", Silent()).version


@pytest.mark.parametrize(
    ("module", "error"), [(Broken(), RuntimeError), (Moody(), BadBundle)], ids=["broken", "moody"]
)
def test_what_fails_its_export_or_its_golden_inputs_leaves_nothing_behind(
    engine: Engine, bundles: Path, dataset: Dataset, module: nn.Module, error: type[Exception]
) -> None:
    with pytest.raises(error):
        publish(engine, bundles, dataset, trained(module), Silent())
    assert list(bundles.iterdir()) == []
    with Session(engine) as session:
        assert registry.list_models(session) == []
        assert dataset_versions.list_kept(session) == []
