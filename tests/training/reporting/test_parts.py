"""The parts of a report: curves, confusions, histories, the choice of pictures, files."""

import math
import stat
from pathlib import Path

import numpy as np
import pytest
from pydantic import JsonValue

from tests.training.making import image
from training.evaluation import Scored
from training.reporting.answers import (
    MISTAKES_SHOWN,
    SAMPLED,
    SUSPECTS,
    answers_to,
    fair_sample,
    mistakes_by_label,
    suspects,
)
from training.reporting.confusion import MOST_LABELS, confusion_figure, most_confused
from training.reporting.curves import MOST_POINTS, label_curves, refusal_roc, refused_over_threshold
from training.reporting.figures import hardest, learning_curve
from training.reporting.files import write_whole
from training.reporting.gathering import MOST_TRAIN, drawn
from training.reporting.ground import name_of
from training.reporting.history import Epoch, read_history, read_kept

LABELS = ("cat", "dog", "owl")


def scored(shown: list[tuple[str, str, float]]) -> Scored:
    """Pictures with (label, answer, the answer's lead in log-odds)."""
    logits = np.zeros((len(shown), len(LABELS)), np.float32)
    for row, (_, answer, lead) in zip(logits, shown, strict=True):
        row[LABELS.index(answer)] = lead
    targets = np.array([LABELS.index(label) for label, _, _ in shown])
    return Scored(
        tuple(image(n, label, "test") for n, (label, _, _) in enumerate(shown)), logits, targets, None, logits
    )


def test_a_label_that_is_always_ranked_first_has_areas_of_1() -> None:
    scores = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]], np.float32)
    (cat, dog) = label_curves(("cat", "dog"), scores, np.array([0, 0, 1]))
    assert (cat.average_precision, cat.roc_area, cat.pictures) == (1, 1, 2)
    assert (dog.average_precision, dog.roc_area, dog.pictures) == (1, 1, 1)


def test_areas_follow_from_the_ranking() -> None:
    # of cat: right, wrong, right in order of score: AP = (1 + 2/3) / 2; one of two pairs is in order
    scores = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]], np.float32)
    cat, _ = label_curves(("cat", "dog"), scores, np.array([0, 1, 0]))
    assert cat.average_precision == pytest.approx((1 + 2 / 3) / 2)
    assert cat.roc_area == pytest.approx(0.5)


def test_labels_that_no_picture_or_every_picture_carries_have_no_curve() -> None:
    scores = np.full((4, 3), 1 / 3, np.float32)
    assert label_curves(LABELS, scores, np.zeros(4, np.int64)) == ()
    assert [one.label for one in label_curves(LABELS, scores, np.array([0, 0, 2, 2]))] == ["cat", "owl"]


def test_a_threshold_refuses_what_lies_above_it() -> None:
    curve = refused_over_threshold(np.array([0.2, 0.5, 0.5, 0.9]))
    assert list(curve.x) == [0, 0.2, 0.5, 0.9, 1]
    assert list(curve.y) == [1, 0.75, 0.25, 0, 0]


def test_a_refusal_roc_goes_up_with_unknown_and_right_with_known_pictures() -> None:
    curve = refusal_roc(np.array([0.1, 0.6]), np.array([0.9, 0.6, 0.3]))
    assert list(curve.x) == [0, 0, 0.5, 0.5, 1]
    assert curve.y == pytest.approx((0, 1 / 3, 2 / 3, 1, 1))


def test_long_curves_keep_their_ends_and_lose_points() -> None:
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 2, 5000)
    scores = rng.random((5000, 2), np.float32)
    one, other = label_curves(("cat", "dog"), scores, targets)
    for curve in (one.roc, other.precision_recall):
        assert len(curve.x) == len(curve.y) == MOST_POINTS
        assert (curve.x[0], curve.x[-1]) == (0, 1)
    assert len(hardest([one, other] * 10)) == 8


def test_many_labels_leave_the_most_confused_ones() -> None:
    labels = tuple(f"label {n}" for n in range(398))
    counts = np.diag(np.full(398, 5))
    counts[397, 3] = 4
    confusion = most_confused(labels, counts)
    assert len(confusion.labels) == MOST_LABELS
    assert {"label 3", "label 397"} <= set(confusion.labels)
    assert confusion.left_out == 398 - MOST_LABELS
    assert confusion.wide
    cell = confusion_figure(confusion).data[0].z[-1][confusion.labels.index("label 3")]
    assert cell == pytest.approx(4 / 9)


def test_labels_that_never_occur_take_no_room_in_a_confusion() -> None:
    confusion = most_confused(LABELS, np.array([[3, 0, 0], [1, 2, 0], [0, 0, 0]]))
    assert (confusion.labels, confusion.left_out) == (("cat", "dog"), 0)


def test_a_long_label_is_cut_and_escaped_for_figures() -> None:
    assert name_of("<b>cat</b>") == "&lt;b&gt;cat&lt;/b&gt;"
    assert name_of("West Highland white terrier") == "West Highland whi…"


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([{"epoch": 1, "train_loss": 0.5, "val_f1": None}], (Epoch(1, train_loss=0.5),)),
        ([{"epoch": 1, "train_f1": 0.5, "val_f1": 0.25}], (Epoch(1, train_f1=0.5, val_f1=0.25),)),
        ([{"val_accuracy": 1}, {"val_accuracy": "high"}], (Epoch(0, val_accuracy=1.0), Epoch(1))),
        ([{"epoch": 3, "val_loss": math.nan}], (Epoch(3),)),
        ([], ()),
        ("none", ()),
        (["x", {"epoch": 2}], (Epoch(2),)),
    ],
)
def test_whatever_a_history_lacks_is_none(history: JsonValue, expected: tuple[Epoch, ...]) -> None:
    assert read_history({"history": history}) == expected
    assert read_history({}) == ()


@pytest.mark.parametrize(
    ("told", "kept"), [({"best_epoch": 2}, 2), ({"best_epoch": "last"}, None), ({}, None)]
)
def test_the_kept_epoch_is_the_one_that_is_told(told: dict[str, JsonValue], kept: int | None) -> None:
    assert read_kept(told) == kept


def test_the_kept_epoch_is_ringed_in_what_was_recorded_of_it() -> None:
    history = [Epoch(0, val_loss=0.9), Epoch(1, train_loss=0.8, val_loss=0.3), Epoch(2, train_loss=0.5)]

    def rings(kept: int | None) -> list[tuple[float, float]]:
        figure = learning_curve(history, "loss", lambda one: one.train_loss, lambda one: one.val_loss, kept)
        assert figure is not None
        drawn = [trace for trace in figure.data if str(trace.name).startswith("kept")]
        assert all(trace.name == f"kept: epoch {kept}" for trace in drawn)
        return [point for trace in drawn for point in zip(trace.x, trace.y, strict=True)]

    assert rings(1) == [(1, 0.8), (1, 0.3)]
    assert rings(0) == [(0, 0.9)]
    assert rings(2) == [(2, 0.5)]
    assert rings(7) == rings(None) == []


def test_the_surest_mistakes_are_suspected_first() -> None:
    shown = [("cat", "dog", 1.0), ("cat", "cat", 9.0), ("owl", "cat", 5.0), ("dog", "owl", 3.0)]
    found = suspects(answers_to(scored(shown), LABELS, 1.0))
    assert [(one.label, one.answer) for one in found] == [("owl", "cat"), ("dog", "owl"), ("cat", "dog")]
    assert len(suspects(answers_to(scored([("cat", "dog", 1.0)] * 40), LABELS, 1.0))) == SUSPECTS


def test_mistakes_are_grouped_by_label_worst_first() -> None:
    shown = [("cat", "dog", 1.0)] * 8 + [("cat", "owl", 4.0), ("cat", "cat", 2.0), ("dog", "cat", 1.0)]
    cat, dog = mistakes_by_label(answers_to(scored(shown), LABELS, 1.0))
    assert (cat.label, cat.mistakes, cat.pictures) == ("cat", 9, 10)
    assert cat.taken_for == (("dog", 8), ("owl", 1))
    assert len(cat.shown) == MISTAKES_SHOWN
    assert cat.shown[0].answer == "owl"
    assert (dog.label, dog.mistakes, dog.pictures) == ("dog", 1, 1)


def test_the_sample_is_the_same_each_time_and_holds_no_picture_twice() -> None:
    answers = answers_to(scored([("cat", "cat", 1.0)] * 100), LABELS, 1.0)
    sample = fair_sample(answers)
    assert sample == fair_sample(answers)
    assert len({one.image.id for one in sample}) == SAMPLED
    assert len(fair_sample(answers[:3])) == 3


def test_of_many_train_pictures_some_are_drawn_in_their_order() -> None:
    images = tuple(image(number, "cat", "train") for number in range(MOST_TRAIN + 500))
    ids = [one.id for one in drawn(images)]
    assert len(set(ids)) == MOST_TRAIN
    assert ids == sorted(ids)
    assert max(ids) > MOST_TRAIN  # not only the first ones
    assert drawn(images[:7]) == images[:7]


def test_a_temperature_softens_the_probabilities() -> None:
    (one,) = answers_to(scored([("cat", "dog", 6.0)]), LABELS, 2.0)
    total = math.exp(3) + 2
    assert one.probability == pytest.approx(math.exp(3) / total)
    assert one.own_probability == pytest.approx(1 / total)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.html"
    write_whole(path, "first")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "second \udce9")
    assert path.read_text() == "first"
    assert list(path.parent.iterdir()) == [path]
    assert stat.S_IMODE(path.stat().st_mode) & 0o400


def test_a_file_that_is_replaced_is_read_by_nobody_who_could_not_before(tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    path.touch(0o600)
    write_whole(path, "second")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
