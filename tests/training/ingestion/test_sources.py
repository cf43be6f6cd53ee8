"""Which files of a folder are pictures, and what their folders say of them."""

import os
from collections import Counter
from pathlib import Path

import pytest

from training.errors import BadSource, NoPictures
from training.ingestion.sources import Source, open_source, open_sources


def lay_out(root: Path, *names: str) -> Path:
    """Files by name; finding pictures never opens one, so they hold nothing."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return root


def found(source: Source) -> dict[str, tuple[str | None, str | None]]:
    """Label and split by URI."""
    return {candidate.uri: (candidate.label, candidate.split) for candidate in source.candidates}


def test_the_folder_of_a_picture_is_its_label(tmp_path: Path) -> None:
    source = open_source(lay_out(tmp_path, "cat/1.jpg", "dog/2.PNG", "dog/3.webp"))
    assert found(source) == {
        "cat/1.jpg": ("cat", None),
        "dog/2.PNG": ("dog", None),
        "dog/3.webp": ("dog", None),
    }
    assert source.given_splits == frozenset()
    assert all(candidate.path == source.root / candidate.uri for candidate in source.candidates)


def test_the_first_folder_is_the_label_however_deep_a_picture_lies(tmp_path: Path) -> None:
    source = open_source(lay_out(tmp_path, "cat/siamese/kittens/1.jpg", "cat/2.jpg"))
    assert found(source) == {"cat/siamese/kittens/1.jpg": ("cat", None), "cat/2.jpg": ("cat", None)}


def test_a_picture_in_no_folder_has_no_label(tmp_path: Path) -> None:
    assert found(open_source(lay_out(tmp_path, "1.jpg", "cat/2.jpg")))["1.jpg"] == (None, None)


@pytest.mark.parametrize(
    "names",
    [("train", "val", "test"), ("Training", "Validation", "Testing"), ("train", "valid", "test")],
)
def test_split_folders_say_the_split_by_any_of_their_names(tmp_path: Path, names: tuple[str, ...]) -> None:
    source = open_source(lay_out(tmp_path, *(f"{name}/cat/deep/1.jpg" for name in names)))
    splits = {uri.partition("/")[0]: given for uri, given in found(source).items()}
    assert splits == dict(zip(names, (("cat", "train"), ("cat", "val"), ("cat", "test")), strict=True))
    assert source.given_splits == {"train", "val", "test"}


@pytest.mark.parametrize("given", ["val", "test"])
def test_training_pictures_are_left_to_be_carved_where_a_split_lacks(tmp_path: Path, given: str) -> None:
    source = open_source(lay_out(tmp_path, "train/cat/1.jpg", f"{given}/cat/2.jpg"))
    assert found(source) == {"train/cat/1.jpg": ("cat", None), f"{given}/cat/2.jpg": ("cat", given)}
    assert source.given_splits == {"train", given}


def test_a_class_called_train_among_other_classes_is_a_class(tmp_path: Path) -> None:
    source = open_source(lay_out(tmp_path, "train/1.jpg", "plane/2.jpg", "car/old/3.jpg"))
    assert found(source) == {"train/1.jpg": ("train", None), "plane/2.jpg": ("plane", None)} | {
        "car/old/3.jpg": ("car", None)
    }


def test_a_folder_of_classes_that_all_sound_like_splits_holds_classes(tmp_path: Path) -> None:
    source = open_source(lay_out(tmp_path, "train/1.jpg", "test/2.jpg"))
    assert found(source) == {"train/1.jpg": ("train", None), "test/2.jpg": ("test", None)}


def test_hidden_files_are_passed_over_in_silence(tmp_path: Path) -> None:
    hidden = (".cache/1.jpg", "cat/._2.jpg", "__MACOSX/cat/3.jpg", "cat/Thumbs.db", ".DS_Store")
    source = open_source(lay_out(tmp_path, "cat/1.jpg", *hidden))
    assert set(found(source)) == {"cat/1.jpg"}
    assert source.passed_over == Counter()


def test_other_files_are_passed_over_and_counted(tmp_path: Path) -> None:
    source = open_source(lay_out(tmp_path, "cat/1.jpg", "cat/a.txt", "b.TXT", "LICENSE"))
    assert set(found(source)) == {"cat/1.jpg"}
    assert source.passed_over == Counter({".txt": 2, "LICENSE": 1})


def test_pictures_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    source = open_source(lay_out(tmp_path, "b/2.jpg", "a/9.jpg", "b/1.jpg", "a/10.jpg"))
    assert list(found(source)) == ["a/10.jpg", "a/9.jpg", "b/1.jpg", "b/2.jpg"]


def test_names_in_any_script_are_kept(tmp_path: Path) -> None:
    assert found(open_source(lay_out(tmp_path, "Löwe 🦁/ein Bild.jpg"))) == {
        "Löwe 🦁/ein Bild.jpg": ("Löwe 🦁", None)
    }


def test_a_folder_without_a_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoPictures, match=r"no picture in .*: expected one folder a label"):
        open_source(lay_out(tmp_path, "cat/notes.txt"))


def test_a_missing_folder_and_a_lone_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSource, match=r"there is no folder .*absent"):
        open_source(tmp_path / "absent")
    with pytest.raises(BadSource, match=r"1\.jpg is neither a folder of class folders nor a \.csv table"):
        open_source(lay_out(tmp_path, "1.jpg") / "1.jpg")


def test_of_several_sources_one_may_give_a_split_that_others_lack(tmp_path: Path) -> None:
    lay_out(
        tmp_path,
        "a/train/cat/1.jpg",
        "a/val/cat/2.jpg",
        "b/train/cat/3.jpg",
        "b/test/cat/4.jpg",
        "c/cat/5.jpg",
    )
    sources = open_sources([tmp_path / name for name in "abc"])
    splits = {candidate.uri: candidate.split for source in sources for candidate in source.candidates}
    assert splits == {
        "train/cat/1.jpg": "train",
        "val/cat/2.jpg": "val",
        "train/cat/3.jpg": "train",
        "test/cat/4.jpg": "test",
        "cat/5.jpg": None,
    }
    assert [source.given_splits for source in sources] == [{"train", "val", "test"}] * 2 + [set()]


def test_a_pipe_is_no_source_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "table.csv")
    with pytest.raises(BadSource, match=r"table\.csv is neither a folder"):
        open_source(tmp_path / "table.csv")
