"""Pictures side by side, each a link to a closer look, and the way from page to page."""

from collections.abc import Sequence
from html import escape

from frontend import markup
from frontend.answers import LibraryImage, SimilarImage
from frontend.library import wording
from frontend.library.address import BEYOND, Address
from frontend.library.answers import Listing
from frontend.wording import likeness, percent

Small = Sequence[bytes | None]


def page(listing: Listing, small: Small, at: Address) -> str:
    return f"{pictures(listing.items, small, at)}{_pager(listing, at)}"


def found(items: Sequence[SimilarImage], small: Small, at: Address) -> str:
    """The nearest first, with how alike they are."""
    tiles = [
        _tile(
            item.image,
            data,
            at,
            f'<b aria-hidden="true">{escape(item.image.label or "No label")}</b>'
            f"<small>{likeness(item.similarity)}, {escape(percent(item.similarity))}</small>",
        )
        for item, data in zip(items, small, strict=True)
    ]
    return _tiles(tiles)


def pictures(images: Sequence[LibraryImage], small: Small, at: Address) -> str:
    tiles = [
        _tile(image, data, at, f'<b aria-hidden="true">{escape(image.label or "No label")}</b>')
        for image, data in zip(images, small, strict=True)
    ]
    return _tiles(tiles)


def waiting(count: int) -> str:
    """Where pictures will be."""
    return f'<div class="mng-tiles" aria-hidden="true">{"<i class=mng-square></i>" * count}</div>'


def heading(listing: Listing) -> str:
    return f'<p class="mng-count" role="status">{wording.count(listing.total)}</p>'


def _tiles(tiles: Sequence[str]) -> str:
    return f'<ul class="mng-tiles">{"".join(tiles)}</ul>'


def _tile(image: LibraryImage, data: bytes | None, at: Address, said: str) -> str:
    # By the file too, for those who hear all links of a page in a row; the label is not heard twice.
    alt = f"{image.label or 'No label'}, {image.file_name}"
    return (
        f'<li><a href="{escape(at.opened(image.id).link)}" title="{escape(image.file_name)}">'
        f"{markup.thumbnail(data, alt)}<span>{said}</span></a></li>"
    )


def _pager(listing: Listing, at: Address) -> str:
    if listing.next_after is None and listing.previous_before is None:
        return ""
    first = listing.earlier + 1
    position = f"{first:,} to {listing.earlier + len(listing.items):,} of {listing.total:,}"
    back = listing.previous_before is not None
    forth = listing.next_after is not None
    return (
        '<nav class="mng-pager" aria-label="Pages">'
        f"{_step('First', at.at() if back else None)}"
        f"{_step('Previous', at.at(before=listing.previous_before) if back else None)}"
        f"<span>{position}</span>"
        f"{_step('Next', at.at(after=listing.next_after) if forth else None)}"
        f"{_step('Last', at.at(before=BEYOND) if forth else None)}"
        "</nav>"
    )


def _step(name: str, leads: Address | None) -> str:
    if leads is None:
        return f'<a aria-disabled="true" role="link">{name}</a>'
    return f'<a href="{escape(leads.link)}">{name}</a>'
