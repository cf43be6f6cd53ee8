"""Pictures of the library to try the service with."""

from itertools import chain, zip_longest

import streamlit as st

from frontend.answers import LibraryImage
from frontend.client import Api

SAMPLES = 12
# How many are looked through for different labels where the labels themselves are not known.
PAGE = 100


def samples(api: Api) -> list[LibraryImage]:
    """Up to `SAMPLES` pictures, of as many labels as there are.

    Raises:
        ApiError: as `Api`.
    """
    return list(_samples(api, api.url))


@st.cache_data(show_spinner=False, max_entries=1, ttl="1m")
def _samples(_api: Api, url: str) -> tuple[LibraryImage, ...]:  # noqa: ARG001
    held = [entry.label for entry in _api.labels().labels if entry.pictures]
    if not held:
        # The model may name its labels differently from the library: its own words find nothing there.
        return _spread(_by_label(_api.images(PAGE).items))
    labels = _evenly(held, SAMPLES)
    each = -(-SAMPLES // len(labels))
    return _spread([_api.images(each, label).items for label in labels])


def _evenly(labels: list[str], count: int) -> list[str]:
    """`count` of them at even distances; neighbours, such as two kinds of shark, look alike."""
    if len(labels) <= count:
        return labels
    return [labels[index * len(labels) // count] for index in range(count)]


def _by_label(images: tuple[LibraryImage, ...]) -> list[tuple[LibraryImage, ...]]:
    groups: dict[str | None, list[LibraryImage]] = {}
    for image in images:
        groups.setdefault(image.label, []).append(image)
    return [tuple(group) for group in groups.values()]


def _spread(groups: list[tuple[LibraryImage, ...]]) -> tuple[LibraryImage, ...]:
    """The first of each group, then the second of each, ..."""
    rounds = chain.from_iterable(zip_longest(*groups))
    return tuple(image for image in rounds if image is not None)[:SAMPLES]
