"""The keys in use, in memory: no request waits for the database to know who asks."""

import logging

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from backend.api.repeated import Repeated
from databases.keys import ApiKey, active_keys, digest

log = logging.getLogger(__name__)

READ_SECONDS = 1.0
NONE_YET = (
    "requests need a key, and there is none yet; make one with: menagerie keys add NAME; "
    "with containers: docker compose exec api python -m backend.api.keys add NAME"
)


class Keyring:
    """Read anew every second, from a thread. While the database fails, the keys known last are used."""

    def __init__(self, reader: Engine) -> None:
        self._reader = reader
        self._keys: dict[str, ApiKey] = {}
        self._unanswered = False
        self._reading = Repeated("keyring", READ_SECONDS, self.read)
        self.read()

    def find(self, token: str) -> ApiKey | None:
        """The key in use that `token` belongs to."""
        # By its hash: how long a search for that takes tells nothing of the tokens there are.
        return self._keys.get(digest(token))

    def start(self) -> None:
        if not self._keys:
            log.warning(NONE_YET)
        self._reading.start()

    def end(self) -> None:
        self._reading.end()

    def read(self) -> None:
        """Takes over which keys the database says are in use, if it answers."""
        try:
            with Session(self._reader) as session:
                self._keys = {key.sha256: key for key in active_keys(session)}
        except SQLAlchemyError as error:
            if not self._unanswered:
                log.warning("the keys known last are used, revoked or not: the database fails: %s", error)
            self._unanswered = True
        else:
            self._unanswered = False
