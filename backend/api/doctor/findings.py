"""What an examination finds."""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """`what` was looked at, what there is to say of it, and where it is not in order, what to do `next`."""

    what: str
    state: State
    told: str
    next: str | None = None


def ok(what: str, told: str) -> Finding:
    return Finding(what, "ok", told)


def warn(what: str, told: str, next: str) -> Finding:
    return Finding(what, "warn", told, next)


def fail(what: str, told: str, next: str) -> Finding:
    return Finding(what, "fail", told, next)
