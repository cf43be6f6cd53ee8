"""Messages to the process that knows MLflow.

MLflow takes seconds to import, and a server may be slow or away: a training waits for neither.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from queue import SimpleQueue
from threading import Thread
from typing import IO

from databases.settings import load_settings
from training.learning.processes import Processes
from training.progress import Progress
from training.tracking.messages import Message, Track, untracked
from training.tracking.settings import TrackingSettings

GIVE_UP = 120  # seconds after all was said
COMMAND = (sys.executable, "-m", "training.tracking.mirror")


@contextmanager
def tracking(progress: Progress) -> Iterator[Track]:
    """Whom to tell of trainings and models: MLflow, unless the environment says otherwise or another process
    does it. At the end of the block all was told, or a line says that it was not.

    Raises:
        SettingsError: an environment variable is wrong.
    """
    settings = load_settings(TrackingSettings)
    if not settings.tracking or not Processes.of_environment().first:
        yield untracked
        return
    # A session of its own: Ctrl-C ends the training, and the mirror tells of that.
    process = subprocess.Popen(
        COMMAND,
        env=settings.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    listener = Thread(target=_listen, args=(process.stdout, progress), daemon=True)
    listener.start()
    sender = _Sender(process.stdin)
    sender.start()
    try:
        yield sender
    finally:
        sender.end()
        try:
            if sender.said:
                _wait(process, settings, progress)
        finally:
            process.kill()
            process.wait()
            sender.join()
            listener.join()
            process.stdout.close()


class _Sender(Thread):
    """Writes messages to a pipe; who sends them waits for no reader."""

    def __init__(self, pipe: IO[str]) -> None:
        super().__init__(daemon=True)
        self._pipe = pipe
        self._messages: SimpleQueue[Message | None] = SimpleQueue()
        self.said = False

    def __call__(self, message: Message) -> None:
        self.said = True
        self._messages.put(message)

    def end(self) -> None:
        """No message comes after this."""
        self._messages.put(None)

    def run(self) -> None:
        with suppress(BrokenPipeError), self._pipe:  # the reader has said why it ended
            while (message := self._messages.get()) is not None:
                self._pipe.write(json.dumps(asdict(message)) + "\n")
                self._pipe.flush()


def _listen(lines: IO[str], progress: Progress) -> None:
    for line in lines:
        progress.tell(line.rstrip())


def _wait(process: subprocess.Popen[str], settings: TrackingSettings, progress: Progress) -> None:
    problem = f"warning: MLflow at {settings.shown} was not told all"
    with progress.track("Telling MLflow", 1) as advance:
        try:
            if code := process.wait(GIVE_UP):
                progress.tell(f"{problem}, by a fault of ours (exit code {code}); all else goes on")
        except subprocess.TimeoutExpired:
            progress.tell(f"{problem} within {GIVE_UP} seconds; all else goes on")
        advance(1)
