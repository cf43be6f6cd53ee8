"""What can go wrong between bytes and answer."""

from typing import Literal

UnreadableCode = Literal[
    "empty_file",
    "too_many_bytes",
    "too_many_pixels",
    "unsupported_format",
    "truncated_image",
    "corrupt_image",
]

UnusableCode = Literal["empty_text", "invalid_text", "text_too_long"]


class InferenceError(Exception):
    """The root of this room's errors."""


class UnreadableImage(InferenceError):
    """The bytes are no picture that can be used. `code` is stable; the message is for people."""

    def __init__(self, code: UnreadableCode, message: str) -> None:
        super().__init__(message)
        self.code: UnreadableCode = code


class UnusableText(InferenceError):
    """The text says nothing that can be looked for. `code` is stable; the message is for people."""

    def __init__(self, code: UnusableCode, message: str) -> None:
        super().__init__(message)
        self.code: UnusableCode = code


class BadBundle(InferenceError):
    """The folder is no bundle that may serve."""


class BundleUnreachable(InferenceError):
    """The bundle lies where nothing answers now, or no copy of it can be made here."""


class NoExplanation(InferenceError):
    """The bundle cannot tell what on a picture its answer comes from."""


class NoTextNetwork(BadBundle):
    """What reads the bundle's texts cannot be loaded. `fresh`: that was tried just now, and is not told again
    of a while ago."""

    def __init__(self, message: str, *, fresh: bool) -> None:
        super().__init__(message)
        self.fresh = fresh
