"""What comes into the library, goes or is relabelled reaches the gallery that serves, while it answers."""

import logging
import time

from sqlalchemy.exc import SQLAlchemyError

from backend.api.repeated import Repeated
from backend.api.succession import Succession
from backend.gallery.asking import Gallery

log = logging.getLogger(__name__)

FOLLOW_SECONDS = 1.0
RETRY_SECONDS = 30.0  # after a failure, such as a full disk


class GalleryFollower:
    """Has the galleries that serve take up changes, on a thread of its own: that may take long."""

    def __init__(self, succession: Succession) -> None:
        self._succession = succession
        self._following = Repeated("gallery", FOLLOW_SECONDS, self._follow)
        self._quiet_until = 0.0

    def start(self) -> None:
        self._following.start()

    def end(self) -> None:
        self._following.end()

    def _follow(self) -> None:
        if time.monotonic() < self._quiet_until:
            return
        service = self._succession.service
        followed = [self._try(one) for one in {service.gallery, service.recommender.gallery}]
        if not all(followed):
            self._quiet_until = time.monotonic() + RETRY_SECONDS

    def _try(self, gallery: Gallery) -> bool:
        try:
            gallery.follow()
        except (SQLAlchemyError, OSError) as error:
            log.warning("the gallery serves as it was: %s", str(error).splitlines()[0])
            return False
        except Exception:
            log.exception("the gallery serves as it was")
            return False
        return True
