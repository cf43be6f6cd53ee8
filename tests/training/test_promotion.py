"""What may become the champion."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from backend.inference.errors import BadBundle
from databases import dataset_versions, embeddings, registry
from databases.errors import UnknownModel
from databases.models import Promotion
from tests.drawing import draw_class_folders
from tests.tiny_bundle import sha256, write_manifest
from tests.training.making import add_tiny_bundle, take_in
from training.dataset import fingerprint, load_dataset, members
from training.errors import NotPromoted
from training.ingestion.run import SplitPlan
from training.progress import Advance, Silent
from training.promotion import Promoted, promote, rollback

MIXED_UP = ("green", "red", "blue")  # answers that are right for blue alone


@pytest.fixture
def pictures(engine: Engine, tmp_path: Path) -> Path:
    folder = draw_class_folders(tmp_path / "pictures", per_label=6)
    take_in(engine, folder)
    return folder


def run(engine: Engine, bundles: Path, version: str, *, force: bool = False) -> Promoted:
    return promote(engine, bundles, version, force=force, progress=Silent())


def champion(engine: Engine) -> str | None:
    with Session(engine) as session:
        found = registry.champion(session, "colours")
    return found.version if found else None


def test_the_first_one_is_compared_with_nothing(engine: Engine, bundles: Path) -> None:
    add_tiny_bundle(engine, bundles)
    promoted = run(engine, bundles, "colours-1")
    assert (promoted.before, promoted.accuracy, promoted.accuracy_before) == (None, None, None)
    assert promoted.model.state == "champion"


@pytest.mark.usefixtures("pictures")
def test_its_gallery_is_complete_before_it_serves(engine: Engine, bundles: Path) -> None:
    model = add_tiny_bundle(engine, bundles)
    promoted = run(engine, bundles, "colours-1")
    assert promoted.indexed == 18
    with Session(engine) as session:
        assert embeddings.unembedded(session, model.id, "colours") == []


@pytest.mark.usefixtures("pictures")
def test_a_champion_that_came_meanwhile_was_not_compared_with_and_stays(
    engine: Engine, bundles: Path
) -> None:
    add_tiny_bundle(engine, bundles, promoted=True)
    add_tiny_bundle(engine, bundles, "colours-2")

    class Overtaken(Silent):
        @contextmanager
        def track(self, what: str, total: int) -> Iterator[Advance]:
            with super().track(what, total) as advance:
                yield advance
            if what == "Embedding pictures":
                add_tiny_bundle(engine, bundles, "colours-3", promoted=True)

    with pytest.raises(NotPromoted, match="colours-3 was promoted while colours-2 was compared"):
        promote(engine, bundles, "colours-2", force=False, progress=Overtaken())
    assert champion(engine) == "colours-3"


@pytest.mark.usefixtures("pictures")
def test_one_that_is_worse_on_the_same_pictures_is_refused_unless_forced(
    engine: Engine, bundles: Path
) -> None:
    add_tiny_bundle(engine, bundles, promoted=True)
    add_tiny_bundle(engine, bundles, "colours-2", labels=MIXED_UP)
    with pytest.raises(NotPromoted, match=r"colours-2 is right on 33\.33%.*colours-1 on 100\.00%.*--force"):
        run(engine, bundles, "colours-2")
    assert champion(engine) == "colours-1"
    promoted = run(engine, bundles, "colours-2", force=True)
    assert promoted.accuracy is None
    assert champion(engine) == "colours-2"


@pytest.mark.usefixtures("pictures")
def test_one_that_is_as_good_or_better_is_promoted(engine: Engine, bundles: Path) -> None:
    add_tiny_bundle(engine, bundles, labels=MIXED_UP, promoted=True)
    add_tiny_bundle(engine, bundles, "colours-2")
    add_tiny_bundle(engine, bundles, "colours-3")
    better = run(engine, bundles, "colours-2")
    assert better.accuracy_before == pytest.approx(1 / 3)
    assert better.accuracy == 1
    equal = run(engine, bundles, "colours-3")
    assert (equal.accuracy, equal.accuracy_before) == (1, 1)
    assert champion(engine) == "colours-3"


@pytest.mark.usefixtures("pictures")
def test_figures_of_the_very_same_pictures_are_taken_from_the_registry(engine: Engine, bundles: Path) -> None:
    add_tiny_bundle(engine, bundles, promoted=True)
    add_tiny_bundle(engine, bundles, "colours-2", labels=MIXED_UP)
    dataset = load_dataset(engine, "colours")
    recorded = {
        "split": "test",
        "pictures": len(dataset.test),
        "accuracy": 0.25,
        "accuracy_interval": (0.1, 0.4),
        "macro_f1": 0.2,
        "log_loss": 1.0,
        "fingerprint": fingerprint(dataset.test),
    }
    with Session(engine) as session, session.begin():
        registry.record_metrics(session, "colours-1", recorded)
        registry.record_metrics(session, "colours-2", recorded | {"accuracy": 1.0, "fingerprint": "old"})
    promoted = run(engine, bundles, "colours-2")
    assert promoted.accuracy_before == 0.25  # as recorded
    assert promoted.accuracy == pytest.approx(1 / 3)  # measured: the record was of other pictures


@pytest.mark.usefixtures("pictures")
def test_what_one_knows_by_heart_does_not_count(engine: Engine, bundles: Path) -> None:
    dataset = load_dataset(engine, "colours")
    by_heart = [image for image in dataset.test if image.label != "blue"]
    with Session(engine) as session, session.begin():
        learnt = [replace(image, split="train") for image in by_heart]
        key = dataset_versions.record(session, "colours", members((*dataset.train, *learnt)))
    add_tiny_bundle(engine, bundles, promoted=True, dataset_fingerprint=key)
    add_tiny_bundle(engine, bundles, "colours-2", labels=MIXED_UP)  # as good on the one that is left
    promoted = run(engine, bundles, "colours-2")
    assert (promoted.accuracy, promoted.accuracy_before) == (1, 1)


def test_without_test_pictures_only_force_promotes(engine: Engine, bundles: Path, tmp_path: Path) -> None:
    take_in(engine, draw_class_folders(tmp_path / "pictures", 6), plan=SplitPlan(val=0.3, test=0))
    add_tiny_bundle(engine, bundles, promoted=True)
    add_tiny_bundle(engine, bundles, "colours-2")
    with pytest.raises(NotPromoted, match=r"no test pictures to compare colours-2 .*--force"):
        run(engine, bundles, "colours-2")
    assert run(engine, bundles, "colours-2", force=True).model.state == "champion"


def test_promoting_the_champion_again_changes_nothing(engine: Engine, bundles: Path) -> None:
    add_tiny_bundle(engine, bundles)
    for _ in range(2):
        run(engine, bundles, "colours-1")
    with Session(engine) as session:
        assert session.scalar(select(func.count()).select_from(Promotion)) == 1


def test_a_bundle_with_a_changed_file_is_refused(engine: Engine, bundles: Path) -> None:
    add_tiny_bundle(engine, bundles)
    model = bundles / "colours-1" / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1] + b"?")
    with pytest.raises(BadBundle, match=r"model\.onnx is not the file that the manifest names"):
        run(engine, bundles, "colours-1", force=True)
    assert champion(engine) is None


def test_a_bundle_that_answers_its_golden_inputs_otherwise_is_refused(engine: Engine, bundles: Path) -> None:
    add_tiny_bundle(engine, bundles)
    folder = bundles / "colours-1"
    with np.load(folder / "golden.npz") as golden:
        arrays = dict(golden)
    np.savez_compressed(folder / "golden.npz", **(arrays | {"logits": arrays["logits"] * 1.1}))
    files = {name: sha256(folder / name) for name in ("model.onnx", "golden.npz")}
    write_manifest(folder, "colours-1", "colours", {"files": files})
    with pytest.raises(BadBundle, match="give other logits"):
        run(engine, bundles, "colours-1", force=True)
    assert champion(engine) is None


def test_a_version_that_nobody_registered_is_unknown(engine: Engine, bundles: Path) -> None:
    with pytest.raises(UnknownModel, match="no model is called 'colours-9'"):
        run(engine, bundles, "colours-9")


def test_a_champion_that_was_never_taught_a_label_gets_its_pictures_wrong(
    engine: Engine, bundles: Path, pictures: Path
) -> None:
    add_tiny_bundle(engine, bundles, promoted=True, labels=("red", "emu", "blue"))
    add_tiny_bundle(engine, bundles, "colours-2")
    assert (pictures / "green").is_dir()
    promoted = run(engine, bundles, "colours-2")
    assert promoted.accuracy == 1
    assert promoted.accuracy_before == pytest.approx(2 / 3)
    assert champion(engine) == "colours-2"


def test_rolling_back_to_a_damaged_bundle_changes_nothing(engine: Engine, bundles: Path) -> None:
    add_tiny_bundle(engine, bundles, promoted=True)
    add_tiny_bundle(engine, bundles, "colours-2", promoted=True)
    model = bundles / "colours-1" / "model.onnx"
    sound = model.read_bytes()
    model.write_bytes(sound[:-1])
    with pytest.raises(BadBundle):
        rollback(engine, bundles, "colours", Silent())
    assert champion(engine) == "colours-2"
    model.write_bytes(sound)
    assert rollback(engine, bundles, "colours", Silent()).version == "colours-1"


def test_others_may_promote_while_a_rollback_loads_and_then_theirs_stays(
    engine: Engine, bundles: Path
) -> None:
    add_tiny_bundle(engine, bundles, promoted=True)
    add_tiny_bundle(engine, bundles, "colours-2", promoted=True)

    class Overtaken(Silent):
        @contextmanager
        def track(self, what: str, total: int) -> Iterator[Advance]:
            with super().track(what, total) as advance:
                yield advance
                add_tiny_bundle(engine, bundles, "colours-3", promoted=True)

    with pytest.raises(NotPromoted, match=r"colours-3 became the champion .* while colours-1 was checked"):
        rollback(engine, bundles, "colours", Overtaken())
    assert champion(engine) == "colours-3"
