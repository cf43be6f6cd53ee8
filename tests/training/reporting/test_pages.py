"""Pages: whole in one file, and nothing in them is taken for markup."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from backend.inference.bundle import load_bundle
from tests.drawing import draw_class_folders, draw_greys, picture
from tests.tiny_bundle import make_bundle
from tests.training.reporting.conftest import Reporter
from training.comparison import compare
from training.progress import Silent
from training.questions import from_paths
from training.reporting.comparison_page import comparison_page
from training.reporting.page import plotly_script, sure
from training.reporting.report_page import PASSED_SHOWN, report_page

HOSTILE = ("<img src=x onerror=alert(1)>", "<!--<script>", "\"'&amp;")


class Elements(HTMLParser):
    """The elements of a page with their attributes, and its text outside scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] not in ("script", "style"):
            self.text += " ".join(data.split()) + " "

    def addresses(self) -> set[str]:
        """Where it links to or fetches from, by scheme."""
        values = (attrs.get(name) for _, attrs in self.found for name in ("src", "href"))
        return {value.split(":")[0] if ":" in value else value[0] for value in values if value}


def page_of(report_on: Reporter, **changes: object) -> Elements:
    return Elements(report_page(report_on(**changes)).replace(plotly_script(), ""))


def test_a_report_shows_pictures_and_figures_and_fetches_nothing(report_on: Reporter) -> None:
    page = page_of(report_on)
    assert page.addresses() == {"data", "#"}
    assert sum(tag == "img" for tag, _ in page.found) >= 24
    assert sum(attrs.get("class") == "plot" for _, attrs in page.found) == 7  # 2 confusions, 5 curves
    policy = next(attrs["content"] for _, attrs in page.found if "http-equiv" in attrs)
    assert str(policy).startswith("default-src 'none'")


def test_a_mark_and_not_only_a_colour_tells_right_from_wrong(report_on: Reporter) -> None:
    page = page_of(report_on)
    assert "✓ blue, over 99" in page.text
    assert "✗ green, over 99" in page.text
    assert "labelled red" in page.text


def test_without_epochs_one_sentence_says_so(report_on: Reporter) -> None:
    assert "There are no curves: this model was not trained in epochs" in page_of(report_on).text


def test_epochs_become_curves_of_what_was_recorded(report_on: Reporter) -> None:
    history = [{"epoch": n, "train_loss": 1 / (n + 1), "val_accuracy": None} for n in range(3)]
    page = page_of(report_on, training={"history": history})
    drawn = [attrs["aria-label"] for _, attrs in page.found if attrs.get("class") == "plot"]
    assert "Loss over the epochs" in drawn
    assert "Accuracy over the epochs" not in drawn


@pytest.mark.parametrize(
    ("kept", "words"),
    [
        (2, "The weights of epoch 2 were kept, which did best on val."),
        (0, "No epoch was better than the head that they began with: that one was kept."),
        (None, ""),
    ],
)
def test_the_epoch_that_was_kept_is_told(report_on: Reporter, kept: int | None, words: str) -> None:
    history = [{"epoch": n, "val_loss": 1 / (n + 1)} for n in range(3)]
    text = page_of(report_on, training={"history": history, "best_epoch": kept}).text
    assert words in text
    assert ("kept" in text.partition("How it learnt")[2].partition("How it was made")[0]) == bool(words)


def test_without_unknown_pictures_the_page_says_how_to_ask_about_some(report_on: Reporter) -> None:
    page = page_of(report_on)
    assert "Of 24 test pictures it refuses 0, although they show what it knows" in page.text
    assert "menagerie evaluate --unknown DIR" in page.text


def test_unknown_pictures_that_pass_are_shown(report_on: Reporter, tmp_path: Path) -> None:
    greys = draw_greys(tmp_path / "greys", 5)
    (greys / "empty.jpg").touch()
    none_passes = page_of(report_on, unknown=greys)
    assert "Of 5 pictures that show none of its labels it refuses 5" in none_passes.text
    assert "1 more cannot be read." in none_passes.text
    assert "None: every one of them was refused." in none_passes.text


def test_the_most_familiar_unknown_pictures_are_shown(report_on: Reporter, tmp_path: Path) -> None:
    unknown = draw_greys(tmp_path / "unknown", 5)
    for number in range(PASSED_SHOWN + 1):
        (unknown / f"red-{number}.jpg").write_bytes(picture("red", number))
    page = page_of(report_on, unknown=unknown)
    assert f"The {PASSED_SHOWN} most familiar of {PASSED_SHOWN + 1}" in page.text
    shown = [attrs["alt"] for tag, attrs in page.found if tag == "img" and "red-" in str(attrs["alt"])]
    assert len(shown) == PASSED_SHOWN
    assert "Unknown refused over known refused" in [attrs.get("aria-label") for _, attrs in page.found]


def test_copies_are_counted_beside_and_only_where_there_are_some(report_on: Reporter) -> None:
    report = report_on()
    assert "copies counted once" not in report_page(report)
    figures = {"groups": 20, "grouped_accuracy": 0.9, "grouped_accuracy_interval": (0.699, 0.972)}
    metrics = report.evaluation.metrics.model_copy(update=figures)
    page = Elements(report_page(replace(report, evaluation=replace(report.evaluation, metrics=metrics))))
    assert "Accuracy, copies counted once 90.0" in page.text
    assert "69.9 to 97.2" in page.text
    assert "20 different pictures of 24" in page.text


def test_a_head_that_learnt_from_val_is_said_to(report_on: Reporter) -> None:
    calibration = {"temperature": 1.0, "fitted_on": "cross-validation"}
    assert "It learnt from the val split as well." in page_of(report_on, calibration=calibration).text


@pytest.mark.filterwarnings("error")
def test_labels_and_file_names_are_not_taken_for_markup(report_on: Reporter, tmp_path: Path) -> None:
    unknown = draw_greys(tmp_path / "unknown", 2)
    (unknown / f"{HOSTILE[0]}.jpg").write_bytes(picture("red"))
    whole = report_page(report_on(HOSTILE, unknown=unknown))
    page = Elements(whole.replace(plotly_script(), ""))
    assert not [attrs for _, attrs in page.found if "onerror" in attrs or attrs.get("src") == "x"]
    assert HOSTILE[0] in page.text
    assert sum(tag == "script" for tag, _ in page.found) == 10  # 8 figures, Plotly, what draws them
    figures = re.findall(r'<script type="application/json">(.*?)</script>', whole, re.DOTALL)
    assert len(figures) == 8
    assert not [figure for figure in figures if "<" in figure]


def test_a_picture_that_is_gone_leaves_a_note(report_on: Reporter) -> None:
    report = report_on()
    gone = replace(report.sample[0], image=replace(report.sample[0].image, uri="absent.jpg"))
    assert "the file is gone" in report_page(replace(report, sample=(gone,)))


def test_a_comparison_shows_both_answers_and_what_could_not_be_read(bundles: Path, tmp_path: Path) -> None:
    folder = draw_class_folders(tmp_path / "colours", per_label=4)
    (folder / "red" / "<b>.jpg").touch()
    first = load_bundle(make_bundle(bundles, "good-1"))
    second = load_bundle(make_bundle(bundles, "bad-1", labels=("green", "red", "blue")))
    questions = from_paths([folder], frozenset(first.manifest.labels))
    page = Elements(comparison_page(compare(first, second, questions, Silent())))
    assert page.addresses() == {"data"}
    assert "12 of 12 right" in page.text
    assert "4 of 12 right" in page.text
    assert "Only good-1 is right on 8, only bad-1 on 0." in page.text
    assert "red/<b>.jpg the file is empty" in page.text
    assert sum(tag == "img" for tag, _ in page.found) == 12


@pytest.mark.parametrize(("probability", "words"), [(1.0, "over 99"), (0.5, "50"), (0.0, "0")])
def test_nobody_is_told_100_percent(probability: float, words: str) -> None:
    assert sure(probability) == f"{words}\u00a0%"
