"""How a new model stands beside the champion, on pictures that neither learnt from."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.certainty import PairedTest
from backend.inference.errors import BadBundle
from databases import dataset_versions, duplicates, registry
from databases.paired_answers import paired_answers
from tests.drawing import draw_class_folders
from tests.training.making import add_tiny_bundle, take_in
from training.dataset import contents_learnt, load_dataset
from training.indexing import index
from training.ingestion.run import SplitPlan
from training.progress import Advance, Silent
from training.standing import Standing, stand_beside_champion

MIXED_UP = ("green", "red", "blue")  # answers that are right for blue alone


class Counting(Silent):
    """`asked`: about how many pictures each model was asked."""

    def __init__(self) -> None:
        self.asked: dict[str, int] = {}

    @contextmanager
    def track(self, what: str, total: int) -> Iterator[Advance]:
        def advance(steps: int) -> None:
            self.asked[what] = self.asked.get(what, 0) + steps

        self.asked[what] = 0
        yield advance
        assert self.asked[what] == total


@pytest.fixture
def learnt(engine: Engine, tmp_path: Path) -> str:
    """The data set of a library with three test pictures, one of each colour."""
    take_in(engine, draw_class_folders(tmp_path / "pictures", per_label=6))
    dataset = load_dataset(engine, "colours")
    assert len(dataset.test) == 3
    with Session(engine) as session, session.begin():
        return dataset_versions.record(session, "colours", dataset.members)


def test_both_are_asked_once_and_what_they_say_is_kept(engine: Engine, bundles: Path, learnt: str) -> None:
    champion = add_tiny_bundle(engine, bundles, promoted=True, labels=MIXED_UP, dataset_fingerprint=learnt)
    model = add_tiny_bundle(engine, bundles, "colours-2", dataset_fingerprint=learnt)
    progress = Counting()
    standing = stand_beside_champion(engine, bundles, "colours-2", progress)
    assert standing == Standing("colours-1", 3, right=3, right_before=1, test=PairedTest(0, 2, 0.5))
    assert progress.asked == {"Asking colours-1": 3, "Asking colours-2": 3}
    with Session(engine) as session:
        assert len(paired_answers(session, champion, model, frozenset())) == 3
    again = Counting()
    assert stand_beside_champion(engine, bundles, "colours-2", again) == standing
    assert again.asked == {}


def test_a_test_picture_that_shows_what_one_learnt_from_is_not_new_to_it(
    engine: Engine, bundles: Path, learnt: str
) -> None:
    add_tiny_bundle(engine, bundles, promoted=True, dataset_fingerprint=learnt)
    add_tiny_bundle(engine, bundles, "colours-2", dataset_fingerprint=learnt)
    dataset = load_dataset(engine, "colours")
    train, saved_anew = dataset.train[0], dataset.test[0]
    with Session(engine) as session, session.begin():  # found out when the data set was kept already
        duplicates.write_groups(session, {train.id: train.id, saved_anew.id: train.id})
    standing = stand_beside_champion(engine, bundles, "colours-2", Silent())
    assert standing is not None
    assert standing.pictures == 2
    with Session(engine) as session:
        model = registry.get_model(session, "colours-2")
        known = contents_learnt(session, model)
    assert known is not None
    assert {image.sha256 for image in dataset.test} & known == {saved_anew.sha256}


def test_a_champion_that_answered_to_the_library_is_not_asked_anew(
    engine: Engine, bundles: Path, learnt: str
) -> None:
    champion = add_tiny_bundle(engine, bundles, promoted=True, dataset_fingerprint=learnt)
    index(engine, bundles, champion, "colours", Silent())
    add_tiny_bundle(engine, bundles, "colours-2", dataset_fingerprint=learnt)
    progress = Counting()
    standing = stand_beside_champion(engine, bundles, "colours-2", progress)
    assert standing is not None
    assert standing.right == standing.right_before == 3
    assert progress.asked == {"Asking colours-2": 3}


def test_nothing_is_said_without_a_champion_or_without_knowing_what_both_learnt(
    engine: Engine, bundles: Path, learnt: str
) -> None:
    add_tiny_bundle(engine, bundles, dataset_fingerprint=learnt)
    assert stand_beside_champion(engine, bundles, "colours-1", Silent()) is None
    with Session(engine) as session, session.begin():
        registry.promote(session, "colours-1")
    assert stand_beside_champion(engine, bundles, "colours-1", Silent()) is None  # it is the champion
    add_tiny_bundle(engine, bundles, "colours-2")
    assert stand_beside_champion(engine, bundles, "colours-2", Silent()) is None


def test_without_test_pictures_nobody_is_asked(engine: Engine, bundles: Path, tmp_path: Path) -> None:
    plan = SplitPlan(test=0.0)
    take_in(engine, draw_class_folders(tmp_path / "pictures", per_label=4), plan=plan)
    with Session(engine) as session, session.begin():
        key = dataset_versions.record(session, "colours", load_dataset(engine, "colours").members)
    add_tiny_bundle(engine, bundles, promoted=True, dataset_fingerprint=key)
    add_tiny_bundle(engine, bundles, "colours-2", dataset_fingerprint=key)
    assert stand_beside_champion(engine, bundles, "colours-2", Silent()) is None


def test_a_champion_whose_bundle_is_gone_is_told_of(engine: Engine, bundles: Path, learnt: str) -> None:
    add_tiny_bundle(engine, bundles, promoted=True, dataset_fingerprint=learnt)
    add_tiny_bundle(engine, bundles, "colours-2", dataset_fingerprint=learnt)
    shutil.rmtree(bundles / "colours-1")
    with pytest.raises(BadBundle, match="colours-1"):
        stand_beside_champion(engine, bundles, "colours-2", Silent())
