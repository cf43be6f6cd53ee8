"""Archives as folders: unpacked once, again only when the archive changed, and then wholly or not at all."""

import hashlib
import json
import os
import re
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from databases.places import Place
from training.errors import BadArchive
from training.ingestion.sources.members import archive_stem, read_members
from training.progress import Progress
from training.scratch import scratch

STAMP = ".menagerie-archive.json"
CHUNK = 2**20
SECOND = 10**9
# A small archive may hold blank pictures, which compress to nothing: harmless as long as they are few.
EXPANDS_FREELY = 64 * 2**20


class ArchiveLimits(BaseSettings):
    """What an archive may hold. `max_ratio`: how many times its own size it may expand to."""

    model_config = SettingsConfigDict(env_prefix="MENAGERIE_ARCHIVE_", extra="ignore", frozen=True)

    max_files: int = Field(default=1_000_000, ge=1)
    max_bytes: int = Field(default=64 * 2**30, ge=1)
    max_ratio: int = Field(default=100, ge=1)


@dataclass(frozen=True)
class Unpacking:
    """`folder` is where archives are unpacked, each into a folder of its own."""

    folder: Path
    limits: ArchiveLimits
    progress: Progress

    def unpack(self, archive: Place) -> Path:
        """The folder that holds what the archive does.

        Raises:
            BadArchive: it is damaged, too large, or tries to reach out of that folder.
            OSError: it cannot be read, or the folder not written.
        """
        status = archive.stat()
        whole = str(archive.absolute() if isinstance(archive, Path) else archive)
        stamp = json.dumps({"archive": whole, "bytes": status.st_size, "modified_ns": status.st_mtime_ns})
        name = _folder_name(archive.name, whole)
        target = self.folder / name
        if _stamp_of(target) == stamp:
            return target
        self.progress.tell(f"Unpacking {archive.name} into {target}")
        with scratch(self.folder / f".{name}.part") as part:
            with _local(archive, self.folder / f".{name}.archive") as local:
                extract(local, part, self.limits)
            (part / STAMP).write_text(stamp, encoding="utf-8")
            _replace(part, target)
        return target


def extract(archive: Path, into: Path, limits: ArchiveLimits) -> None:
    """Unpacks into an empty folder.

    The time of a file is that in the archive; below the second stands a checksum of its content, so that
    another content is another time too.

    Raises:
        BadArchive: it is damaged, beyond the limits, or not all of it belongs into the folder.
    """
    allowance = Allowance(archive.stat().st_size, limits)
    with _refused(archive):
        for member in read_members(archive):
            allowance.take_file()
            target = _target(into, member.name)
            try:
                if member.content is None:
                    target.mkdir(parents=True, exist_ok=True)
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                checksum = _copy(member.content, target, allowance)
            except (FileExistsError, NotADirectoryError):
                raise BadArchive(f"it holds {member.name} twice") from None
            moment = member.modified * SECOND + checksum % SECOND
            os.utime(target, ns=(moment, moment))


@contextmanager
def _refused(archive: Path) -> Iterator[None]:
    """Says of whatever goes wrong with an archive which one it was."""
    try:
        yield
    except BadArchive as error:
        raise BadArchive(f"{archive.name} is refused: {error}") from error
    except OSError as error:
        if error.errno is not None:  # the disk's; what decompresses raises bare ones
            raise
        raise BadArchive(f"{archive.name} cannot be unpacked: {error}") from error
    except Exception as error:
        reason = str(error) or type(error).__name__
        raise BadArchive(f"{archive.name} cannot be unpacked: {reason}") from error


class Allowance:
    """Counts what came out of an archive against what may."""

    def __init__(self, size: int, limits: ArchiveLimits) -> None:
        self._size, self._limits = size, limits
        self._files = self._bytes = 0

    def take_file(self) -> None:
        self._files += 1
        if self._files > self._limits.max_files:
            raise BadArchive(f"it holds more than {self._limits.max_files} files")

    def take_bytes(self, count: int) -> None:
        self._bytes += count
        if self._bytes > self._limits.max_bytes:
            raise BadArchive(f"it expands to more than {self._limits.max_bytes / 2**20:.0f} MiB")
        if self._bytes > max(EXPANDS_FREELY, self._limits.max_ratio * self._size):
            raise BadArchive(f"it expands to more than {self._limits.max_ratio} times its size")


def _copy(content: IO[bytes], target: Path, allowance: Allowance) -> int:
    checksum = 0
    with target.open("xb") as file:
        while chunk := content.read(CHUNK):
            allowance.take_bytes(len(chunk))
            checksum = zlib.crc32(chunk, checksum)
            file.write(chunk)
    return checksum


def _target(into: Path, name: str) -> Path:
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or re.match("[A-Za-z]:/", name) or ".." in parts or "\0" in name:
        raise BadArchive(f"{name!r} would lie outside of it")
    return into.joinpath(*parts)


def _folder_name(name: str, whole: str) -> str:
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", archive_stem(name) or "").strip("-.") or "archive"
    return f"{stem[:80]}-{hashlib.sha256(os.fsencode(whole)).hexdigest()[:8]}"


def _stamp_of(folder: Path) -> str | None:
    try:
        return (folder / STAMP).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


@contextmanager
def _local(archive: Place, copy: Path) -> Iterator[Path]:
    if isinstance(archive, Path):
        yield archive
        return
    copy = copy.with_name(copy.name + archive.name)  # its suffix says how to read it
    try:
        archive.fetch(copy)
        yield copy
    finally:
        copy.unlink(missing_ok=True)


def _replace(part: Path, target: Path) -> None:
    # A kill in between leaves no folder at all, and the next run unpacks again.
    old = target.with_name(f".{target.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    part.rename(target)
    shutil.rmtree(old, ignore_errors=True)
