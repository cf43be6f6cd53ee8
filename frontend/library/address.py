"""Where in the library a visitor is. All of it stands in the page's address, so that going back, loading it
again and passing it on work."""

from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import streamlit as st

BEYOND = 2**31 - 1  # every id: the page before it is the last one
UPLOAD = "upload"  # what `like` says where the picture that is sought was brought along


@dataclass(frozen=True)
class Address:
    """Which pictures: those that pass the filters, from a position on; those like a `text` or, with `like`,
    like a picture that was brought along; or, with `image`, that one alone."""

    label: str | None = None
    unlabelled: bool = False
    split: str | None = None
    source: str | None = None
    finding: str | None = None
    excluded: bool = False
    after: int | None = None
    before: int | None = None
    text: str | None = None
    like: str | None = None
    image: int | None = None

    @property
    def filters(self) -> dict[str, str]:
        """As `GET /images` takes them."""
        return self._of("label", "unlabelled", "split", "source", "finding", "excluded")

    @property
    def parts(self) -> dict[str, str]:
        """As `GET /library` takes them."""
        return self._of("label", "unlabelled", "split", "source", "finding")

    @property
    def position(self) -> dict[str, str]:
        """As `GET /images` takes it."""
        return self._of("after", "before")

    @property
    def seeks(self) -> bool:
        """Whether pictures are sought by likeness."""
        return bool(self.text or self.like)

    @property
    def asked(self) -> dict[str, str]:
        """As it stands in the address: what says nothing is left out."""
        said = {name: value for name, value in asdict(self).items() if value not in (None, False, "")}
        return {name: "true" if value is True else str(value) for name, value in said.items()}

    @property
    def link(self) -> str:
        return f"?{urlencode(self.asked)}"

    def _of(self, *names: str) -> dict[str, str]:
        return {name: said for name, said in self.asked.items() if name in names}

    def at(self, **changes: Any) -> "Address":
        """Another choice of pictures, from the first of them on."""
        return replace(self, **{"after": None, "before": None, "image": None} | changes)

    def opened(self, image: int) -> "Address":
        return replace(self, image=image)


def here() -> Address:
    return read(st.query_params.to_dict())


def go_to(link: str) -> None:
    """Goes where a link of this page leads."""
    st.query_params.from_dict(dict(parse_qsl(link.removeprefix("?"))))


def read(asked: dict[str, str]) -> Address:
    """What an address asks for; numbers that are none are not asked for."""
    return Address(
        label=asked.get("label"),
        unlabelled=asked.get("unlabelled") == "true",
        split=asked.get("split"),
        source=asked.get("source"),
        finding=asked.get("finding"),
        excluded=asked.get("excluded") == "true",
        after=number(asked.get("after")),
        before=number(asked.get("before")),
        text=asked.get("text"),
        like=asked.get("like"),
        image=number(asked.get("image")),
    )


def number(said: str | None) -> int | None:
    """One that the library may know a picture by; an address may say anything."""
    if not said or not said.isascii() or not said.isdecimal() or len(said) > len(str(BEYOND)):
        return None
    number = int(said)
    return number if number <= BEYOND else None
