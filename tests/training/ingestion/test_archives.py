"""Archives as sources: what is in them, and that they are unpacked once."""

import os
import shutil
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.drawing import draw_class_folders, picture
from tests.training.ingestion.packing import pack_tar, pack_zip
from tests.training.making import pictures_of
from training.errors import BadArchive
from training.ingestion.run import SplitPlan, ingest
from training.ingestion.sources import Source, open_source
from training.ingestion.sources.archives import Unpacking
from training.progress import Silent

RED, GREEN = picture("red"), picture("green")


def found(source: Source) -> dict[str, tuple[str | None, str | None]]:
    return {candidate.uri: (candidate.label, candidate.split) for candidate in source.candidates}


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tgz", "a.tar.bz2", "a.tar.xz"])
def test_an_archive_is_read_as_the_folders_in_it(tmp_path: Path, unpacking: Unpacking, name: str) -> None:
    entries = (("cat/1.jpg", RED), ("dog/2.jpg", GREEN), ("notes.txt", b"x"))
    if name.endswith(".zip"):
        archive = pack_zip(tmp_path / name, *entries)
    else:
        compression = {"a.tar": "", "a.tgz": "gz"}.get(name, name.rpartition(".")[2])
        archive = pack_tar(tmp_path / name, *entries, mode=f"w:{compression}")
    source = open_source(archive, unpacking)
    assert found(source) == {"cat/1.jpg": ("cat", None), "dog/2.jpg": ("dog", None)}
    assert source.passed_over == {".txt": 1}
    assert [Path(str(c.path)).read_bytes() for c in source.candidates] == [RED, GREEN]
    assert Path(str(source.root)).parent == unpacking.folder.resolve()


def test_folders_around_all_others_say_nothing(tmp_path: Path, unpacking: Unpacking) -> None:
    archive = pack_zip(
        tmp_path / "a.zip",
        ("pets-v2/data/train/cat/1.jpg", RED),
        ("pets-v2/data/test/cat/2.jpg", GREEN),
        ("pets-v2/data/test/.DS_Store", b""),
        ("__MACOSX/pets-v2/._x", b""),
        ("pets-v2/README.md", b""),
    )
    assert found(open_source(archive, unpacking)) == {
        "pets-v2/data/train/cat/1.jpg": ("cat", None),
        "pets-v2/data/test/cat/2.jpg": ("cat", "test"),
    }


def test_a_single_class_folder_is_a_label(tmp_path: Path, unpacking: Unpacking) -> None:
    archive = pack_zip(tmp_path / "a.zip", ("cat/1.jpg", RED), ("cat/2.jpg", GREEN))
    assert set(found(open_source(archive, unpacking)).values()) == {("cat", None)}


def test_a_table_in_an_archive_says_what_is_in_it(tmp_path: Path, unpacking: Unpacking) -> None:
    table = b"path,label,split\nimages/1.jpg,cat,train\nimages/2.jpg,dog,test\n"
    archive = pack_tar(
        tmp_path / "a.tgz", ("x/labels.csv", table), ("x/images/1.jpg", RED), ("x/images/2.jpg", GREEN)
    )
    assert found(open_source(archive, unpacking)) == {
        "x/images/1.jpg": ("cat", None),
        "x/images/2.jpg": ("dog", "test"),
    }


def test_another_table_beside_class_folders_is_passed_over(tmp_path: Path, unpacking: Unpacking) -> None:
    archive = pack_zip(tmp_path / "a.zip", ("cat/1.jpg", RED), ("dog/1.jpg", GREEN), ("prices.csv", b"a,b\n"))
    source = open_source(archive, unpacking)
    assert set(found(source)) == {"cat/1.jpg", "dog/1.jpg"}
    assert source.passed_over == {".csv": 1}


def test_names_that_are_no_text_are_passed_over(tmp_path: Path, unpacking: Unpacking) -> None:
    name = os.fsdecode(b"cat/\xff.jpg")
    archive = pack_tar(tmp_path / "a.tar", (name, RED), ("cat/2.jpg", GREEN), ("dog/1.jpg", RED), mode="w")
    source = open_source(archive, unpacking)
    assert set(found(source)) == {"cat/2.jpg", "dog/1.jpg"}
    assert source.passed_over == {"with a name that is no UTF-8": 1}


def test_archives_that_cannot_be_unpacked_are_told(tmp_path: Path, unpacking: Unpacking) -> None:
    for name in ("a.tar.zst", "a.rar", "a.7z"):
        with pytest.raises(BadArchive, match="cannot be unpacked here: unpack it, or pack it as"):
            open_source(_empty(tmp_path / name), unpacking)


def test_an_unchanged_archive_is_not_unpacked_again(tmp_path: Path, unpacking: Unpacking) -> None:
    archive = pack_zip(tmp_path / "a.zip", ("cat/1.jpg", RED), ("dog/1.jpg", GREEN))
    before = open_source(archive, unpacking)
    marked = Path(str(before.root), "cat", "marked.jpg")
    marked.write_bytes(RED)
    assert len(open_source(archive, unpacking).candidates) == 3
    pack_zip(archive, ("cat/1.jpg", RED), ("dog/2.jpg", GREEN))
    after = open_source(archive, unpacking)
    assert after.root == before.root
    assert set(found(after)) == {"cat/1.jpg", "dog/2.jpg"}
    assert len(list(unpacking.folder.iterdir())) == 1


def test_archives_of_one_name_are_unpacked_apart(tmp_path: Path, unpacking: Unpacking) -> None:
    roots = set()
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        roots.add(open_source(pack_zip(tmp_path / folder / "a.zip", ("cat/1.jpg", RED)), unpacking).root)
    assert len(roots) == 2


def test_what_a_killed_run_left_is_not_trusted(tmp_path: Path, unpacking: Unpacking) -> None:
    archive = pack_zip(tmp_path / "a.zip", ("cat/1.jpg", RED), ("dog/1.jpg", GREEN))
    folder = Path(str(open_source(archive, unpacking).root))
    for left in (folder.with_name(f".{folder.name}.part"), folder.with_name(f".{folder.name}.old")):
        shutil.copytree(folder, left)
        (left / "cat" / "half.jpg").write_bytes(RED[:50])
    shutil.rmtree(folder)  # killed between the two renamings
    assert set(found(open_source(archive, unpacking))) == {"cat/1.jpg", "dog/1.jpg"}
    assert list(unpacking.folder.iterdir()) == [folder]


def test_a_repacked_archive_leaves_unchanged_pictures_unread(
    engine: Engine, tmp_path: Path, unpacking: Unpacking
) -> None:
    pictures = draw_class_folders(tmp_path / "p", per_label=4, labels=("red", "green"))

    def pack_again() -> Source:
        entries = [
            (p.relative_to(pictures).as_posix(), p.read_bytes()) for p in sorted(pictures.rglob("*.jpg"))
        ]
        infos = [(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), data) for name, data in entries]
        return open_source(pack_zip(tmp_path / "a.zip", *infos), unpacking)

    def run(source: Source) -> tuple[int, int, int]:
        report = ingest(engine, source, name="a", task="a", plan=SplitPlan(), progress=Silent())
        return report.added, report.changed, report.unchanged

    assert run(pack_again()) == (8, 0, 0)
    before = pictures_of(engine, "a")
    data = (pictures / "red" / "0.jpg").read_bytes()
    (pictures / "red" / "0.jpg").write_bytes(_same_size(data))
    assert run(pack_again()) == (0, 1, 7)
    assert pictures_of(engine, "a")["red/0.jpg"].sha256 != before["red/0.jpg"].sha256


def _empty(path: Path) -> Path:
    path.touch()
    return path


def _same_size(data: bytes) -> bytes:
    """The same picture with another comment of the same length."""
    return data.replace(b"JFIF\x00\x01\x01", b"JFIF\x00\x01\x02", 1)
