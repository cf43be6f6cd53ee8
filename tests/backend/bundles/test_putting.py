"""Bundles in a bucket: nobody sees half of one, and no name is given twice."""

from pathlib import Path

import pytest

from backend.bundles.places import Mirror, bundle_folder, bundle_names, has_bundle, open_bundles
from backend.bundles.putting import check_writable, claim, put, seal, send_files
from backend.inference.bundle import load_bundle
from backend.inference.errors import BadBundle
from databases.places import RemoteFile
from databases.settings import StateSettings
from tests.object_store import Bucket
from tests.tiny_bundle import make_bundle


@pytest.fixture
def mirror(bucket: Bucket, tmp_path: Path) -> Mirror:
    """An empty place in a bucket, and an empty folder for copies."""
    settings = StateSettings(bundles=RemoteFile(f"{bucket.url}/bundles"), cache=tmp_path / "cache")
    bundles = open_bundles(settings)
    assert isinstance(bundles, Mirror)
    return bundles


def test_a_bundle_comes_to_the_bucket_and_back(mirror: Mirror, bucket: Bucket, tmp_path: Path) -> None:
    put(mirror, make_bundle(tmp_path / "drafts"), "colours-1")
    assert set(bucket.names()) == {
        f"bundles/colours-1/{name}" for name in ("golden.npz", "manifest.json", "model.onnx")
    }
    here = load_bundle(bundle_folder(mirror, "colours-1"))
    elsewhere = Mirror(mirror.store, tmp_path / "elsewhere")
    assert load_bundle(bundle_folder(elsewhere, "colours-1")).manifest == here.manifest


def test_it_is_none_before_its_manifest_is_there_but_its_name_is_taken(
    mirror: Mirror, tmp_path: Path
) -> None:
    draft = make_bundle(tmp_path / "drafts")
    assert bundle_names(mirror) == set()
    claim(mirror, "colours-1")
    assert bundle_names(mirror) == {"colours-1"}
    send_files(mirror, draft, "colours-1")
    assert not has_bundle(mirror, "colours-1")
    with pytest.raises(BadBundle, match="there is no bundle at s3://"):
        bundle_folder(mirror, "colours-1")
    seal(mirror, draft, "colours-1")
    assert has_bundle(mirror, "colours-1")
    load_bundle(bundle_folder(mirror, "colours-1"))


def test_a_bucket_that_is_not_there_is_told_before_anything_is_sent(tmp_path: Path, bucket: Bucket) -> None:
    mirror = Mirror(RemoteFile(f"{bucket.url}-not/bundles"), tmp_path / "cache")
    with pytest.raises(FileNotFoundError, match="there is no s3://"):
        check_writable(mirror)
    check_writable(Mirror(RemoteFile(f"{bucket.url}/bundles"), tmp_path / "cache"))
    assert bucket.names() == []
