"""Places of pictures: local paths as they are, and URLs as far as pictures need."""

import subprocess
import sys
from pathlib import Path

import pytest

from databases.errors import BadPlace
from databases.places import (
    RemoteFile,
    Unreachable,
    content_root,
    content_uri,
    parse_place,
    place_of,
)
from tests.object_store import Bucket

SHA256 = "abcd" + "0" * 60


@pytest.mark.parametrize(
    ("named", "place"),
    [
        ("/pictures/cat", Path("/pictures/cat")),
        ("file:///pictures/a cat", Path("/pictures/a cat")),
        ("s3://bucket/pets/", RemoteFile("s3://bucket/pets")),
        ("memory://", RemoteFile("memory://")),
        ("C:/pictures", Path("C:/pictures")),
    ],
)
def test_what_looks_like_a_url_is_one(named: str, place: object) -> None:
    assert parse_place(named) == place


def test_credentials_in_a_url_are_refused_and_not_repeated() -> None:
    with pytest.raises(BadPlace, match=r"s3://\.\.\.@bucket/pets holds credentials") as caught:
        parse_place("s3://AKIA:secret@bucket/pets")
    assert "secret" not in str(caught.value)


def test_a_chain_of_file_systems_is_refused() -> None:
    with pytest.raises(BadPlace, match="is a chain of file systems"):
        parse_place("zip://cat.jpg::s3://bucket/pets.zip")


@pytest.mark.parametrize(
    ("root", "place"),
    [
        ("/pictures", "/pictures/cat/1.jpg"),
        ("s3://bucket/pets", "s3://bucket/pets/cat/1.jpg"),
        ("memory://", "memory://cat/1.jpg"),
    ],
)
def test_a_picture_lies_below_its_root(root: str, place: str) -> None:
    assert str(place_of(root, "cat/1.jpg", SHA256, "JPEG")) == place


@pytest.mark.parametrize("store", ["/store", "s3://bucket/store"])
def test_a_picture_of_a_store_lies_by_its_content_whatever_its_source_is_called(store: str) -> None:
    root = content_root(store, "/my pictures?of=1/ä")
    assert str(place_of(root, "cat/1.JPEG", SHA256, "JPEG")) == f"{store}/ab/cd/{SHA256}.jpg"
    assert content_root(store, "/others") != root


def test_a_store_names_a_picture_by_its_format() -> None:
    suffixes = {
        format: content_uri(SHA256, format)[71:] for format in ("PNG", "TIFF", "WEBP", "HEIF", "AVIF")
    }
    assert suffixes == {"PNG": "png", "TIFF": "tif", "WEBP": "webp", "HEIF": "heic", "AVIF": "avif"}


def test_a_remote_file_has_the_names_that_a_path_has() -> None:
    file = RemoteFile("s3://bucket/pets") / "cat" / "1.x.JPG"
    assert (str(file), file.name, file.suffix) == ("s3://bucket/pets/cat/1.x.JPG", "1.x.JPG", ".JPG")
    assert file.parent == RemoteFile("s3://bucket/pets/cat")
    assert RemoteFile("s3://bucket").parent == RemoteFile("s3://bucket")


def test_files_are_listed_with_size_and_time_and_read(bucket: Bucket) -> None:
    names = ["cat/1.jpg", "dog/a b#c?::ä.jpg", "cat.jpg"]
    for name in names:
        bucket.put(f"pets/{name}", name.encode())
    bucket.put("pets/empty/", b"")  # how consoles make folders
    bucket.put("petshop/1.jpg", b"not below pets")
    files = {file.uri: file for file in RemoteFile(f"{bucket.url}/pets").files()}
    assert list(files) == sorted(names)
    for name, file in files.items():
        assert file.read_bytes() == name.encode()
        assert file.stat().st_size == len(name.encode())
        assert file.stat() == RemoteFile(file.root, file.uri).stat()


def test_another_content_of_the_same_size_is_another_time_even_within_a_second(bucket: Bucket) -> None:
    root = RemoteFile(bucket.url)
    bucket.put("1.jpg", b"one")
    (first,) = root.files()
    bucket.put("1.jpg", b"two")
    (second,) = root.files()
    assert first.stat().st_mtime_ns != second.stat().st_mtime_ns
    bucket.put("1.jpg", b"two")
    assert [file.read_bytes() for file in root.files()] == [b"two"]


def test_what_is_written_is_there_and_fetched(bucket: Bucket, tmp_path: Path) -> None:
    (RemoteFile(bucket.url) / "a/b.bin").write_bytes(b"content")
    assert bucket.get("a/b.bin") == b"content"
    RemoteFile(bucket.url, "a/b.bin").fetch(tmp_path / "fetched")
    assert (tmp_path / "fetched").read_bytes() == b"content"


def test_a_local_file_is_sent_and_folders_are_listed_and_removed(bucket: Bucket, tmp_path: Path) -> None:
    (tmp_path / "local").write_bytes(b"content")
    runs = RemoteFile(f"{bucket.url}/runs")
    assert runs.folders() == []
    for name in ("two/b", "one/a", "one/c/d", "lone"):
        (runs / name).send(tmp_path / "local")
    assert bucket.get("runs/one/c/d") == b"content"
    assert runs.folders() == [runs / "one", runs / "two"]
    (runs / "one").remove_all()
    (runs / "one").remove_all()
    assert bucket.names() == ["runs/lone", "runs/two/b"]
    with pytest.raises(Unreachable):
        RemoteFile("nowhere://x").folders()


def test_what_is_not_there_is_told_from_what_does_not_answer(bucket: Bucket) -> None:
    absent = RemoteFile(bucket.url, "absent.jpg")
    assert not absent.is_file()
    for ask in (absent.stat, absent.read_bytes):
        with pytest.raises(FileNotFoundError, match=rf"there is no {bucket.url}/absent\.jpg"):
            ask()
    with pytest.raises(FileNotFoundError):
        list(RemoteFile("s3://no-such-bucket-at-all/x").files())
    with pytest.raises(Unreachable, match=r"^nowhere://x/1\.jpg cannot be reached: Protocol not known"):
        RemoteFile("nowhere://x", "1.jpg").read_bytes()


def test_local_places_load_no_other_file_system(tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(b"content")
    script = (
        "import sys\n"
        "import backend.api.app\n"
        "from databases.places import parse_place, place_of\n"
        f"place = place_of({str(tmp_path)!r}, '1.jpg', '0' * 64, 'JPEG')\n"
        "print(place.read_bytes(), sorted({'fsspec', 's3fs', 'botocore', 'aiohttp'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "b'content' []"
