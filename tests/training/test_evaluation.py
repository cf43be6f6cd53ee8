"""Figures, against ones worked out by hand."""

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from backend.inference.bundle import load_bundle
from backend.inference.runtime import Raw
from databases.library import LibraryImage
from tests.drawing import draw_class_folders
from tests.tiny_bundle import make_bundle
from tests.training.making import image, pictures_of, take_in
from training.dataset import fingerprint, load_dataset
from training.errors import NoPictures, TrainingError
from training.evaluation import Evaluation, evaluate, measure
from training.progress import Silent

LABELS = ("cat", "dog", "owl")
# was cat: 3 of 4 right, one called a dog; was dog: 1 of 2 right, one called an owl; never an owl
SHOWN = [("cat", "cat")] * 3 + [("cat", "dog"), ("dog", "dog"), ("dog", "owl")]


def answers(shown: list[tuple[str, str]], sure: float = 8.0) -> tuple[Raw, tuple[LibraryImage, ...]]:
    """Raw outputs that give each (label, answer), and the pictures with these labels."""
    logits = np.zeros((len(shown), len(LABELS)), np.float32)
    for row, (_, answer) in zip(logits, shown, strict=True):
        row[LABELS.index(answer)] = sure
    images = tuple(image(number, label, "test") for number, (label, _) in enumerate(shown))
    return Raw(logits, np.zeros((len(shown), 2), np.float32), None), images


def measured(shown: list[tuple[str, str]], temperature: float = 1.0) -> Evaluation:
    raw, images = answers(shown)
    return measure(raw, LABELS, images, temperature, "test", ())


def test_figures_follow_from_the_confusion() -> None:
    evaluation = measured(SHOWN)
    assert evaluation.confusion.tolist() == [[3, 1, 0], [0, 1, 1], [0, 0, 0]]
    cat, dog, owl = evaluation.per_label
    assert cat.f1 == pytest.approx(6 / 7)
    assert (cat.precision, cat.recall, cat.pictures) == (1, 0.75, 4)
    assert (dog.precision, dog.recall, dog.f1, dog.pictures) == (0.5, 0.5, 0.5, 2)
    assert (owl.precision, owl.recall, owl.f1, owl.pictures) == (0, 0, 0, 0)
    assert evaluation.metrics.accuracy == pytest.approx(4 / 6)
    assert evaluation.metrics.macro_f1 == pytest.approx((6 / 7 + 1 / 2) / 2)  # of the labels that were shown
    assert (evaluation.metrics.pictures, evaluation.metrics.split) == (6, "test")


def test_log_loss_is_that_of_the_calibrated_scores() -> None:
    temperature = 4.0
    total = np.exp(8 / temperature) + 2
    expected = (4 * -np.log(np.exp(8 / temperature) / total) + 2 * -np.log(1 / total)) / 6
    assert measured(SHOWN, temperature).metrics.log_loss == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("right", "shown", "low", "high"),
    [
        (15, 148, 0.0624, 0.1605),  # Newcombe 1998, table I, method 3: 0.0624 to 0.1605 for 15/148
        (81, 263, 0.2553, 0.3662),  # and 81/263
        (0, 20, 0.0, 0.1611),  # and 0/20
    ],
)
def test_the_interval_is_wilsons(right: int, shown: int, low: float, high: float) -> None:
    pairs = [("cat", "cat")] * right + [("cat", "dog")] * (shown - right)
    interval = measured(pairs).metrics.accuracy_interval
    assert interval == pytest.approx((low, high), abs=5e-5)


def test_the_pictures_that_were_measured_on_are_named() -> None:
    _, images = answers(SHOWN)
    assert measured(SHOWN).metrics.fingerprint == fingerprint(images)


def test_a_bundle_is_measured_through_its_exported_file(
    engine: Engine, bundles: Path, tmp_path: Path
) -> None:
    folder = draw_class_folders(tmp_path / "pictures", per_label=12)
    (folder / "red" / "0.jpg").rename(folder / "green" / "really-red.jpg")
    take_in(engine, folder)
    images = tuple(pictures_of(engine).values())
    evaluation = evaluate(load_bundle(make_bundle(bundles)), images, "val", Silent())
    assert evaluation.metrics.accuracy == pytest.approx(35 / 36)
    assert evaluation.confusion.tolist() == [[11, 0, 0], [1, 12, 0], [0, 0, 12]]


def test_a_bundle_is_not_measured_on_nothing_or_on_labels_it_does_not_know(bundles: Path) -> None:
    bundle = load_bundle(make_bundle(bundles))
    with pytest.raises(NoPictures, match="task 'colours' has no picture in its test split"):
        evaluate(bundle, (), "test", Silent())
    with pytest.raises(NoPictures, match="colours-1 does not know the label owl; train anew"):
        evaluate(bundle, (image(1, "owl"), image(2, "red")), "test", Silent())


def test_a_picture_that_vanished_since_is_named_with_what_to_do(
    engine: Engine, bundles: Path, tmp_path: Path
) -> None:
    folder = draw_class_folders(tmp_path / "pictures", per_label=1)
    take_in(engine, folder)
    images = tuple(pictures_of(engine).values())
    (folder / "red" / "0.jpg").unlink()
    with pytest.raises(TrainingError, match=r"red/0\.jpg is gone since it was ingested; run"):
        evaluate(load_bundle(make_bundle(bundles)), images, "test", Silent())


def test_copies_count_once_where_there_are_any() -> None:
    raw, images = answers(SHOWN)
    assert measured(SHOWN).metrics.grouped_accuracy is None
    # The three cats that are right are one picture.
    copies = tuple(
        image(number, row.label, "test", "cat" if number < 3 else "") for number, row in enumerate(images)
    )
    metrics = measure(raw, LABELS, copies, 1.0, "test", ()).metrics
    assert metrics.accuracy == pytest.approx(4 / 6)
    assert metrics.groups == 4
    assert metrics.grouped_accuracy == pytest.approx(2 / 4)
    assert metrics.grouped_accuracy_interval == pytest.approx((0.1500, 0.8500), abs=5e-4)


def test_copies_that_are_answered_differently_count_by_their_share() -> None:
    raw, images = answers([("cat", "cat"), ("cat", "dog"), ("dog", "dog")])
    copies = tuple(
        image(number, row.label, "test", "cat" if number < 2 else "") for number, row in enumerate(images)
    )
    assert measure(raw, LABELS, copies, 1.0, "test", ()).metrics.grouped_accuracy == pytest.approx(0.75)


def test_pictures_that_look_like_what_was_learnt_are_left_out_beside() -> None:
    raw, images = answers(SHOWN)
    twins = {images[0].shown, images[5].shown, "of another task"}  # one of the right ones, one of the wrong
    metrics = measure(raw, LABELS, images, 1.0, "test", twins).metrics
    assert metrics.accuracy == pytest.approx(4 / 6)
    assert metrics.leaked == 2
    assert metrics.apart_accuracy == pytest.approx(3 / 4)
    assert metrics.apart_accuracy_interval == pytest.approx((0.3006, 0.9544), abs=5e-4)
    assert measured(SHOWN).metrics.leaked is None
    every = measure(raw, LABELS, images, 1.0, "test", {one.shown for one in images}).metrics
    assert (every.leaked, every.apart_accuracy) == (6, None)


def test_what_val_shows_is_known_before_test_alone(engine: Engine, tmp_path: Path) -> None:
    take_in(engine, draw_class_folders(tmp_path / "pictures", per_label=8))
    dataset = load_dataset(engine, "colours")
    train, val = ({one.shown for one in images} for images in (dataset.train, dataset.val))
    assert dataset.known_before("val") == train
    assert dataset.known_before("test") == train | val
