"""Bundles at a URL: what is copied here is whole and right, whoever asks at once and whatever breaks."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.bundles.fetching import DRAFT, fetch, is_whole
from backend.inference.bundle import load_bundle
from backend.inference.errors import BadBundle, BundleUnreachable
from tests.backend.bundles.shop import Shop
from tests.tiny_bundle import write_manifest


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path / "shop")
    yield shop
    shop.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "colours-1"


def files_asked_for(shop: Shop) -> list[str]:
    return [path for path in shop.asked if not path.endswith("manifest.json")]


def test_a_bundle_is_copied_once_and_loads(shop: Shop, folder: Path) -> None:
    copy = fetch(shop.place, folder)
    assert load_bundle(copy).manifest.version == "colours-1"
    asked = len(files_asked_for(shop))
    assert fetch(shop.place, folder) == copy
    assert len(files_asked_for(shop)) == asked == 2


def test_who_asks_at_once_gets_one_copy(shop: Shop, folder: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        copies = set(pool.map(lambda _: fetch(shop.place, folder), range(6)))
    assert len(copies) == 1
    assert len(files_asked_for(shop)) == 2


def test_another_bundle_of_that_name_is_another_copy(shop: Shop, folder: Path) -> None:
    before = fetch(shop.place, folder)
    write_manifest(shop.bundle, "colours-1", "shades", {})
    after = fetch(shop.place, folder)
    assert load_bundle(after).manifest.task == "shades"
    assert load_bundle(before).manifest.task == "colours"  # whoever has begun to load it may end


def test_a_damaged_copy_is_made_anew(shop: Shop, folder: Path) -> None:
    copy = fetch(shop.place, folder)
    sound = (copy / "model.onnx").read_bytes()
    (copy / "model.onnx").write_bytes(b"damaged")
    again = fetch(shop.place, folder)
    assert (again / "model.onnx").read_bytes() == sound
    load_bundle(again)


def test_what_a_killed_process_left_is_no_copy(shop: Shop, folder: Path) -> None:
    shutil.copytree(shop.bundle, folder / DRAFT)
    (folder / DRAFT / "more").touch()
    (folder / DRAFT / "golden.npz").unlink()
    copy = fetch(shop.place, folder)
    assert {entry.name for entry in folder.iterdir()} == {copy.name, "lock"}
    assert not (copy / "more").exists()


def test_a_file_that_the_manifest_does_not_name_so_is_refused(shop: Shop, folder: Path) -> None:
    (shop.bundle / "golden.npz").write_bytes(b"another")
    with pytest.raises(BadBundle, match=r"colours-1/golden\.npz is not the file that the manifest names"):
        fetch(shop.place, folder)
    (shop.bundle / "golden.npz").unlink()
    with pytest.raises(BadBundle, match=r"lacks golden\.npz"):
        fetch(shop.place, folder)
    assert not any(is_whole(entry) for entry in folder.iterdir())


def test_without_a_manifest_there_is_no_bundle(shop: Shop, folder: Path) -> None:
    (shop.bundle / "manifest.json").unlink()
    with pytest.raises(BadBundle, match="there is no bundle at http"):
        fetch(shop.place, folder)
    assert not folder.exists()


def test_where_nothing_answers_the_copy_that_was_used_last_serves(
    shop: Shop, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = fetch(shop.place, folder)
    write_manifest(shop.bundle, "colours-1", "shades", {})
    fetch(shop.place, folder)
    write_manifest(shop.bundle, "colours-1", "colours", {})
    assert fetch(shop.place, folder) == first  # again
    shop.close()
    assert fetch(shop.place, folder) == first
    assert "cannot be reached" in caplog.text
    (first / "model.onnx").write_bytes(b"damaged")
    assert fetch(shop.place, folder) != first


def test_where_nothing_answers_and_nothing_was_copied_that_is_told(shop: Shop, folder: Path) -> None:
    shop.close()
    with pytest.raises(BundleUnreachable, match=r"cannot be reached: .*; there is no copy of it here"):
        fetch(shop.place, folder)


def test_where_no_copy_can_be_written_that_is_told(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BundleUnreachable, match=r"colours-1 cannot be copied to .*file/colours-1"):
        fetch(shop.place, tmp_path / "file" / "colours-1")
