"""How two data sets differ, for people and for programs."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from pydantic import JsonValue

from databases import dataset_versions
from databases.data_diff import Changed, DataDiff
from databases.dataset_versions import Member
from training.cli.console import make_table, quote, say, show

SHORT = 12  # characters of a hash

Files = dict[str, list[str]]  # by content hash
Line = tuple[str, str]  # what happened, and to which files


@dataclass(frozen=True)
class Side:
    """A data set and how a person called it."""

    name: str
    task: str
    members: list[Member]


def print_difference(sides: tuple[Side, Side], found: DataDiff, files: Files, shown: int | None) -> None:
    """Counts by label, then the first `shown` pictures of each kind of change, or all of them."""
    first, second = sides
    table = make_table("label", first.name, second.name, "change")
    for label, (before, after) in found.labels.items():
        table.add_row(
            quote(label), str(before), str(after), f"{after - before:+d}" if after != before else ""
        )
    table.add_row("(all)", str(len(first.members)), str(len(second.members)), "", end_section=True)
    show(table)
    if not found.contents:
        say("The same pictures, labels and splits.")
    for what, lines in _sections(found, files):
        if lines:
            say(f"[bold]{len(lines)} {what}[/bold]")
        kinds = Counter(kind for kind, _ in lines)
        # What was done by hand is rare, and is not to drown among what happened to a whole label.
        lines = sorted(lines, key=lambda line: (kinds[line[0]], line))
        for kind, where in lines[:shown]:
            say(f"  {quote(kind)}: {quote(where)}")
        if shown is not None and (rest := Counter(kind for kind, _ in lines[shown:])):
            more = ", ".join(f"{count} {kind}" for kind, count in rest.items())
            say(f"  and {rest.total()} more ({quote(more)}); --all prints every one")


def difference_json(sides: tuple[Side, Side], found: DataDiff, files: Files) -> dict[str, JsonValue]:
    """The same with everything in it. A picture that was relabelled and moved is in both lists."""
    return {
        "a": _side(sides[0]),
        "b": _side(sides[1]),
        "labels": {label: {"a": before, "b": after} for label, (before, after) in found.labels.items()},
        "added": [_member(one, files) for one in found.added],
        "removed": [_member(one, files) for one in found.removed],
        "relabelled": [_changed(one, files) for one in found.relabelled],
        "moved": [_changed(one, files) for one in found.moved],
    }


def _sections(found: DataDiff, files: Files) -> Iterator[tuple[str, list[Line]]]:
    for what, members in (("added", found.added), ("removed", found.removed)):
        yield what, [(f"{one.label} in {one.split}", _where(one, files)) for one in members]
    yield (
        "relabelled",
        [(f"{one.before.label} to {one.after.label}", _where(one.after, files)) for one in found.relabelled],
    )
    yield (
        "moved to another split",
        [(f"{one.before.split} to {one.after.split}", _where(one.after, files)) for one in found.moved],
    )


def _where(one: Member, files: Files) -> str:
    paths = files.get(one.sha256)
    return ", ".join(paths) if paths else f"content {one.sha256[:SHORT]}, not in the library now"


def _side(side: Side) -> dict[str, JsonValue]:
    return {
        "name": side.name,
        "task": side.task,
        "fingerprint": dataset_versions.fingerprint(side.members),
        "pictures": len(side.members),
    }


def _member(one: Member, files: Files) -> dict[str, JsonValue]:
    return asdict(one) | {"files": list(files.get(one.sha256, []))}


def _changed(one: Changed, files: Files) -> dict[str, JsonValue]:
    return {
        "sha256": one.after.sha256,
        "label": {"a": one.before.label, "b": one.after.label},
        "split": {"a": one.before.split, "b": one.after.split},
        "files": list(files.get(one.after.sha256, [])),
    }
