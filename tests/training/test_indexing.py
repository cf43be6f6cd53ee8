"""Embedding the library's pictures, and only those that lack it."""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, delete
from sqlalchemy.orm import Session

from backend.inference.bundle import Bundle
from databases import gallery_rows
from databases.library import LibraryImage
from databases.models import Image
from databases.registry import RegisteredModel
from tests.drawing import draw_class_folders, picture
from tests.training.making import add_tiny_bundle, pictures_of, take_in
from training.errors import TrainingError
from training.indexing import index, read_features
from training.progress import Silent
from training.running import Ran, run_here


@pytest.fixture
def folder(engine: Engine, tmp_path: Path) -> Path:
    folder = draw_class_folders(tmp_path / "pictures", per_label=4)
    take_in(engine, folder)
    return folder


def run(engine: Engine, bundles: Path, model: RegisteredModel) -> int:
    return index(engine, bundles, model, "colours", Silent())


def served(engine: Engine, model: RegisteredModel) -> set[int]:
    with Session(engine) as session:
        return {row.image_id for row in gallery_rows.read_rows(session, model.id, "colours")}


@pytest.mark.usefixtures("folder")
def test_every_picture_is_embedded_once(engine: Engine, bundles: Path) -> None:
    model = add_tiny_bundle(engine, bundles)
    assert run(engine, bundles, model) == 12
    assert served(engine, model) == {image.id for image in pictures_of(engine).values()}
    assert run(engine, bundles, model) == 0


def test_only_new_and_changed_pictures_are_embedded_later(
    engine: Engine, bundles: Path, folder: Path
) -> None:
    model = add_tiny_bundle(engine, bundles)
    run(engine, bundles, model)
    before = read_features(engine, model, [pictures_of(engine)["red/0.jpg"]])
    (folder / "red" / "0.jpg").write_bytes(picture("blue", 40))
    (folder / "red" / "new.jpg").write_bytes(picture("red", 41))
    (folder / "green" / "0.jpg").unlink()
    take_in(engine, folder)
    assert run(engine, bundles, model) == 2
    images = pictures_of(engine)
    assert served(engine, model) == {image.id for image in images.values()}
    after = read_features(engine, model, [images["red/0.jpg"]])
    assert before[0].argmax() == 0
    assert after[0].argmax() == 2


def test_pictures_that_are_deleted_meanwhile_are_left_out(
    engine: Engine, bundles: Path, folder: Path
) -> None:
    model = add_tiny_bundle(engine, bundles)
    images = pictures_of(engine)
    early, late = images["red/1.jpg"], images["green/2.jpg"]

    def delete_some(bundle: Bundle, chunks: Iterable[list[LibraryImage]]) -> Iterator[Ran]:
        """Of one the file goes before it is read, of the other the row before it is written."""
        for ran in run_here(bundle, ([image] for chunk in chunks for image in chunk)):
            if ran[0] == [images["red/0.jpg"]]:
                forget(engine, early)
                (folder / "red" / "1.jpg").unlink()
            if ran[0] == [late]:
                forget(engine, late)
            yield ran

    index(engine, bundles, model, "colours", Silent(), run=delete_some)
    assert served(engine, model) == {image.id for image in images.values()} - {early.id, late.id}


def test_a_file_that_is_gone_and_was_not_forgotten_is_told(
    engine: Engine, bundles: Path, folder: Path
) -> None:
    model = add_tiny_bundle(engine, bundles)
    (folder / "red" / "1.jpg").unlink()
    with pytest.raises(TrainingError, match=r"1\.jpg is gone since it was ingested"):
        run(engine, bundles, model)


def forget(engine: Engine, image: LibraryImage) -> None:
    with Session(engine) as session, session.begin():
        session.execute(delete(Image).where(Image.id == image.id))


@pytest.mark.usefixtures("folder")
def test_vectors_of_the_same_embedder_are_taken_over_without_running_the_model(
    engine: Engine, bundles: Path
) -> None:
    first = add_tiny_bundle(engine, bundles)
    second = add_tiny_bundle(engine, bundles, "colours-2")
    run(engine, bundles, first)
    shutil.rmtree(bundles / "colours-2")  # so that nothing could run it
    assert run(engine, bundles, second) == 12
    images = list(pictures_of(engine).values())
    np.testing.assert_array_equal(read_features(engine, first, images), read_features(engine, second, images))


@pytest.mark.usefixtures("folder")
def test_features_come_in_the_order_that_was_asked_for(engine: Engine, bundles: Path) -> None:
    model = add_tiny_bundle(engine, bundles)
    run(engine, bundles, model)
    images = pictures_of(engine)
    asked = [images[name] for name in ("blue/1.jpg", "red/2.jpg", "green/0.jpg", "red/1.jpg")]
    features = read_features(engine, model, asked)
    assert features.shape == (4, 3)
    assert features.argmax(1).tolist() == [2, 0, 1, 0]
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, atol=1e-5)


@pytest.mark.usefixtures("folder")
def test_features_of_a_picture_that_is_not_indexed_say_what_to_run(engine: Engine, bundles: Path) -> None:
    model = add_tiny_bundle(engine, bundles)
    with pytest.raises(TrainingError, match="has no embedding under colours-1; run: menagerie index"):
        read_features(engine, model, [pictures_of(engine)["red/0.jpg"]])
