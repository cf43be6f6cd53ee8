"""The process that knows MLflow: it reads messages, one JSON object a line, until their sender is gone.

Where MLflow fails it says so once, on standard output. What is missing then is made up for with the bundle.
python -m training.tracking.mirror
"""

import os
import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import Annotated

from alembic.util.exc import CommandError
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from pydantic import Field, TypeAdapter
from sqlalchemy.exc import SQLAlchemyError

from backend.inference.manifest import Manifest, read_manifest
from databases.settings import load_settings
from training.tracking.messages import Begun, BrokenOff, Epoch, Kept, Message, Promoted, Published
from training.tracking.runs import Run, begin, begin_late
from training.tracking.settings import TrackingSettings
from training.tracking.versions import find_version, register, set_champion

CHUNK = 1 << 16  # bytes
LONGEST_REASON = 200  # characters
MESSAGE: TypeAdapter[Message] = TypeAdapter(Annotated[Message, Field(discriminator="kind")])
FAILURES = (MlflowException, SQLAlchemyError, CommandError, OSError)


class Mirror:
    """Tells the store what the messages of one command say."""

    def __init__(self, settings: TrackingSettings) -> None:
        self._settings = settings
        self._run: Run | None = None
        self._open = self._behind = False

    def follow(self, messages: Sequence[Message]) -> bool:
        """Takes messages of one kind; returns whether to go on.

        A store that fails is left in peace until there is a bundle, and for good where it fails then too.
        """
        try:
            for message in messages:
                if not isinstance(message, Epoch):
                    self._take(message)
            self._add_epochs([message for message in messages if isinstance(message, Epoch)])
        except FAILURES as error:
            if self._behind:
                return False
            self._behind = True
            print(describe(self._settings, error), flush=True)  # noqa: T201
        return True

    def leave(self) -> None:
        """Ends a run that nobody ended: its training was killed."""
        self.follow([BrokenOff("KILLED")])

    def _take(self, message: Message) -> None:
        match message:
            case Begun():
                self._begin(message)
            case Kept() if self._run and not self._behind:
                self._run.keep(message.folder)
            case Published():
                self._publish(read_manifest(Path(message.bundle)), Path(message.bundle))
            case BrokenOff() if self._run and self._open:
                self._run.end(message.status)
                self._open = False
            case Promoted():
                manifest = read_manifest(Path(message.bundle))
                number = find_version(self._client, manifest)
                number = number or self._publish(manifest, Path(message.bundle))
                set_champion(self._client, manifest.task, number)

    def _begin(self, begun: Begun) -> None:
        self._run = begin(self._client, self._settings, begun)
        self._open = True
        self._run.describe(begun.task, begun.fingerprint, begun.pictures, begun.recipe)

    def _add_epochs(self, epochs: Sequence[Epoch]) -> None:
        if self._run and not self._behind:
            self._run.add_epochs([epoch.figures for epoch in epochs])

    def _publish(self, manifest: Manifest, bundle: Path) -> str:
        run = self._run if self._run and self._open else begin_late(self._client, self._settings, manifest)
        run.finish(manifest, bundle)
        self._open = self._behind = False
        return register(run, manifest)

    @cached_property
    def _client(self) -> MlflowClient:
        if self._settings.file:
            self._settings.file.parent.mkdir(parents=True, exist_ok=True)
        return MlflowClient(self._settings.uri)


def describe(settings: TrackingSettings, error: BaseException) -> str:
    """One line, from what lies at the bottom of an error, without the password that an URI may hold."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    reason = reason.replace(settings.uri, settings.shown)[:LONGEST_REASON]
    return f"warning: MLflow at {settings.shown} was not told ({reason}); all else goes on"


def read(stream: int) -> Iterator[list[Message]]:
    """Messages from a file descriptor as they come; those that wait together, each kind in one list."""
    rest = b""
    while chunk := os.read(stream, CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        messages = [MESSAGE.validate_json(line) for line in lines]
        yield from (list(group) for _, group in groupby(messages, type))


def main() -> None:
    mirror = Mirror(load_settings(TrackingSettings))
    for messages in read(sys.stdin.fileno()):
        if not mirror.follow(messages):
            return
    mirror.leave()


if __name__ == "__main__":
    main()
