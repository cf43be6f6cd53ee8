"""What the library consists of, each part a link that shows it alone."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape

from frontend.library import wording
from frontend.library.address import Address
from frontend.library.answers import LabelCounts, Overview

SHOWN = 12  # labels; the others unfold


@dataclass(frozen=True)
class Facet:
    """A part of the library, and where a click on it leads. `share`: of the whole, 0 to 1."""

    name: str
    pictures: int
    leads: Address
    chosen: bool
    share: float | None = None
    hint: str = ""


def panel(overview: Overview, at: Address, *, unfolded: bool) -> str:
    """All facets; folded up where there is no room beside the pictures."""
    groups = [
        _group("Labels", _labels(overview, at), balance=True),
        _group("Used for", _splits(overview, at)),
        _group("From", _sources(overview, at)),
        _group("Worth a look", _findings(overview, at)),
        _group("Left out", _excluded(overview, at)),
        _invalid(overview.invalid),
    ]
    opened = " open" if unfolded else ""
    return (
        f'<details class="mng-facets"{opened}><summary>Labels and filters</summary>'
        f'<nav aria-label="Filters">{"".join(groups)}</nav></details>'
    )


def chosen(at: Address) -> str:
    """The filters that hold, each a link that takes it away; nothing where none does."""
    without = {
        "label": at.label,
        "unlabelled": "No label" if at.unlabelled else None,
        "split": wording.SPLITS.get(at.split or "", at.split),
        "source": at.source,
        "finding": at.finding and wording.finding(at.finding),
        "excluded": "Excluded" if at.excluded else None,
        "text": at.text and f"“{at.text}”",
        "like": "Like your picture" if at.like else None,
    }
    chips = [
        f'<a href="{escape(at.at(**{name: False if name in ("unlabelled", "excluded") else None}).link)}" '
        f'aria-label="Take away: {escape(said)}">{escape(said)}<i aria-hidden="true"></i></a>'
        for name, said in without.items()
        if said
    ]
    if len(chips) > 1:
        chips.append(f'<a class="mng-all" href="{escape(Address().link)}">Take all away</a>')
    return f'<div class="mng-chips">{"".join(chips)}</div>' if chips else ""


def _labels(overview: Overview, at: Address) -> list[Facet]:
    """The most frequent first, what has none last; within the split that is chosen."""
    counts = sorted(overview.labels, key=lambda entry: (entry.label is None, -entry.of(at.split)))
    total = sum(entry.of(at.split) for entry in counts)
    return [_label(entry, at, total) for entry in counts]


def _label(entry: LabelCounts, at: Address, total: int) -> Facet:
    unlabelled = entry.label is None
    held = at.unlabelled if unlabelled else at.label == entry.label
    leads = at.at(
        label=None if held else entry.label,
        unlabelled=unlabelled and not held,
        excluded=False,
    )
    pictures = entry.of(at.split)
    return Facet(
        entry.label or "No label",
        pictures,
        leads,
        held,
        share=pictures / total if total else 0.0,
        hint=", ".join(f"{entry.of(split):,} {said.lower()}" for split, said in wording.SPLITS.items()),
    )


def _splits(overview: Overview, at: Address) -> Iterator[Facet]:
    """Within the label that is chosen."""
    within = [
        entry
        for entry in overview.labels
        if (at.label is None or entry.label == at.label) and (not at.unlabelled or entry.label is None)
    ]
    for split, said in wording.SPLITS.items():
        pictures = sum(entry.of(split) for entry in within)
        held = at.split == split
        if pictures or held:
            yield Facet(said, pictures, at.at(split=None if held else split), held)


def _sources(overview: Overview, at: Address) -> Iterator[Facet]:
    if len(overview.sources) < 2:
        return
    for entry in overview.sources:
        held = at.source == entry.name
        yield Facet(entry.name, entry.pictures, at.at(source=None if held else entry.name), held)


def _findings(overview: Overview, at: Address) -> Iterator[Facet]:
    for entry in overview.findings:
        held = at.finding == entry.kind
        leads = at.at(finding=None if held else entry.kind, text=None, like=None, excluded=False)
        yield Facet(wording.finding(entry.kind), entry.pictures, leads, held)


def _excluded(overview: Overview, at: Address) -> Iterator[Facet]:
    if overview.excluded or at.excluded:
        leads = Address(excluded=not at.excluded)
        yield Facet("Excluded", overview.excluded, leads, at.excluded)


def _invalid(files: int) -> str:
    if not files:
        return ""
    said = "1 file is no usable picture." if files == 1 else f"{files:,} files are no usable pictures."
    return f'<p class="mng-fine">{said}</p>'


def _group(title: str, facets: Iterable[Facet], *, balance: bool = False) -> str:
    entries = list(facets)
    if not entries:
        return ""
    most = max((facet.share or 0 for facet in entries), default=0)
    drawn = [_entry(facet, most if balance else 0) for facet in entries]
    kind = ' class="mng-balance"' if balance else ""
    first, rest = drawn[:SHOWN], drawn[SHOWN:]
    folded = ""
    if rest:
        opened = " open" if any(facet.chosen for facet in entries[SHOWN:]) else ""
        folded = f"<details{opened}><summary>{len(rest)} more</summary>{_list(rest, kind)}</details>"
    return f"<section><h2>{title}</h2>{_list(first, kind)}{folded}</section>"


def _list(entries: Iterable[str], kind: str) -> str:
    return f"<ul{kind}>{''.join(entries)}</ul>"


def _entry(facet: Facet, most: float) -> str:
    current = ' aria-current="true"' if facet.chosen else ""
    hint = f' title="{escape(facet.hint)}"' if facet.hint else ""
    amount, bar = f"{facet.pictures:,}", ""
    if most and facet.share is not None:
        amount = f"{amount} · {_percent(facet.share)}"
        bar = f'<i aria-hidden="true"><b style="width:{100 * facet.share / most:.1f}%"></b></i>'
    return (
        f'<li><a href="{escape(facet.leads.link)}"{current}{hint}>'
        f"<span>{escape(facet.name)}</span><span>{amount}</span>{bar}</a></li>"
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < 0.1 else f"{100 * share:.0f} %"
