"""Clients that ask one after the other, try nothing twice, and count whatever was no good answer."""

import http.client
import itertools
import json
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True)
class Question:
    """A picture, and where it is sent to."""

    path: str
    picture: bytes


@dataclass
class Told:
    """`seconds`: how long each good answer took; `versions`: how many came of each model; `failed`: what was
    told of each other one."""

    seconds: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)

    @property
    def asked(self) -> int:
        return len(self.seconds) + len(self.failed)


class Clients:
    """Asks the questions in turn, on as many connections as there are `clients`, each used again as long as
    the other side allows it, with a `pause` in seconds after each answer. They begin with the block; after
    `count` they have asked enough, or when the block ends if none is given."""

    def __init__(
        self,
        port: int,
        questions: Sequence[Question],
        clients: int,
        count: int | None = None,
        pause: float = 0.0,
    ) -> None:
        self.told = Told()
        self._port = port
        self._questions = questions
        self._enough = threading.Event()
        self._left: Iterator[int] = itertools.count() if count is None else iter(range(count))
        self._endless = count is None
        self._pause = pause
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask_on) for _ in range(clients)]

    def __enter__(self) -> "Clients":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        if self._endless or any(error):
            self._enough.set()
        for thread in self._threads:
            thread.join()

    @property
    def busy(self) -> bool:
        return any(thread.is_alive() for thread in self._threads)

    def wait_for(self, asked: int) -> None:
        """Returns when so many were asked, or all."""
        while self.told.asked < asked and self.busy:
            time.sleep(0.01)

    def _ask_on(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_SECONDS)
        while not self._enough.is_set():
            with self._lock:
                number = next(self._left, None)
            if number is None:
                break
            begun = time.perf_counter()
            try:
                answer = _ask(connection, self._questions[number % len(self._questions)])
            except (OSError, http.client.HTTPException, ValueError) as error:
                connection.close()
                self.told.failed.append(f"{type(error).__name__}: {error}")
                continue
            version = answer["model"]["version"]
            with self._lock:
                self.told.seconds.append(time.perf_counter() - begun)
                self.told.versions[version] = self.told.versions.get(version, 0) + 1
            if self._pause:
                time.sleep(self._pause)
        connection.close()


def _ask(connection: http.client.HTTPConnection, question: Question) -> dict[str, Any]:
    """The answer; ValueError where it is none.

    What a client may always do is done: a connection that the other side ended in between is opened anew.
    """
    connection.request("POST", question.path, question.picture, {"Content-Type": "image/jpeg"})
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise ValueError(f"{response.status} {body[:200]!r}")
    answer: dict[str, Any] = json.loads(body)
    return answer
