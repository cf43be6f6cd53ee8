"""What comes into the library, goes or is relabelled reaches the gallery that serves, while it answers."""

import logging
import threading

from sqlalchemy.exc import SQLAlchemyError

from backend.api.succession import Succession
from backend.gallery.asking import Gallery

log = logging.getLogger(__name__)

FOLLOW_SECONDS = 1.0
RETRY_SECONDS = 30.0  # after a failure, such as a full disk


class GalleryFollower:
    """Has the galleries that serve take up changes, on a thread of its own: that may take long."""

    def __init__(self, succession: Succession) -> None:
        self._succession = succession
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="gallery", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()

    def _follow(self) -> None:
        while not self._ended.wait(FOLLOW_SECONDS):
            service = self._succession.service
            followed = [self._try(one) for one in {service.gallery, service.recommender.gallery}]
            if not all(followed):
                self._ended.wait(RETRY_SECONDS)

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
