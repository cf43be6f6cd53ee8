"""A promotion or rollback reaches the running service, between one request and the next."""

import logging
import time

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from backend.api.repeated import Repeated
from backend.api.service import Service
from backend.inference.errors import InferenceError
from databases import registry

log = logging.getLogger(__name__)

CHECK_SECONDS = 1.0
RETRY_SECONDS = 30.0  # after which a bundle that was refused is tried again: it may have been mended


class Succession:
    """Keeps `service` with the champion of its task. What a request has taken, it keeps.

    A champion that does not load, or a database that does not answer, changes nothing: the old one serves on.
    `database_answers`: whether the database did when it was asked last, a second ago as a rule.
    """

    def __init__(self, service: Service) -> None:
        self.service = service
        self.database_answers = True
        self._refused: tuple[str, float] | None = None
        self._following = Repeated("succession", CHECK_SECONDS, self.check)

    def start(self) -> None:
        self._following.start()

    def end(self) -> None:
        """Stops following, and closes the service."""
        self._following.end()
        self.service.close()

    def check(self) -> None:
        """Puts the champion into service if it is another one."""
        serving = self.service.model
        try:
            with Session(self.service.reader) as session:
                champion = registry.champion(session, serving.task)
        except SQLAlchemyError as error:
            if self.database_answers:
                log.warning("%s serves on, champion or not: the database fails: %s", serving.version, error)
            self._note(answers=False)
            return
        self._note(answers=True)
        if champion is None or champion.id == serving.id or self._was_refused(champion.version):
            return
        self._refused = champion.version, time.monotonic()  # unless it serves; whatever goes wrong
        try:
            self.service = self.service.with_model(champion)
        except (InferenceError, SQLAlchemyError) as error:
            log.error("%s serves on: %s was promoted, but %s", serving.version, champion.version, error)
        else:
            self._refused = None
            log.info("%s serves now, after %s", champion.version, serving.version)

    def _note(self, *, answers: bool) -> None:
        self.database_answers = answers
        self.service.metrics.database(answers=answers)

    def _was_refused(self, version: str) -> bool:
        return (
            self._refused is not None
            and self._refused[0] == version
            and time.monotonic() - self._refused[1] < RETRY_SECONDS
        )
