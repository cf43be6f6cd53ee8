"""Pages about models and pictures show some of these: what was deleted is to be seen on none of them."""

import re
import shutil
import uuid
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from databases.places import Place
from databases.settings import StateSettings

# A picture lies inside its page, and beside it stands of what content it is. Pages of older versions have its
# name there alone: the file of what somebody sent is called by its content.
PICTURE = re.compile(rb"(<img\b[^>]*>)((?:(?!<img\b|</figure>|</tr>).)*)", re.DOTALL)
TOLD = re.compile(rb'data-sha256="([0-9a-f]{64})"')
CONTENT = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
DELETED = b'<div class="gone">deleted</div>'


def clear_pages(settings: StateSettings, sha256s: Collection[str]) -> int:
    """Takes pictures with these contents off all pages that lie where reports do; returns off how many.

    Raises:
        OSError: a page can be read or written no more.
    """
    contents = {sha256.encode() for sha256 in sha256s}
    cleared = 0
    for place in _pages(settings) if contents else ():
        page = place.read_bytes()
        without = PICTURE.sub(lambda found: _without(found, contents), page)
        if without != page:
            _write(place, without)
            cleared += 1
    return cleared


def _pages(settings: StateSettings) -> Iterator[Place]:
    """Those that trainings here made for others at a URL lie in the cache as well. Hidden are drafts, and
    what a restore set aside."""
    for folder in dict.fromkeys((settings.reports, settings.cache / "reports")):
        if isinstance(folder, Path):
            yield from sorted(path for path in folder.rglob("*.html*") if path.is_file())
            continue
        with suppress(FileNotFoundError):
            yield from (file for file in folder.files() if file.suffix == ".html")


def _without(found: re.Match[bytes], contents: Collection[bytes]) -> bytes:
    picture, beside = found.groups()
    told = TOLD.findall(picture) or CONTENT.findall(picture + beside)
    return DELETED + beside if any(one in contents for one in told) else found[0]


def _write(place: Place, page: bytes) -> None:
    if not isinstance(place, Path):
        place.write_bytes(page)
        return
    draft = place.with_name(f".{uuid.uuid4().hex}.part")
    try:
        draft.write_bytes(page)
        shutil.copymode(place, draft)
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)
