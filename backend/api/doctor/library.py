"""The library: are its roots within reach, and its pictures where they were?"""

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from backend.api.doctor.findings import Finding, ok, warn
from backend.api.settings import Settings
from databases import examining, holdings
from databases.holdings import HeldRoot
from databases.library import LibraryImage
from databases.places import Place

SAMPLE = 200


def examine_library(session: Session, settings: Settings) -> Iterator[Finding]:
    reached: set[str] = set()
    for root in holdings.roots(session.connection()):
        finding = _of_root(session, root)
        if finding.state == "ok":
            reached.add(root.name)
        yield finding
    yield from _of_pictures(session, reached)
    yield from _of_uploads(session, settings)


def _of_root(session: Session, root: HeldRoot) -> Finding:
    """Whether any picture of it can be asked for."""
    if root.folder is not None and not root.folder.is_dir():
        told = f"{root.name}: there is no folder {root.folder}"
        return warn("root", told, f"mount it, or run: menagerie roots forget {root.name}")
    one = examining.a_picture(session, root.id)
    if root.folder is None and one is not None:
        try:
            one.place.stat()
        except OSError as error:
            told = f"{root.name}: {str(error).splitlines()[0]}"
            return warn("root", told, "see the AWS_* variables, and whether the store answers")
    return ok("root", f"{root.name} is within reach")


def _of_pictures(session: Session, reached: set[str]) -> Iterator[Finding]:
    drawn = [image for image in examining.sample(session, SAMPLE) if image.root in reached]
    if not drawn:
        return
    wrong = [image for image in drawn if _is_another(image)]
    told = f"of {len(drawn)} drawn at random, {len(wrong)} are missing or have another size"
    if wrong:
        first = wrong[0]
        told += f", such as {first.place}"
        yield warn("pictures", told, f"menagerie ingest, of {first.root} again, tells which")
    else:
        yield ok("pictures", told)


def _is_another(image: LibraryImage) -> bool:
    try:
        return image.place.stat().st_size != image.bytes
    except OSError:
        return True


def _of_uploads(session: Session, settings: Settings) -> Iterator[Finding]:
    pictures, size = examining.sent_bytes(session)
    told = (
        f"{pictures} pictures that people sent, {size / 1e6:,.1f} of {settings.max_kept_bytes / 1e6:,.0f} MB"
    )
    if pictures and size > 0.9 * settings.max_kept_bytes:
        yield warn("uploads", told, "menagerie uploads delete, or a larger MENAGERIE_MAX_KEPT_BYTES")
    else:
        yield ok("uploads", told)
    strays = _strays(settings.uploads, examining.sent_names(session))
    if strays:
        told = f"{len(strays)} files that the database does not know, such as {strays[0]}"
        yield warn("uploads", told, "delete them if no restore is to bring them back")


def _strays(folder: Place, known: set[str]) -> list[Path]:
    if not isinstance(folder, Path) or not folder.is_dir():
        return []
    found = sorted(path for path in folder.glob("*/*") if path.is_file())
    hidden = {path for path in found if any(part.startswith(".") for part in path.relative_to(folder).parts)}
    return [path for path in found if path not in hidden and path.name not in known]
