"""What this room asks of the API. Every call raises `ApiError`."""

from dataclasses import replace

import streamlit as st

from frontend.answers import LibraryImage, Similar
from frontend.client import Api
from frontend.library.address import Address
from frontend.library.answers import Catalogue, Details, Listing, Overview
from frontend.picture import Picture, preview

ANY = "any"  # of all labels
FOUND = 48  # pictures that a search shows
MORE = 12  # pictures like one that is looked at


def overview(api: Api, at: Address | None = None) -> Overview:
    """What the library consists of, each part counted among what else is chosen."""
    return api.json(Overview, "GET", "/library", params=at.parts if at else {})


def listing(api: Api, at: Address, limit: int) -> Listing:
    return api.json(Listing, "GET", "/images", params=at.filters | at.position | {"limit": str(limit)})


def beside(api: Api, at: Address, image_id: int) -> tuple[int | None, int | None, str]:
    """The ids of the pictures before and after one, among those that pass the filters, None where there is
    none; and its place among them in words."""
    all_of = Address(**{**vars(at), "after": None, "before": None})
    after = listing(api, replace(all_of, after=image_id), 1)
    before = listing(api, replace(all_of, before=image_id), 1)
    ids = [page.items[0].id if page.items else None for page in (before, after)]
    return ids[0], ids[1], f"{after.earlier:,} of {after.total:,}"


def details(api: Api, image_id: int) -> Details:
    return api.json(Details, "GET", f"/images/{image_id}")


def like_text(api: Api, at: Address) -> Similar:
    """The pictures of the library that show most what a text says."""
    return api.json(Similar, "POST", "/similar", params=_among(at) | {"text": at.text or ""})


def like_picture(api: Api, at: Address, picture: Picture) -> Similar:
    """The pictures of the library that look most like one that was brought along."""
    upload = {"file": (picture.name, picture.data)}
    return api.json(Similar, "POST", "/similar", params=_among(at), files=upload)


def like_image(api: Api, image_id: int) -> Similar:
    """The pictures of the library that look most like one of it, whatever their label."""
    asked = {"label": ANY, "k": MORE, "image_id": image_id}
    return api.json(Similar, "POST", "/similar", params=asked)


def reads_texts(api: Api) -> bool:
    """Whether pictures can be sought by words, which changes with the model alone."""
    return _reads_texts(api, api.url)


@st.cache_data(show_spinner=False, max_entries=1, ttl="1m")
def _reads_texts(_api: Api, url: str) -> bool:  # noqa: ARG001
    return _api.json(Catalogue, "GET", "/models").texts != "none"


def large(api: Api, image: LibraryImage) -> bytes | None:
    """A picture as it can be shown large; None if it cannot be."""
    return _large(api, api.url, image)


@st.cache_data(show_spinner=False, max_entries=32, ttl="10m")
def _large(_api: Api, url: str, image: LibraryImage) -> bytes | None:  # noqa: ARG001
    return preview(_api.picture(image).data)


def _among(at: Address) -> dict[str, str]:
    among = {name: said for name, said in at.filters.items() if name in ("split", "source")}
    return among | {"label": at.label or ANY, "k": str(FOUND)}
