"""Why an archive, or a file in it, is not unpacked."""

from typing import Literal

ArchiveCode = Literal["bad_archive", "archive_too_large", "too_many_items"]
EntryCode = Literal["encrypted_entry", "unsupported_compression", "broken_entry"]


class UnusableArchive(Exception):
    """The archive is not unpacked at all. `code` is stable; the message is for people."""

    def __init__(self, code: ArchiveCode, message: str) -> None:
        super().__init__(message)
        self.code: ArchiveCode = code


class UnreadableEntry(Exception):
    """One file of the archive cannot be had. `code` is stable; the message is for people."""

    def __init__(self, code: EntryCode, message: str) -> None:
        super().__init__(message)
        self.code: EntryCode = code
