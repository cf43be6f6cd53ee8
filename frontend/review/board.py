"""The pictures on the desk, as a component of our own: Streamlit has no grid that listens to keys.

The browser keeps a list of what the visitor did, numbered from 1, and takes what it did as done until this
side has heard of it; nothing is lost or done twice if the page runs again meanwhile. It also tells which
pictures it has, so that each is sent once.
"""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, cast

import streamlit as st
from pydantic import BaseModel, ConfigDict, ValidationError

from frontend.markup import mime_type
from frontend.review.cards import Card, card
from frontend.review.desk import SHOWN, Desk
from frontend.review.waiting import Waiting
from frontend.review.wording import somebody_was_quicker, trouble

HERE = Path(__file__).parent
KEY = "review-board"


class Command(BaseModel):
    """What the visitor did to pictures; `label` where they gave one."""

    model_config = ConfigDict(frozen=True)

    seq: int
    do: Literal["confirm", "give", "exclude", "later", "look", "undo"]
    ids: tuple[int, ...] = ()
    label: str = ""


class _Said(BaseModel):
    have: frozenset[int] = frozenset()
    commands: tuple[Command, ...] = ()


class Sent(BaseModel):
    """All that the browser is told. `pictures`: data addresses by id, of those that it lacks. `part`: which
    part of the queue they are of. `wrong`: title, advice and details of what went wrong; empty
    where nothing did."""

    cards: list[Card]
    pictures: dict[int, str]
    labels: list[str]
    shown: int
    part: str
    heard: int
    told: str
    wrong: list[str]
    undo: str | None


@dataclass
class Talk:
    """`heard`: the last of the browser's commands that was obeyed."""

    heard: int = 0


def show(desk: Desk, talk: Talk) -> None:
    """Shows what lies on the desk; what the visitor does comes back as a run of the page."""
    labels = desk.names()
    sent = Sent(
        cards=[card(one, labels) for one in desk.waiting],
        pictures=_lacking(desk.waiting, _said().have),
        labels=labels,
        shown=SHOWN,
        part=f"{desk.reason}/{desk.label}",
        heard=talk.heard,
        told=desk.told,
        wrong=_trouble(desk),
        undo=desk.done[-1].words if desk.done else None,
    )
    _component()(key=KEY, data=sent.model_dump(), on_said_change=lambda: listen(desk, talk))


def listen(desk: Desk, talk: Talk) -> None:
    """Obeys what the browser has to say that was not heard before."""
    for command in _said().commands:
        if command.seq > talk.heard:
            obey(desk, command)
            talk.heard = command.seq


def obey(desk: Desk, command: Command) -> None:
    desk.told, desk.wrong, desk.overtaken = "", None, ()
    label = command.label.strip()
    match command.do:
        case "give" if label:
            desk.give(command.ids, label)
        case "confirm":
            desk.confirm(command.ids)
        case "exclude":
            desk.exclude(command.ids)
        case "later":
            desk.put_off(command.ids)
        case "look":
            desk.look(command.ids)
        case "undo":
            desk.undo()


def _said() -> _Said:
    state = st.session_state.get(KEY)
    try:
        return _Said.model_validate((state or {}).get("said") or {})
    except ValidationError:
        return _Said()  # no words of our own script


def _trouble(desk: Desk) -> list[str]:
    if desk.wrong is not None:
        said = trouble(desk.wrong)
        return [said.title, said.text, desk.wrong.detail]
    if desk.overtaken:
        said = somebody_was_quicker(desk.overtaken)
        return [said.title, said.text, ""]
    return []


def _lacking(waiting: list[Waiting], have: frozenset[int]) -> dict[int, str]:
    return {
        one.id: _address(one.picture) for one in waiting if one.picture is not None and one.id not in have
    }


def _address(picture: bytes) -> str:
    return f"data:{mime_type(picture)};base64,{base64.b64encode(picture).decode()}"


@cache
def _component() -> Callable[..., Any]:
    # Not isolated: it is drawn by the style sheets of the page.
    names = ("board.html", "card.js", "board.js")
    html, *scripts = ((HERE / name).read_text(encoding="utf-8") for name in names)
    made = st.components.v2.component(
        "menagerie.review", html=html, js="".join(scripts), isolate_styles=False
    )
    return cast(Callable[..., Any], made)
