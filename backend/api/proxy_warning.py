"""Nobody needs a key, and yet a proxy stands in front: does whoever runs this know?"""

import logging

from starlette.types import ASGIApp, Receive, Scope, Send

log = logging.getLogger(__name__)

FORWARDED = frozenset((b"x-forwarded-for", b"forwarded"))
OPEN = (
    "a request came through a proxy, and no key is needed here: whoever reaches it may ask everything; "
    "to want keys: menagerie serve --auth, or MENAGERIE_AUTH=on"
)


class ProxyWarning:
    """Says once that others than this machine seem to reach a service that wants no key."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._was_said = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._was_said and any(name in FORWARDED for name, _ in scope.get("headers", ())):
            self._was_said = True
            log.warning(OPEN)
        await self._app(scope, receive, send)
