"""Where nobody needs a key, a browser on this machine could ask in the name of any website open in it.

A page of another origin cannot read the answers, but what it asks would be done: a picture worked on, a label
decided, the champion taken back. Browsers say which page asks, and other programs say nothing.
"""

from collections.abc import Collection
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.api.errors import ApiError, problem_of

SAFE = ("GET", "HEAD", "OPTIONS")  # RFC 9110, 9.2.1: nothing is done by them
OWN = ("same-origin", "none")  # the latter: a person typed the address
EVERY = "*"


class RefuseOtherPages:
    """Refuses what pages of other websites ask to be done, but those of `origins`.

    By `Sec-Fetch-Site` (W3C, Fetch Metadata Request Headers), and where a browser sends none, by `Origin`,
    which must be where the request went to.
    """

    def __init__(self, app: ASGIApp, origins: Collection[str]) -> None:
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in SAFE and self._is_foreign(Headers(scope=scope)):
            await problem_of(_foreign())(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _is_foreign(self, headers: Headers) -> bool:
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if EVERY in self._origins or origin in self._origins:
            return False
        if site is not None:
            return site not in OWN
        return origin is not None and origin.partition("://")[2] != headers.get("host")


def _foreign() -> ApiError:
    detail = (
        "pages of other websites may not ask here; whoever runs this service can allow one with "
        "MENAGERIE_CORS_ORIGINS"
    )
    return ApiError(HTTPStatus.FORBIDDEN, "other_website", detail)
