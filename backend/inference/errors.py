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
