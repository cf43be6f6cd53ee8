"""What this room asks of the API. Every call raises `ApiError`."""

from dataclasses import dataclass

import streamlit as st

from frontend.answering.answers import Catalogue, Closely, Explanation, Report
from frontend.answers import LabelCount, LibraryImage, Similar
from frontend.client import Api
from frontend.picture import Picture, preview

ANY = "any"  # of all labels
SIMILAR = 12
VARIED = 0.3  # of 0..1: enough that shots of one scene give way, and what is shown still looks alike


@dataclass(frozen=True)
class Wanted:
    """Which similar pictures: of `label`, or ANY; `varied`: those that resemble one another give way."""

    label: str
    varied: bool = False


@dataclass(frozen=True)
class Word:
    """What a visitor says of an answer. `label`: the right one, where they know it."""

    prediction_id: str
    correct: bool
    label: str | None = None
    comment: str | None = None


def similar(api: Api, picture: Picture, wanted: Wanted) -> Similar:
    """The pictures of the library that look most like `picture`, itself left out."""
    asked: dict[str, str | int | float] = {"k": SIMILAR, "label": wanted.label}
    if wanted.varied:
        asked["diversity"] = VARIED
    return api.json(Similar, "POST", "/similar", params=asked, **_sent(picture))


def explain(api: Api, picture: Picture, label: str) -> Explanation:
    """What on `picture` speaks for `label`."""
    return api.json(Explanation, "POST", "/explain", params={"label": label}, **_sent(picture))


def _sent(picture: Picture) -> dict[str, dict[str, str] | dict[str, tuple[str, bytes]]]:
    if picture.image_id is None:
        return {"files": {"file": (picture.name, picture.data)}}
    return {"data": {"image_id": str(picture.image_id)}}


def catalogue(api: Api) -> Catalogue:
    """What is known of the models, which changes with them alone."""
    return _catalogue(api, api.url)


@st.cache_data(show_spinner=False, max_entries=1, ttl="1m")
def _catalogue(_api: Api, url: str) -> Catalogue:  # noqa: ARG001
    return _api.json(Catalogue, "GET", "/models")


def labels(api: Api) -> tuple[LabelCount, ...]:
    """All that the model that serves can answer."""
    return _labels(api, api.url)


@st.cache_data(show_spinner=False, max_entries=1, ttl="1m")
def _labels(_api: Api, url: str) -> tuple[LabelCount, ...]:  # noqa: ARG001
    return _api.labels().labels


def closely(api: Api, image_id: int) -> Closely:
    return api.json(Closely, "GET", f"/images/{image_id}")


def large(api: Api, image: LibraryImage) -> bytes | None:
    """A picture of the library as it can be shown large; None if it cannot be."""
    return _large(api, api.url, image)


@st.cache_data(show_spinner=False, max_entries=16, ttl="10m")
def _large(_api: Api, url: str, image: LibraryImage) -> bytes | None:  # noqa: ARG001
    return preview(_api.picture(image).data)


def report(api: Api, word: Word, kept: Picture | None) -> Report:
    """Says whether an answer was right. `kept`: the picture, where the visitor lets the library keep it."""
    said: dict[str, str | bool] = {"prediction_id": word.prediction_id, "correct": word.correct}
    said |= {name: value for name, value in (("label", word.label), ("comment", word.comment)) if value}
    if kept is None:
        return api.json(Report, "POST", "/feedback", json=said)
    form = said | {"correct": "true" if word.correct else "false"}
    return api.json(Report, "POST", "/feedback", data=form, files={"file": (kept.name, kept.data)})
