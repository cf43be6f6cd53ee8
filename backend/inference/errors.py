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


class InferenceError(Exception):
    """The root of this room's errors."""


class UnreadableImage(InferenceError):
    """The bytes are no picture that can be used. `code` is stable; the message is for people."""

    def __init__(self, code: UnreadableCode, message: str) -> None:
        super().__init__(message)
        self.code: UnreadableCode = code


class BadBundle(InferenceError):
    """The folder is no bundle that may serve."""
