"""What the API answers to this room alone."""

from typing import Any

from frontend.answers import Answer, LibraryImage


class Box(Answer):
    """A part of an upright picture, as fractions of its width and height."""

    left: float
    top: float
    right: float
    bottom: float


class Explanation(Answer):
    """`heat`: rows from the top, each from the left, 0 to 1, over the part `box` of the upright picture;
    the model saw nothing of the rest. All are 0 where nothing speaks for `label`."""

    label: str
    heat: tuple[tuple[float, ...], ...]
    box: Box


class Registered(Answer):
    version: str
    metrics: dict[str, Any] | None = None


class Catalogue(Answer):
    """`explains`: whether the model that serves can tell what on a picture its answer comes from; `keeps`:
    whether it learns from a library, which may keep pictures."""

    explains: bool = False
    keeps: bool = True
    models: tuple[Registered, ...] = ()

    def measured(self, version: str) -> bool:
        """Whether it is known how often a model is right; of the starter nobody measured that."""
        return any(one.version == version and one.metrics is not None for one in self.models)


class Closely(LibraryImage):
    """`source`: the name of the folder or store that the picture was ingested from."""

    source: str | None = None


class Report(Answer):
    """`image_id`: the picture's in the library, where it was kept or lay there before. `not_kept`: why
    one that was sent along was not kept, in words for people; None where it was, or none was sent."""

    id: int
    image_id: int | None = None
    not_kept: str | None = None
