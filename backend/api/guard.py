"""What stands before the service: who may come in, and how often."""

from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.middleware.cors import CORSMiddleware

from backend.api.keyring import Keyring
from backend.api.known_host import RefuseOtherHosts
from backend.api.own_pages import RefuseOtherPages
from backend.api.proxy_warning import ProxyWarning
from backend.api.rate_limit import RateLimit
from backend.api.reach import is_loopback
from backend.api.require_key import KEY_HEADER, RequireKey
from backend.api.settings import Settings


def is_key_needed(settings: Settings) -> bool:
    if settings.auth == "auto":
        return not is_loopback(settings.published or settings.host)
    return settings.auth == "on"


class Guard:
    """Keys are looked at where one is needed, and nowhere else."""

    def __init__(self, settings: Settings, reader: Engine) -> None:
        self._settings = settings
        self._keyring = Keyring(reader) if is_key_needed(settings) else None

    def install(self, app: FastAPI) -> None:
        """Adds what each request passes; what is added later stands before it."""
        settings = self._settings
        app.add_middleware(RateLimit, per_minute=settings.rate_limit, workers=settings.workers)
        if self._keyring is not None:
            app.add_middleware(RequireKey, keyring=self._keyring)
        else:
            app.add_middleware(RefuseOtherPages, origins=settings.cors_origins)
            if settings.auth == "auto":
                app.add_middleware(RefuseOtherHosts)
            app.add_middleware(ProxyWarning)
        if settings.cors_origins:
            # Outside of the keys: a browser asks whether it may send one before it does.
            app.add_middleware(
                CORSMiddleware,
                allow_origins=settings.cors_origins,
                allow_methods=("GET", "POST"),
                allow_headers=("content-type", KEY_HEADER.lower(), "authorization"),
                expose_headers=("X-Request-Id", "Retry-After"),
            )

    def start(self) -> None:
        if self._keyring is not None:
            self._keyring.start()

    def end(self) -> None:
        if self._keyring is not None:
            self._keyring.end()
