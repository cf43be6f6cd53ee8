"""What an index consists of: the one file that is replaced when it changes."""

import zlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from backend.gallery.segment import make_durable

CURRENT = "current.json"
DRAFT = f"{CURRENT}.draft"


class State(BaseModel):
    """What `current.json` says. `serial`: how often it was written. `labels`: by their numbers, from 1 on.
    `left_out`: ids of pictures whose embeddings cannot be searched. `checksum`: the CRC-32 of the rest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int
    model: str
    size: int
    serial: int
    change: int
    token: str
    labels: tuple[str, ...]
    segments: tuple[str, ...]
    left_out: tuple[int, ...]
    checksum: int = 0


def read_state(folder: Path) -> State | None:
    """None where there is none, or one that is damaged or in another format."""
    try:
        state = State.model_validate_json((folder / CURRENT).read_bytes())
    except (OSError, ValidationError):
        return None
    return state if state.checksum == _checksum(state) else None


def write_state(folder: Path, state: State) -> None:
    """Replaces what there is, durably, by a whole new one."""
    draft = folder / DRAFT
    signed = state.model_copy(update={"checksum": _checksum(state)})
    draft.write_text(signed.model_dump_json(), encoding="utf-8")
    make_durable(draft)
    draft.replace(folder / CURRENT)
    make_durable(folder)


def _checksum(state: State) -> int:
    return zlib.crc32(state.model_dump_json(exclude={"checksum"}).encode())
