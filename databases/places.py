"""Where pictures lie: in local folders, or wherever fsspec reaches by URL (s3://bucket/prefix, ...).

fsspec is loaded where a URL is, never for a local folder. Credentials and endpoints are what the file system
finds by itself, such as the AWS_* variables of the environment.
"""

import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote

from databases.errors import BadPlace

URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
LOCAL = ("file://", "local://")
# What the listings of fsspec's file systems call the time of writing, and a mark of the content.
TIMES = ("LastModified", "last_modified", "mtime", "updated", "created")
TAGS = ("ETag", "etag", "md5Hash", "content_md5")
SECOND = 10**9

CONTENT = "content:"
SUFFIXES = {"JPEG": "jpg", "TIFF": "tif", "HEIF": "heic"}


class Unreachable(OSError):
    """What a URL names cannot be asked for now. Where it is not there, or forbidden, that is told apart."""


@dataclass(frozen=True)
class Status:
    """Size in bytes, and when a file was written, in nanoseconds; named as in os.stat_result.

    Below the second stands what the file's entity tag comes to, where it has one: file systems behind URLs
    tell no time finer than that, and two writings within one second differ in their tags.
    """

    st_size: int
    st_mtime_ns: int


@dataclass(frozen=True)
class RemoteFile:
    """A file or folder `uri` below an fsspec URL, with as much of pathlib.Path as pictures need.

    Whatever goes wrong is an OSError. `status` is what a listing said of it.
    """

    root: str
    uri: str = ""
    status: Status | None = None

    def __str__(self) -> str:
        between = "" if self.root.endswith("/") else "/"
        return f"{self.root}{between}{self.uri}" if self.uri else self.root

    def __truediv__(self, name: str) -> "RemoteFile":
        return replace(self, uri=f"{self.uri}/{name}" if self.uri else name, status=None)

    @property
    def name(self) -> str:
        return PurePosixPath(str(self)).name

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix

    @property
    def parent(self) -> "RemoteFile":
        """The folder around it; the top has none and is its own."""
        whole = str(self)
        end = whole.rfind("/", whole.index("://") + 3)
        return self if end < 0 else RemoteFile(whole[:end])

    def stat(self) -> Status:
        if self.status is not None:
            return self.status
        with self._reached() as (system, path):
            return _status(system.info(path))

    def is_file(self) -> bool:
        if self.status is not None:
            return True
        with self._reached() as (system, path):
            return bool(system.isfile(path))

    def read_bytes(self) -> bytes:
        with self._reached() as (system, path):
            return bytes(system.cat_file(path))

    def write_bytes(self, data: bytes) -> None:
        with self._reached() as (system, path):
            system.pipe_file(path, data)

    def fetch(self, to: Path) -> None:
        """Copies it into the local file `to`."""
        with self._reached() as (system, path):
            system.get_file(path, str(to))

    def send(self, source: Path) -> None:
        """Copies the local file `source` to it; who reads meanwhile finds what was there before."""
        with self._reached() as (system, path):
            system.put_file(str(source), path)

    def move(self, to: "RemoteFile") -> None:
        """Gives it another name in the same store."""
        with self._reached() as (system, path), to._reached() as (_, target):
            system.cp_file(path, target)
            system.rm_file(path)

    def remove(self) -> None:
        with self._reached() as (system, path):
            system.rm_file(path)

    def remove_all(self) -> None:
        """Removes it and all below, where there is anything."""
        with suppress(FileNotFoundError), self._reached() as (system, path):
            system.rm(path, recursive=True)

    def folders(self) -> list["RemoteFile"]:
        """The folders right below, by name; none where there is nothing here."""
        with suppress(FileNotFoundError), self._reached() as (system, path):
            system.invalidate_cache()
            found = [entry for entry in system.ls(path, detail=True) if entry["type"] == "directory"]
            return [self / PurePosixPath(name).name for name in sorted(entry["name"] for entry in found)]
        return []

    def files(self) -> Iterator["RemoteFile"]:
        """All files below, by name, as they are listed now; `uri` is relative to here."""
        with self._reached() as (system, path):
            system.invalidate_cache()
            found: dict[str, dict[str, Any]] = system.find(path, detail=True)
        for name in sorted(found):
            uri = name[len(path.rstrip("/")) + 1 :]
            if uri and not uri.endswith("/"):  # consoles leave empty objects of that name for folders
                yield RemoteFile(str(self), uri, _status(found[name]))

    @contextmanager
    def _reached(self) -> Iterator[tuple[Any, str]]:
        """The file system and what it calls this file; each has errors of its own."""
        try:
            from fsspec.core import url_to_fs

            system, base = url_to_fs(self.root)
            yield system, f"{base.rstrip('/')}/{self.uri}" if self.uri else base
        except FileNotFoundError as error:
            raise FileNotFoundError(f"there is no {self}") from error
        except PermissionError as error:
            raise PermissionError(f"{self} may not be read: {error}") from error
        except Exception as error:
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise Unreachable(f"{self} cannot be reached: {reason}") from error


Place = Path | RemoteFile


def is_url(text: str) -> bool:
    return URL.match(text) is not None


def without_credentials(text: str) -> str:
    """As it may be shown: who a URL says that one is, and the password, are left out."""
    return re.sub(r"//[^/]*@", "//...@", text)


def parse_place(text: str) -> Place:
    """A path, or a URL that fsspec may reach.

    Raises:
        BadPlace: nothing is named, or the URL holds credentials, or several file systems.
    """
    if not text.strip():  # pathlib takes it for the folder one happens to be in
        raise BadPlace("an empty name is no folder, file or URL")
    for scheme in LOCAL:
        if text.startswith(scheme):
            return Path(text.removeprefix(scheme))
    if not is_url(text):
        return Path(text)
    shown = without_credentials(text)
    if shown != text:
        raise BadPlace(f"{shown} holds credentials, which would be written down: set them as AWS_* variables")
    if "::" in text:
        raise BadPlace(f"{text} is a chain of file systems: name one")
    return RemoteFile(text.rstrip("/") if not text.endswith("://") else text)


def content_root(store: str, source: str) -> str:
    """The URI of a root whose pictures were copied from `source` to `store`, where they lie by content."""
    return f"{CONTENT}{store}?of={quote(source, safe='/:')}"


def source_of(root_uri: str) -> str:
    """Where the pictures of a root came from, wherever they are read now."""
    return unquote(root_uri.rpartition("?of=")[2]) if root_uri.startswith(CONTENT) else root_uri


def store_of(root_uri: str) -> str | None:
    """The store that a root's pictures were copied to; None where they are used where they lie."""
    return root_uri[len(CONTENT) :].rpartition("?of=")[0] if root_uri.startswith(CONTENT) else None


def content_uri(sha256: str, format: str) -> str:
    """Where a store keeps a picture: ab/cd/abcd....jpg. `format` is Pillow's name."""
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}.{suffix_of(format)}"


def suffix_of(format: str) -> str:
    """How the names of files of a format end. `format` is Pillow's name."""
    return SUFFIXES.get(format, format.lower())


def place_of(root_uri: str, uri: str, sha256: str, format: str) -> Place:
    """Where the bytes of a picture of a root lie."""
    if root_uri.startswith(CONTENT):
        uri = content_uri(sha256, format)
    base = store_of(root_uri) or root_uri
    return RemoteFile(base, uri) if is_url(base) else Path(base, uri)


def _status(info: dict[str, Any]) -> Status:
    times = [info[name] for name in TIMES if info.get(name)]
    when = next((t.timestamp() if isinstance(t, datetime) else t for t in times), 0)
    tag = next((str(info[name]) for name in TAGS if info.get(name)), None)
    if not isinstance(when, int | float):
        when, tag = 0, f"{when} {tag}"
    moment = int(when * SECOND) if tag is None else int(when) * SECOND + zlib.crc32(tag.encode()) % SECOND
    return Status(int(info.get("size") or 0), moment)
