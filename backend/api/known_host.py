"""Where nobody needs a key because this machine alone reaches the service, it answers to no name that others
hand out.

A website can have its own name lead to 127.0.0.1 once its page is open (DNS rebinding): to the browser, the
page and this service are then one origin. But the request still says the website's name.
"""

import re
from functools import lru_cache
from http import HTTPStatus
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.api.errors import ApiError, problem_of

MOST_HOST = 300  # a name has 253 characters at most (RFC 1035); and what is longer is not to be kept either
HOST = re.compile(r"(?P<name>\[[^]]*\]|[^:]*)(?::[0-9]*)?")


class RefuseOtherHosts:
    """Answers requests to an address, to `localhost`, and to names without a dot, as containers have them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        host = Headers(scope=scope).get("host", "") if scope["type"] == "http" else ""
        if len(host) > MOST_HOST or is_handed_out(host):
            await problem_of(_other_host(host))(scope, receive, send)
        else:
            await self._app(scope, receive, send)


@lru_cache(256)
def is_handed_out(host: str) -> bool:
    """Whether a `Host` is a name that whoever likes may lead where they like."""
    found = HOST.fullmatch(host)
    name = found["name"].lower().removesuffix(".") if found else host
    if "." not in name or name.startswith("[") or name.endswith(".localhost"):
        return False
    try:
        ip_address(name)
    except ValueError:
        return True
    return False


def _other_host(host: str) -> ApiError:
    detail = (
        "nobody needs a key here, as only this machine is to ask: by localhost or an address, not as "
        f"{host[:100]!r}; MENAGERIE_AUTH=on has others ask with a key, and off has everybody ask"
    )
    return ApiError(HTTPStatus.MISDIRECTED_REQUEST, "other_host", detail)
