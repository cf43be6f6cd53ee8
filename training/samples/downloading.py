"""Downloads that go on where they were broken off, and are trusted only with the right checksum."""

import hashlib
from pathlib import Path

import httpx

from training.errors import DownloadFailed
from training.progress import Progress
from training.samples.catalogue import Archive

MIB = 2**20
TIMEOUT_SECONDS = 30


def download(archive: Archive, folder: Path, progress: Progress) -> Path:
    """The file in `folder`; what an earlier call got of it is not asked for again.

    Raises:
        DownloadFailed: nobody answers, or not with this file. What came in order is kept for the next call.
    """
    target = folder / archive.name
    if target.exists():
        return target
    part = folder / f"{archive.name}.part"
    if not part.exists() or part.stat().st_size < archive.bytes:
        try:
            _stream(archive, part, progress)
        except httpx.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise DownloadFailed(
                f"{archive.url} cannot be fetched: {reason}; run it again to go on where it stopped"
            ) from error
    with part.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != archive.sha256:
        part.unlink()
        raise DownloadFailed(f"{archive.url} is not the file it was: its SHA-256 is {found}")
    part.replace(target)
    return target


def _stream(archive: Archive, part: Path, progress: Progress) -> None:
    have = part.stat().st_size if part.exists() else 0
    # Identity: a server that compresses on the way counts other bytes.
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with (
        httpx.stream(
            "GET", archive.url, headers=headers, follow_redirects=True, timeout=TIMEOUT_SECONDS
        ) as answer,
        progress.track(f"Fetching {archive.name} (MiB)", archive.bytes // MIB) as advance,
    ):
        if answer.status_code == httpx.codes.OK:
            have = 0  # it does not know parts: from the beginning
        elif answer.status_code != httpx.codes.PARTIAL_CONTENT:
            raise httpx.HTTPError(f"the answer is {answer.status_code} {answer.reason_phrase}")
        advance(have // MIB)
        with part.open("ab" if have else "wb") as file:
            for chunk in answer.iter_raw():
                file.write(chunk)
                advance((have + len(chunk)) // MIB - have // MIB)
                have += len(chunk)
                if have > archive.bytes:
                    break
    if have < archive.bytes:
        raise httpx.HTTPError(f"it ended after {have} of {archive.bytes} bytes")
