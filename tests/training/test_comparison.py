"""Two tiny bundles on the same drawn pictures."""

from hashlib import sha256
from pathlib import Path

import pytest

from backend.inference.bundle import load_bundle
from tests.drawing import draw_class_folders, picture
from tests.tiny_bundle import LABELS, make_bundle
from training.comparison import Comparison, compare
from training.errors import BadSource, NoPictures
from training.progress import Silent
from training.questions import from_paths
from training.reporting.comparison_page import comparison_page, conclusions

KNOWN = frozenset(LABELS)
MIXED_UP = ("green", "red", "blue")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    return draw_class_folders(tmp_path / "colours", per_label=6)


def compared(bundles: Path, pictures: Path, other_labels: tuple[str, ...] = MIXED_UP) -> Comparison:
    first = load_bundle(make_bundle(bundles, "good-1"))
    second = load_bundle(make_bundle(bundles, "bad-1", labels=other_labels))
    labels = frozenset(LABELS + other_labels)
    return compare(first, second, from_paths([pictures], labels), Silent())


def test_disagreements_come_first_and_are_tested(bundles: Path, pictures: Path) -> None:
    comparison = compared(bundles, pictures)
    assert [row.agree for row in comparison.rows] == [False] * 12 + [True] * 6
    first, second = comparison.shares
    assert (first.count, second.count, second.total) == (18, 6, 18)
    assert comparison.test.p_value == pytest.approx(2 / 2**12)
    assert conclusions(comparison) == [
        "Only good-1 is right on 12, only bad-1 on 0. Were both equally good, the chance of a difference "
        "this large would be less than 0.001 (McNemar's exact test): good-1 is better."
    ]


def test_a_small_difference_is_called_luck(bundles: Path, pictures: Path) -> None:
    for label in ("red", "green"):
        for number in range(1, 6):
            (pictures / label / f"{number}.jpg").unlink()
    (sentence,) = conclusions(compared(bundles, pictures))
    assert "would be 0.500 (McNemar's exact test): that may well be luck" in sentence


def test_the_same_answers_tell_nothing_apart(bundles: Path, pictures: Path) -> None:
    comparison = compared(bundles, pictures, LABELS)
    assert conclusions(comparison)[0].startswith("Both are right and wrong on the same pictures")


def test_a_label_it_was_never_taught_is_wrong_and_said(bundles: Path, pictures: Path) -> None:
    comparison = compared(bundles, pictures, ("red", "green", "owl"))
    assert comparison.shares[1].count == 12
    assert comparison.untaught == ((), ("blue",))
    assert conclusions(comparison)[1] == ("bad-1 was never taught blue: it cannot be right on such pictures.")


def test_pictures_without_a_known_label_are_shown_but_not_counted(bundles: Path, pictures: Path) -> None:
    (pictures / "red").rename(pictures / "holiday")
    comparison = compared(bundles, pictures)
    assert (len(comparison.rows), len(comparison.counted)) == (18, 12)
    assert {row.first.right for row in comparison.rows if row.question.expected is None} == {None}
    assert conclusions(comparison)[-1] == "6 of 18 pictures have no known label: not counted."


def test_with_no_known_label_nobody_is_called_better(bundles: Path, tmp_path: Path) -> None:
    draw_class_folders(tmp_path / "colours", per_label=1, labels=("red",))
    (tmp_path / "colours" / "red").rename(tmp_path / "colours" / "holiday")
    (sentence,) = conclusions(compared(bundles, tmp_path / "colours"))
    assert sentence.startswith("No picture has a known label")


def test_pictures_that_one_learnt_from_are_told_and_not_counted(bundles: Path, pictures: Path) -> None:
    first = load_bundle(make_bundle(bundles, "good-1"))
    second = load_bundle(make_bundle(bundles, "bad-1", labels=MIXED_UP))
    blue = {sha256(path.read_bytes()).hexdigest() for path in (pictures / "blue").iterdir()}
    comparison = compare(first, second, from_paths([pictures], KNOWN), Silent(), (frozenset(), blue))
    assert comparison.learnt == (0, 6)
    assert [row.question.expected for row in comparison.rows[-6:]] == ["blue"] * 6
    assert [(share.count, share.total) for share in comparison.shares] == [(12, 12), (0, 12)]
    assert [(share.count, share.total) for share in comparison.shares_of_all] == [(18, 18), (6, 18)]
    assert conclusions(comparison)[1] == (
        "6 of the 18 labelled pictures are ones that a model learnt from or was chosen by (good-1 from 0, "
        "bad-1 from 6): not counted, for a model knows them by heart. With them, good-1 is right on 100.0% "
        "and bad-1 is right on 33.3%."
    )
    assert comparison_page(comparison).count(", learnt from it") == 6


def test_where_all_was_learnt_from_or_nobody_knows_that_is_said(bundles: Path, pictures: Path) -> None:
    bundle = load_bundle(make_bundle(bundles, "good-1"))
    questions = from_paths([pictures], KNOWN)
    every = {sha256(path.read_bytes()).hexdigest() for path in pictures.rglob("*.jpg")}
    all_learnt = conclusions(compare(bundle, bundle, questions, Silent(), (every, every)))
    assert all_learnt[0].startswith("Every picture is one that a model learnt from: nothing here tells")
    unknown = conclusions(compare(bundle, bundle, questions, Silent(), (None, frozenset())))
    assert unknown[-1].startswith("What good-1 learnt from is not known here")


def test_unreadable_pictures_are_reported_with_the_reason(bundles: Path, pictures: Path) -> None:
    (pictures / "red" / "cut.jpg").write_bytes(picture("red")[:-200])
    (pictures / "red" / "gone.jpg").symlink_to(pictures / "absent.jpg")
    comparison = compared(bundles, pictures)
    assert len(comparison.rows) == 18
    assert {one.name: one.reason for one in comparison.unreadable} == {
        "red/cut.jpg": "the picture is cut short: part of the file is missing",
        "red/gone.jpg": "No such file or directory",
    }


def test_where_nothing_can_be_read_there_is_nothing_to_compare(bundles: Path, tmp_path: Path) -> None:
    (tmp_path / "colours" / "red").mkdir(parents=True)
    (tmp_path / "colours" / "red" / "empty.jpg").touch()
    with pytest.raises(NoPictures, match="none of the 1 pictures can be read: the file is empty"):
        compared(bundles, tmp_path / "colours")


def test_files_and_folders_are_asked_once_each_with_the_folder_as_label(pictures: Path) -> None:
    photo = pictures / "green" / "0.jpg"
    questions = from_paths([photo, pictures, pictures / "red"], KNOWN)
    assert len(questions) == 18
    assert (questions[0].name, questions[0].expected) == (str(photo), "green")
    assert [one.expected for one in from_paths([pictures / "red"], KNOWN)] == ["red"] * 6


def test_a_name_that_is_no_utf_8_can_be_shown(tmp_path: Path) -> None:
    photo = tmp_path / "caf\udce9.jpg"
    photo.write_bytes(picture("red"))
    (question,) = from_paths([photo], KNOWN)
    assert question.name.endswith("caf\\udce9.jpg")


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=r"there is no file or folder .*absent"):
        from_paths([tmp_path / "absent"], KNOWN)
