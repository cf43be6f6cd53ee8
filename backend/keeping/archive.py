"""A backup as a file: a plain tar, whose last member tells the SHA-256 of every other one."""

import hashlib
import io
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from pydantic import ValidationError

from backend.keeping.contents import CONTENTS, DATABASE, FOLDERS, FORMAT_VERSION, Contents, Member, Track
from backend.keeping.errors import BadBackup
from databases.places import Place, RemoteFile

MOST_CONTENTS = 2**30
CHUNK = 2**20


class Hashed:
    """A file that is read once, and what was read of it; also written to `copy`, where there is one."""

    def __init__(self, file: IO[bytes], copy: IO[bytes] | None = None) -> None:
        self._file, self._copy = file, copy
        self._hash = hashlib.sha256()
        self.bytes = 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._hash.update(data)
        self.bytes += len(data)
        if self._copy is not None:
            self._copy.write(data)
        return data

    def read_all(self) -> Member:
        while self.read(CHUNK):
            pass
        return self.member

    @property
    def member(self) -> Member:
        return Member(bytes=self.bytes, sha256=self._hash.hexdigest())


def add(tar: tarfile.TarFile, name: str, path: Place) -> Member:
    """Writes a file, as long as it is now, and tells what was written. One at a URL is held in memory.

    Raises:
        OSError: it cannot be read, or the disk is full.
    """
    if isinstance(path, RemoteFile):
        data = path.read_bytes()
        add_bytes(tar, name, data)
        return Member.of(data)
    with path.open("rb") as file:
        info = tarfile.TarInfo(name)
        info.size = path.stat().st_size
        info.mode = 0o600
        hashed = Hashed(file)
        tar.addfile(info, hashed)
        return hashed.member


def add_bytes(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    """Writes what is no file yet."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), 0o600
    tar.addfile(info, io.BytesIO(data))


def check(path: Path, track: Track) -> Contents:
    """Reads all of a backup, and tells what it holds.

    Raises:
        BadBackup: it is none, of another format, not whole, or not what it says.
    """
    if path.is_dir():
        raise BadBackup(f"{path} is a folder: name a backup in it")
    found: dict[str, Member] = {}
    told: bytes | None = None
    with _told_of(path), track("Checking the backup", path.stat().st_size) as advance:
        for info, file in _members(path):
            if info.name == CONTENTS:
                if info.size > MOST_CONTENTS:
                    raise BadBackup(f"{path} is no backup: its {CONTENTS} is too large")
                told = file.read()
            else:
                found[info.name] = Hashed(file).read_all()
            advance(info.size)
    if told is None:
        raise BadBackup(f"{path} is not whole: it holds no {CONTENTS}, which comes last")
    contents = _parse(path, told)
    _compare(path, contents, found)
    return contents


def extract(path: Path, contents: Contents, target: Callable[[str], Path | None], track: Track) -> None:
    """Writes the members for which `target` names a file. Each is compared with what the backup says once
    more: it may have changed since it was checked.

    Raises:
        BadBackup: it has.
        OSError: nothing can be written there.
    """
    with _told_of(path), track("Unpacking", 1 + len(contents.members)) as advance:
        for info, file in _members(path):
            place = None if info.name == CONTENTS else target(info.name)
            if place is not None:
                place.parent.mkdir(parents=True, exist_ok=True)
                with place.open("wb") as copy:
                    written = Hashed(file, copy).read_all()
                if contents.members.get(info.name) != written:
                    raise BadBackup(f"{path} changed while it was read: {info.name} is another file")
            advance(1)


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError) as error:
        raise BadBackup(f"{path} is no backup, or not whole: {error}") from None


def _members(path: Path) -> Iterator[tuple[tarfile.TarInfo, IO[bytes]]]:
    with tarfile.open(path, "r:") as tar:
        for info in tar:
            if not _is_ours(info):
                raise BadBackup(f"{path} is no backup: it holds {info.name[:100]!r}")
            file = tar.extractfile(info)
            assert file is not None  # as it is a plain file
            yield info, file


def _is_ours(info: tarfile.TarInfo) -> bool:
    name = PurePosixPath(info.name)
    known = name.parts[0] in FOLDERS and len(name.parts) > 1 if name.parts else False
    plain = info.isreg() and not name.is_absolute() and ".." not in name.parts and str(name) == info.name
    return plain and (known or info.name in (CONTENTS, DATABASE))


def _parse(path: Path, told: bytes) -> Contents:
    try:
        return Contents.model_validate_json(told)
    except ValidationError as error:
        first = error.errors()[0]
        if first["loc"] == ("format_version",):
            raise BadBackup(
                f"{path} has format_version {first['input']!r}, this version reads {FORMAT_VERSION}"
            ) from None
        where = ".".join(map(str, first["loc"])) or CONTENTS
        raise BadBackup(f"{path} is no backup: {where} in {CONTENTS}: {first['msg']}") from None


def _compare(path: Path, contents: Contents, found: dict[str, Member]) -> None:
    for name, member in contents.members.items():
        if name not in found:
            raise BadBackup(f"{path} is not whole: it lacks {name}")
        if found[name] != member:
            raise BadBackup(f"{path} is damaged: {name} is not what was backed up")
    if strange := next((name for name in found if name not in contents.members), None):
        raise BadBackup(f"{path} was changed: it does not say what {strange} is")
    if DATABASE not in contents.members:
        raise BadBackup(f"{path} is no backup: it holds no database")
