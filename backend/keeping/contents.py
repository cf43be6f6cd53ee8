"""What a backup says that it holds: its last member, so that one which was broken off has none."""

import builtins
import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Annotated, Final, Literal

from annotated_types import Ge
from pydantic import BaseModel, ConfigDict

FORMAT_VERSION: Final = 1
CONTENTS = "contents.json"
DATABASE = "images.db"
BUNDLES, REPORTS, UPLOADS, PICTURES = "bundles", "reports", "uploads", "pictures"
FOLDERS = (BUNDLES, REPORTS, UPLOADS, PICTURES)

# For a piece of work of so many steps, a function that is told how many were done.
Track = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Member(_Part):
    bytes: Annotated[int, Ge(0)]
    sha256: str

    @classmethod
    def of(cls, data: builtins.bytes) -> "Member":
        return cls(bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


class Contents(_Part):
    """`revision`: of the database's schema. `pictures`: whether those of local roots are in it. `lacking`:
    what the database names and was not there, or not what it was. `members`: all files but this one, by
    name."""

    format_version: Literal[1]
    made_at: str
    revision: str
    pictures: bool
    lacking: tuple[str, ...]
    members: dict[str, Member]

    @property
    def bytes(self) -> int:
        return sum(member.bytes for member in self.members.values())
