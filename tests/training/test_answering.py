"""What a model answers to the library's pictures is kept for those who review them."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from databases import answers
from databases.models import Answer
from databases.registry import RegisteredModel
from tests.drawing import draw_class_folders, picture
from tests.training.making import add_tiny_bundle, pictures_of, take_in
from training.answering import answer_library, ask_neighbours
from training.indexing import index, open_model_gallery
from training.progress import Silent

TASK = "colours"


@pytest.fixture
def folder(engine: Engine, tmp_path: Path) -> Path:
    folder = draw_class_folders(tmp_path / "pictures", per_label=4)
    (folder / "red" / "green.jpg").write_bytes(picture("green", 40))
    take_in(engine, folder)
    return folder


def answered(engine: Engine, model: RegisteredModel) -> dict[str, Answer]:
    """By URI."""
    uris = {image.id: uri for uri, image in pictures_of(engine).items()}
    with Session(engine) as session:
        found = session.scalars(select(Answer).where(Answer.model_id == model.id))
        return {uris[one.image_id]: one for one in found}


@pytest.mark.usefixtures("folder")
def test_an_answer_comes_with_the_embedding_that_the_model_is_run_for(engine: Engine, bundles: Path) -> None:
    model = add_tiny_bundle(engine, bundles)
    index(engine, bundles, model, TASK, Silent())
    found = answered(engine, model)
    assert {uri: one.label for uri, one in found.items()} == {uri: uri.partition("/")[0] for uri in found} | {
        "red/green.jpg": "green"
    }
    assert len(found) == 13
    wrong = found["red/green.jpg"]
    assert wrong.verdict == "confident"
    assert 0.9 < wrong.margin < wrong.score < 1  # type: ignore[operator]
    assert answer_library(engine, bundles, model, TASK, Silent()) == 0


@pytest.mark.usefixtures("folder")
def test_where_embeddings_were_copied_the_model_is_asked_later_and_only_about_the_new(
    engine: Engine, bundles: Path, folder: Path
) -> None:
    first = add_tiny_bundle(engine, bundles)
    index(engine, bundles, first, TASK, Silent())
    second = add_tiny_bundle(engine, bundles, "colours-2")
    index(engine, bundles, second, TASK, Silent())
    assert answered(engine, second) == {}
    assert answer_library(engine, bundles, second, TASK, Silent()) == 13
    (folder / "red" / "new.jpg").write_bytes(picture("red", 41))
    take_in(engine, folder)
    assert answer_library(engine, bundles, second, TASK, Silent()) == 1


@pytest.mark.usefixtures("folder")
def test_neighbours_are_asked_once_about_each_answer(engine: Engine, bundles: Path) -> None:
    model = add_tiny_bundle(engine, bundles)
    index(engine, bundles, model, TASK, Silent())
    gallery = open_model_gallery(engine, bundles, model)
    assert ask_neighbours(engine, gallery, model, TASK, Silent()) == 13
    assert ask_neighbours(engine, gallery, model, TASK, Silent()) == 0
    gallery.close()
    green = answered(engine, model)["red/green.jpg"]
    # Of the ten nearest four are green, and it is not its own neighbour.
    assert green.agreement == pytest.approx(0.4)
    assert green.near_asked == 10
    assert 4 <= (green.near_count or 0) <= 6


@pytest.mark.usefixtures("folder")
def test_neighbours_that_carry_no_label_of_the_models_are_not_asked(engine: Engine, bundles: Path) -> None:
    model = replace(add_tiny_bundle(engine, bundles), labels=("lion", "tiger"))
    index(engine, bundles, model, TASK, Silent())
    with closing(open_model_gallery(engine, bundles, model)) as gallery:
        assert ask_neighbours(engine, gallery, model, TASK, Silent()) == 0


@pytest.mark.usefixtures("folder")
def test_a_model_of_another_task_is_not_asked(engine: Engine, bundles: Path) -> None:
    model = add_tiny_bundle(engine, bundles, "others-1", task="others")
    index(engine, bundles, model, TASK, Silent())
    with Session(engine) as session:
        assert answers.count_unanswered(session, model.id, TASK) == 13
