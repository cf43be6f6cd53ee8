"""What a report gathers, and its figures for programs."""

import json
from pathlib import Path

import pytest

from tests.drawing import draw_greys, picture
from tests.training.reporting.conftest import Reporter
from training.reporting.as_json import report_json
from training.reporting.writing import write_report


def test_headlines_come_with_their_intervals(report_on: Reporter) -> None:
    report = report_on()
    accuracy = report.headlines.accuracy
    assert accuracy.total == len(report.evaluation.confusion) * 8
    assert accuracy.low < accuracy.value == report.evaluation.metrics.accuracy
    f1 = report.headlines.macro_f1
    assert f1.low is not None
    assert f1.high is not None
    assert f1.low < f1.value < f1.high
    assert f1.value == pytest.approx(report.evaluation.metrics.macro_f1)
    assert report.headlines.confident.total == accuracy.total
    assert report.headlines.right_when_confident.total == report.headlines.confident.count


def test_pictures_with_a_wrong_label_are_suspected_in_every_split(report_on: Reporter) -> None:
    report = report_on()
    found = {(one.image.uri, one.label, one.answer) for one in report.suspects}
    everywhere = {("red/green-0.jpg", "red", "green"), ("red/green-1.jpg", "red", "green")}
    assert found
    assert found <= everywhere


def test_train_pictures_are_counted_apart(report_on: Reporter) -> None:
    report = report_on()
    assert report.taught is not None
    assert report.taught.right.total == report.taught.confusion.sum() == report.taught.available
    assert not report.learnt_from_val
    assert report.taught.sampled == report.taught.available
    assert report.taught.library_changed  # this bundle was trained on nothing


def test_calibration_is_told_before_and_after_the_temperature(report_on: Reporter) -> None:
    report = report_on(calibration={"temperature": 30.0, "fitted_on": "cross-validation"})
    assert (report.uncalibrated.temperature, report.calibrated.temperature) == (1.0, 30.0)
    assert report.calibrated.error > report.uncalibrated.error  # far too soft
    assert report.learnt_from_val


def test_known_pictures_that_are_refused_are_counted_without_any_unknown(report_on: Reporter) -> None:
    told = json.loads(json.dumps(report_json(report_on())))["novelty"]
    assert (told["threshold"], told["unknown"]) == (0.5, None)
    assert (told["known_refused"]["count"], told["known_refused"]["total"]) == (0, 24)
    assert told["known_refused_over_threshold"]["y"][-1] == 0


def test_what_is_refused_of_unknown_pictures_is_told_with_its_curve(
    report_on: Reporter, tmp_path: Path
) -> None:
    greys = draw_greys(tmp_path / "greys", 5)
    (greys / "red.jpg").write_bytes(picture("red"))
    (greys / "cut.jpg").write_bytes(picture("red")[:-200])
    told = json.loads(json.dumps(report_json(report_on(unknown=greys))))["novelty"]["unknown"]
    assert (told["refused"]["count"], told["refused"]["total"]) == (5, 6)
    assert told["auroc"]["low"] < told["auroc"]["value"] < 1
    assert (told["roc"]["x"][0], told["roc"]["y"][-1]) == (0, 1)
    assert [(one["file"], one["answer"]) for one in told["not_refused"]] == [(str(greys / "red.jpg"), "red")]
    assert [one["name"] for one in told["unreadable"]] == ["cut.jpg"]


def test_pictures_found_by_likeness_are_judged_by_their_label(report_on: Reporter) -> None:
    report = report_on()
    assert report.retrieval is not None
    assert report.taught is not None
    assert (report.retrieval.recall.total, report.retrieval.gallery) == (24, report.taught.sampled)
    assert 0.5 < report.retrieval.precision.value < 1  # two greens are labelled red
    told = json.loads(json.dumps(report_json(report)))["retrieval"]
    assert told["mean_average_precision_at_10"]["value"] == report.retrieval.precision.value
    assert told["recall_at_10"]["total"] == 24


def test_speed_and_size_are_measured_on_the_bundle(report_on: Reporter, bundles: Path) -> None:
    speed = report_on().speed
    assert 0 < speed.median_ms <= speed.p95_ms
    assert speed.pictures == 24
    size = sum(file.stat().st_size for file in (bundles / "colours-1").iterdir())
    assert speed.megabytes == pytest.approx(size / 1e6)


def test_the_figures_are_strict_json_and_say_what_the_report_says(
    report_on: Reporter, tmp_path: Path
) -> None:
    report = report_on(training={"history": [{"epoch": 0, "val_loss": 0.5}], "best_epoch": 0})
    written = write_report(report, tmp_path / "reports" / "colours-1")
    read = json.loads(written.figures.read_text())
    assert read == json.loads(json.dumps(report_json(report), allow_nan=False))
    assert (read["version"], read["split"], read["labels"]) == ("colours-1", "test", ["red", "green", "blue"])
    assert read["confusion"] == report.evaluation.confusion.tolist()
    assert read["headlines"]["accuracy"]["interval"] == [
        report.headlines.accuracy.low,
        report.headlines.accuracy.high,
    ]
    assert read["history"][0]["val_loss"] == 0.5
    assert read["history"][0]["train_loss"] is None
    assert read["kept_epoch"] == 0
    assert {one["answer"] for one in read["suspected_wrong_labels"]} == {"green"}
    assert sorted(file.name for file in written.page.parent.iterdir()) == ["report.html", "report.json"]
