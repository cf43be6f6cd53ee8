"""The doctor finds what is wrong, says what to do, and changes nothing."""

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.api.doctor import surroundings
from backend.api.doctor.examination import examine
from backend.api.doctor.findings import Finding
from databases.settings import PROJECT
from tests.backend.api.conftest import Library
from tests.backend.api.guarded import make_key
from tests.tiny_bundle import make_bundle


def found(library: Library, **changes: object) -> list[Finding]:
    return list(examine(library.settings.model_copy(update=changes)))


def wrong(library: Library, **changes: object) -> list[tuple[str, str, str]]:
    return [(one.what, one.state, one.told) for one in found(library, **changes) if one.state != "ok"]


@pytest.fixture(autouse=True)
def _room_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "LITTLE", 1)


def test_of_a_sound_installation_all_is_ok(small_library: Library) -> None:
    told = {one.what: one for one in found(small_library)}
    assert {one.state for one in told.values()} == {"ok"}
    expected = {"packages", "room", "database", "schema", "clock", "keys", "champion", "bundle", "gallery"}
    assert set(told) == expected | {"root", "pictures", "uploads"}
    assert told["champion"].told == "colours-1 serves task colours"
    assert told["pictures"].told == "of 19 drawn at random, 0 are missing or have another size"
    assert all(one.next is None for one in told.values())


def test_damaged_bundles_are_told_and_only_the_champions_fails(small_library: Library) -> None:
    model = small_library.bundles / "colours-1" / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1])
    make_bundle(small_library.bundles, "colours-9")
    (what, state, told), stranger = wrong(small_library)
    assert (what, state) == ("bundle", "fail")
    assert "model.onnx is not the file that the manifest names" in told
    assert stranger[:2] == ("bundle", "warn")
    assert "colours-9 is of no model" in stranger[2]


def test_what_is_missing_of_the_library_is_told(small_library: Library) -> None:
    (small_library.root / "red" / "0.jpg").unlink()
    (small_library.root / "red" / "1.jpg").write_bytes(b"")
    ((what, state, told),) = wrong(small_library)
    assert (what, state) == ("pictures", "warn")
    assert told.startswith("of 19 drawn at random, 2 are missing or have another size, such as ")
    shutil.rmtree(small_library.root)
    (root,) = wrong(small_library)
    assert root == ("root", "warn", f"colours: there is no folder {small_library.root}")


def test_a_gallery_that_lacks_pictures_names_the_command(small_library: Library) -> None:
    with small_library.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM embeddings WHERE image_id < 4")
    (one,) = [one for one in found(small_library) if one.state != "ok"]
    assert (one.what, one.next) == ("gallery", "menagerie index --task colours")
    assert one.told.startswith("3 pictures of colours are not in the gallery")


@pytest.mark.parametrize(
    ("statement", "what", "told"),
    [
        ("UPDATE alembic_version SET version_num = '0003'", "schema", "0003; this version needs "),
        ("UPDATE alembic_version SET version_num = '9999'", "schema", "9999, which this version does not"),
        ("DELETE FROM promotions", "champion", "no model was promoted yet"),
    ],
)
def test_a_database_that_cannot_serve_fails(
    small_library: Library, statement: str, what: str, told: str
) -> None:
    with small_library.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    ((found_what, state, found_told),) = wrong(small_library)
    assert (found_what, state) == (what, "fail")
    assert found_told.startswith(told)


def test_a_database_that_is_damaged_or_gone_fails(small_library: Library, tmp_path: Path) -> None:
    small_library.engine.dispose()
    file = tmp_path / "state" / "images.db"
    sound = file.read_bytes()
    file.write_bytes(sound[:8192] + b"\xff" * 8192 + sound[16384:])
    assert ("database", "fail") in {one[:2] for one in wrong(small_library)}
    file.write_bytes(b"no database " * 1000)
    (broken,) = wrong(small_library)
    assert broken[2].endswith("does not answer: file is not a database")
    file.unlink()
    (gone,) = wrong(small_library)
    assert gone[2] == f"there is none at {file}"
    assert not file.exists()


def test_whoever_may_come_in_is_told(small_library: Library) -> None:
    (none_yet,) = wrong(small_library, host="0.0.0.0")
    assert none_yet[2] == "requests to 0.0.0.0 need a key, and there is none"
    (open_to_all,) = wrong(small_library, host="0.0.0.0", auth="off")
    assert open_to_all[2] == "whoever reaches 0.0.0.0 may do all"
    make_key(small_library.engine, "page")
    assert wrong(small_library, host="0.0.0.0") == []


def test_a_clock_that_goes_back_is_told() -> None:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    assert surroundings.clock(now - timedelta(days=1), now).state == "ok"
    assert surroundings.clock(now + timedelta(seconds=30), now).state == "ok"
    assert surroundings.clock(now + timedelta(days=1), now).state == "fail"
    assert surroundings.clock(None, datetime(1970, 1, 2, tzinfo=UTC)).state == "fail"


def test_little_room_is_told(small_library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "LITTLE", 2**62)
    (room,) = wrong(small_library)
    assert room[:2] == ("room", "warn")
    monkeypatch.setattr(surroundings, "TOO_LITTLE", 2**62)
    (room,) = wrong(small_library)
    assert room[:2] == ("room", "fail")


def test_uploads_that_no_row_knows_are_told(small_library: Library) -> None:
    stray = small_library.uploads / "colours" / "stray.jpg"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"x")
    ((what, state, told),) = wrong(small_library)
    assert (what, state) == ("uploads", "warn")
    assert told == f"1 files that the database does not know, such as {stray}"


def test_as_a_process_it_ends_with_1_where_something_fails(small_library: Library) -> None:
    settings = {
        "DATABASE_URL": small_library.settings.database_url,
        "MENAGERIE_BUNDLES": str(small_library.bundles),
    }
    small_library.engine.dispose()
    shutil.rmtree(small_library.bundles)
    done = subprocess.run(
        [sys.executable, "-m", "training.cli.main", "doctor", "--json"],
        env=os.environ | settings,
        capture_output=True,
        text=True,
        cwd=PROJECT,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    failed = [one for one in json.loads(done.stdout) if one["state"] == "fail"]
    assert [one["what"] for one in failed] == ["bundle"]
    assert failed[0]["next"].startswith("mount it")  # no model is better than another
