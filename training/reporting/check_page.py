"""What was found in a task's pictures, as a page."""

import shlex
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from backend.inference.cpu import available_cpus
from databases.library import LibraryImage
from training.checking.check import Checkup
from training.checking.findings import SUSPECT, Finding, Found, Kind
from training.reporting.page import render
from training.reporting.thumbnails import Thumbnail, thumbnail

# Of each kind: pictures make a page heavy; check.json has every one.
MOST_SHOWN = 60


@dataclass(frozen=True)
class FindingCard:
    """A finding with its picture, None where the file cannot be read any more. `commands`: what a person may
    decide, each to be pasted into a shell."""

    picture: Thumbnail | None
    finding: Finding
    commands: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """All pictures of a kind of finding, those of the test split among them, and the cards of the worst."""

    kind: Kind
    total: int
    in_test: int
    cards: tuple[FindingCard, ...]
    command: str


def check_page(checkup: Checkup) -> str:
    """One self-contained HTML page."""
    pictures = _thumbnails(checkup)
    found = [part for part in checkup.found if part.findings]
    return render(
        "check.html.jinja",
        checkup=checkup,
        sections=[_section(checkup.task, part, pictures) for part in found],
        absent=[part.kind for part in checkup.found if not part.findings],
        suspect=SUSPECT,
    )


def _section(task: str, part: Found, pictures: dict[int, Thumbnail | None]) -> Section:
    cards = (
        FindingCard(pictures[one.image.id], one, _commands(task, one)) for one in part.findings[:MOST_SHOWN]
    )
    return Section(
        kind=part.kind,
        total=len(part.findings),
        in_test=sum(one.image.split == "test" for one in part.findings),
        cards=tuple(cards),
        command=f"menagerie check --task {shlex.quote(task)} --exclude {part.kind.code}",
    )


def _commands(task: str, finding: Finding) -> tuple[str, ...]:
    which = f"{finding.image.id} --task {shlex.quote(task)}"
    exclude = f"menagerie pictures exclude {which}"
    if finding.better is None:
        return (exclude,)
    return (f"menagerie pictures relabel {which} --to={shlex.quote(finding.better)}", exclude)


def _thumbnails(checkup: Checkup) -> dict[int, Thumbnail | None]:
    """By id, each picture once: many have several findings."""
    shown: dict[int, LibraryImage] = {}
    for part in checkup.found:
        shown |= {one.image.id: one.image for one in part.findings[:MOST_SHOWN]}
    with ThreadPoolExecutor(available_cpus()) as pool:
        drawn = pool.map(thumbnail, [image.place for image in shown.values()])
        return dict(zip(shown, drawn, strict=True))
