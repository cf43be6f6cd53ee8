"""An ingest groups what shows the same, and no split parts it."""

import shutil
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PIL import Image
from scipy.cluster.hierarchy import DisjointSet
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from databases import corrections, duplicates, library
from databases.library import LibraryImage
from tests.databases.filling import Library
from tests.drawing import draw_scene, encode
from tests.training.duplicates.copying import CHANGED, WHOLE
from tests.training.making import Told, pictures_of, take_in
from training.duplicates.closer import by_embedding
from training.duplicates.grouping import Looked
from training.ingestion.run import IngestReport, SplitPlan
from training.progress import Silent

Groups = set[frozenset[str]]
HALVES = SplitPlan(val=0.3, test=0.3)


def save(folder: Path, name: str, image: Image.Image) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode(image, quality=90))
    return path


def groups(engine: Engine) -> Groups:
    """The pictures of each group of more than one, by file name."""
    found = defaultdict(set)
    for image in pictures_of(engine).values():
        if image.duplicate_group is not None:
            found[image.duplicate_group].add(image.file_name)
    return {frozenset(names) for names in found.values()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twelve scenes of two labels; of 0 and 1 a mirrored and a smaller copy, under the other label too."""
    folder = tmp_path / "scenes"
    for number in range(12):
        save(folder, f"{'even' if number % 2 == 0 else 'odd'}/{number}.jpg", draw_scene(number))
    for number in (0, 1):
        save(folder, f"even/mirrored-{number}.jpg", WHOLE["mirrored"](draw_scene(number)))
        save(folder, f"odd/smaller-{number}.jpg", WHOLE["smaller"](draw_scene(number)))
    return folder


FOUND: Groups = {frozenset({f"{n}.jpg", f"mirrored-{n}.jpg", f"smaller-{n}.jpg"}) for n in (0, 1)}


def test_copies_that_were_changed_are_grouped_and_stay_in_one_split(engine: Engine, folder: Path) -> None:
    report = take_in(engine, folder, plan=HALVES)
    assert groups(engine) == FOUND
    assert (report.redundant.copies, report.redundant.look_alikes) == (0, 4)
    splits = {image.file_name: image.split for image in pictures_of(engine).values()}
    assert all(len({splits[name] for name in group}) == 1 for group in FOUND)
    assert set(splits.values()) == {"train", "val", "test"}


def test_a_copy_that_comes_later_follows_and_moves_nothing(engine: Engine, folder: Path) -> None:
    take_in(engine, folder, plan=HALVES)
    before = {uri: image.split for uri, image in pictures_of(engine).items()}
    for number in range(12):
        save(folder, f"odd/later-{number}.jpg", WHOLE["upside down"](draw_scene(number)))
    take_in(engine, folder, plan=HALVES)
    after = {uri: image.split for uri, image in pictures_of(engine).items()}
    assert {uri: after[uri] for uri in before} == before
    for number in range(12):
        original = f"{'even' if number % 2 == 0 else 'odd'}/{number}.jpg"
        assert after[f"odd/later-{number}.jpg"] == after[original]


def test_one_by_one_and_all_at_once_come_to_the_same_groups(
    engine: Engine, folder: Path, tmp_path: Path
) -> None:
    part = tmp_path / "part"
    for path in sorted(folder.rglob("*.jpg"), key=lambda path: path.name):
        target = part / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
        if "0" in path.name:
            take_in(engine, part)
    take_in(engine, part)
    assert groups(engine) == FOUND


def test_groups_reach_over_the_roots_of_a_task(engine: Engine, folder: Path, tmp_path: Path) -> None:
    take_in(engine, folder)
    save(tmp_path / "more", "even/darker.jpg", WHOLE["darker"](draw_scene(5)))
    report = take_in(engine, tmp_path / "more", name="more")
    assert frozenset({"5.jpg", "darker.jpg"}) in groups(engine)
    assert report.redundant.look_alikes == 0  # nothing of this root could be spared


def test_a_file_that_shows_something_else_leaves_its_group(engine: Engine, folder: Path) -> None:
    take_in(engine, folder)
    save(folder, "even/mirrored-1.jpg", draw_scene(50))
    take_in(engine, folder)
    assert frozenset({"1.jpg", "smaller-1.jpg"}) in groups(engine)


def test_copies_follow_pictures_that_are_away(engine: Engine, folder: Path, tmp_path: Path) -> None:
    take_in(engine, folder, plan=HALVES)
    before = {image.file_name: image.split for image in pictures_of(engine).values()}
    away = folder.rename(tmp_path / "away")
    folder.mkdir()
    for number in range(12):
        save(tmp_path / "copies", f"odd/copy-{number}.jpg", WHOLE["upside down"](draw_scene(number)))
    save(folder, "even/other.jpg", draw_scene(70))
    take_in(engine, folder, plan=HALVES)
    take_in(engine, tmp_path / "copies", name="copies", plan=HALVES)
    shutil.copytree(away, folder, dirs_exist_ok=True)
    take_in(engine, folder, plan=HALVES)
    after = {image.file_name: image.split for image in pictures_of(engine).values()}
    assert {name: after[name] for name in before} == before
    assert all(after[f"copy-{number}.jpg"] == before[f"{number}.jpg"] for number in range(12))


def test_copies_follow_pictures_that_are_excluded(engine: Engine, folder: Path, tmp_path: Path) -> None:
    take_in(engine, folder, plan=HALVES)
    pictures = pictures_of(engine)
    with Session(engine) as session, session.begin():
        contents = [image.sha256 for image in pictures.values() if image.split != "train"]
        corrections.add(session, "colours", contents, "exclude")
    for number in range(12):
        save(tmp_path / "copies", f"odd/copy-{number}.jpg", WHOLE["upside down"](draw_scene(number)))
    take_in(engine, tmp_path / "copies", name="copies", plan=HALVES)
    before = {image.file_name: image.split for image in pictures.values()}
    after = {image.file_name: image.split for image in pictures_of(engine).values()}
    assert all(after[f"copy-{number}.jpg"] == before[f"{number}.jpg"] for number in range(12))


def test_an_excluded_copy_is_known_to_its_group_when_it_comes_back(engine: Engine, folder: Path) -> None:
    take_in(engine, folder)
    out = pictures_of(engine)["even/0.jpg"].id
    for excluded in (True, False):
        with Session(engine) as session, session.begin():
            library.update_images(session, [{"id": out, "excluded": excluded}])
        take_in(engine, folder)
    # The ingest itself has put back what no person excluded.
    assert groups(engine) == FOUND


def test_a_second_ingest_compares_nothing(engine: Engine, folder: Path) -> None:
    take_in(engine, folder)
    with Session(engine) as session:
        before = duplicates.comparable(session, "colours")
    assert {picture.compared for picture in before} == {"hash"}
    take_in(engine, folder)
    with Session(engine) as session:
        assert duplicates.comparable(session, "colours") == before


@pytest.fixture
def look(engine: Engine, bundles_with_starter: Path) -> Callable[[Path], IngestReport]:
    """Ingests a folder and looks closer, by the starter's embeddings."""

    def look(folder: Path) -> IngestReport:
        closer = by_embedding(engine, bundles_with_starter, Silent())
        return take_in(engine, folder, plan=HALVES, look_closer=closer)

    return look


def test_looking_closer_finds_cut_and_turned_copies(
    engine: Engine, folder: Path, look: Callable[[Path], IngestReport]
) -> None:
    for name, change in CHANGED.items():
        save(folder, f"even/{name}.jpg", change(draw_scene(2)))
    take_in(engine, folder)
    # Hashes only tell that two of them are cut in the same way.
    assert groups(engine) == FOUND | {frozenset({"cut.jpg", "cut, mirrored and darker.jpg"})}
    report = look(folder)
    assert report.unchanged == report.pictures
    assert groups(engine) == FOUND | {frozenset({"2.jpg", *(f"{name}.jpg" for name in CHANGED)})}
    with Session(engine) as session:
        assert {picture.compared for picture in duplicates.comparable(session, "colours")} == {"embedding"}


def test_a_root_that_is_away_is_left_out_and_told_of(
    engine: Engine, folder: Path, tmp_path: Path, bundles_with_starter: Path
) -> None:
    take_in(engine, folder)
    folder.rename(tmp_path / "away")
    save(tmp_path / "more", "even/scene.jpg", draw_scene(40))
    save(tmp_path / "more", "even/cut.jpg", CHANGED["cut"](draw_scene(40)))
    told = Told()
    closer = by_embedding(engine, bundles_with_starter, told)
    take_in(engine, tmp_path / "more", name="more", plan=HALVES, progress=told, look_closer=closer)
    assert told.lines == ["16 pictures cannot be read now: they are not compared by embedding"]
    assert frozenset({"scene.jpg", "cut.jpg"}) in groups(engine)
    with Session(engine) as session:
        assert duplicates.count_by_hash_alone(session, "colours") == 16


def test_what_another_ingest_brings_meanwhile_is_that_ones_to_split(engine: Engine, folder: Path) -> None:
    def meanwhile(images: Sequence[LibraryImage], new: set[int], known: DisjointSet) -> Looked:
        del images, new, known
        with Session(engine) as session, session.begin():
            Library(session, "other", "colours", "/other").add("even/1.jpg", split=None)
        return Looked([], [])

    take_in(engine, folder, plan=HALVES, look_closer=meanwhile)
    splits = {(image.root, image.split is None) for image in pictures_of(engine).values()}
    assert splits == {("colours", False), ("other", True)}
