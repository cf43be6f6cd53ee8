"""What a command tells of trainings and models, whoever listens."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from training.errors import Interrupted


@dataclass(frozen=True)
class Begun:
    """A training begins; one that is resumed has its checkpoints in the folder called `resumed`.

    `fingerprint`: the data set's; `pictures`: how many, by split; `recipe`: as YAML.
    """

    task: str
    fingerprint: str
    pictures: Mapping[str, int]
    recipe: str
    resumed: str | None
    kind: Literal["begun"] = "begun"


@dataclass(frozen=True)
class Kept:
    """The training has its checkpoints in a folder called `folder`: by that name it is found again."""

    folder: str
    kind: Literal["kept"] = "kept"


@dataclass(frozen=True)
class Epoch:
    """An epoch's figures, and its number from 1 as `epoch`."""

    figures: Mapping[str, float]
    kind: Literal["epoch"] = "epoch"


@dataclass(frozen=True)
class Published:
    """The training came to a bundle, which is registered."""

    bundle: str
    kind: Literal["published"] = "published"


@dataclass(frozen=True)
class BrokenOff:
    """The training came to nothing: by an error, or because somebody stopped it."""

    status: Literal["FAILED", "KILLED"]
    kind: Literal["broken_off"] = "broken_off"


@dataclass(frozen=True)
class Promoted:
    """A bundle is the champion of its task now."""

    bundle: str
    kind: Literal["promoted"] = "promoted"


Message = Begun | Kept | Epoch | Published | BrokenOff | Promoted
Track = Callable[[Message], None]


def untracked(message: Message) -> None:
    """Tells nobody."""
    del message


@contextmanager
def telling_of(track: Track, begun: Begun) -> Iterator[None]:
    """Tells that a training begins and, where the block fails, how it was broken off."""
    track(begun)
    try:
        yield
    except BaseException as error:
        stopped = isinstance(error, Interrupted | KeyboardInterrupt)
        track(BrokenOff("KILLED" if stopped else "FAILED"))
        raise
