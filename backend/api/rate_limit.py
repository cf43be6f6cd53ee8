"""How often a client may ask: counted by its key, and by its address where no key is needed."""

import math
import time
from http import HTTPStatus
from ipaddress import IPv6Address, IPv6Network, ip_address

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from backend.api.buckets import Bucket, Buckets, Clock
from backend.api.errors import ApiError, problem_of
from backend.api.needed_scopes import PROBES
from backend.api.require_key import key_of

STATE = "bucket"
IPV6_PREFIX = 64  # what one home is given (RFC 6177): inside of it, addresses cost nothing


class RateLimit:
    """Refuses what comes more often than a key's own limit, or else `per_minute`, allows; None: no limit.

    Each of `workers` processes counts for itself, and allows its share.
    """

    def __init__(
        self, app: ASGIApp, per_minute: int | None, workers: int = 1, clock: Clock = time.monotonic
    ) -> None:
        self._app = app
        self._per_minute = per_minute
        # Apart: strangers with many addresses must not push out the keys' own.
        self._keys = Buckets(1 / workers, clock)
        self._addresses = Buckets(1 / workers, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        bucket = None
        if scope["type"] == "http" and scope["path"] not in PROBES:
            bucket = self._bucket(scope)
        if bucket is not None:
            scope.setdefault("state", {})[STATE] = bucket
            if seconds := bucket.take(1):
                await problem_of(rate_limited(seconds))(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _bucket(self, scope: Scope) -> Bucket | None:
        key = key_of(scope)
        if key is None:
            return self._addresses.of(_home(scope), self._per_minute) if self._per_minute else None
        per_minute = key.rate_limit or self._per_minute
        return self._keys.of(key.sha256, per_minute) if per_minute else None


def charge(request: HTTPConnection, cost: int) -> None:
    """Counts a request as `cost` of them, such as one for each picture it sends.

    Raises:
        ApiError: `rate_limited`: so many are not allowed now.
    """
    bucket: Bucket | None = request.scope.get("state", {}).get(STATE)
    if bucket is not None and cost > 1 and (seconds := bucket.take(cost, paid=1)):
        raise rate_limited(seconds)


def rate_limited(seconds: float) -> ApiError:
    whole = math.ceil(seconds)
    detail = f"more was asked than is allowed in a minute: try again in {whole} s"
    return ApiError(HTTPStatus.TOO_MANY_REQUESTS, "rate_limited", detail, {"Retry-After": str(whole)})


def _home(scope: Scope) -> str:
    """Whose address a request comes from."""
    host = str((scope.get("client") or ("unknown",))[0])
    try:
        address = ip_address(host)
    except ValueError:  # a socket's file has none
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(IPv6Network((int(address), IPV6_PREFIX), strict=False))
    return host
