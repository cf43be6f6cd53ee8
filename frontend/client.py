"""The API over HTTP. Whatever goes wrong on the way comes out as one `ApiError`."""

import hashlib
from http import HTTPStatus
from typing import Any, TypeVar

import httpx
from pydantic import ValidationError

from frontend.answers import (
    Answer,
    ImagePage,
    Labels,
    LibraryImage,
    Prediction,
    Problem,
    Readiness,
)
from frontend.picture import Picture

KEY_HEADER = "X-API-Key"
TOP_K = 5
# Reading waits for a large picture on a slow machine; connecting, to a neighbour, is quick or hopeless.
TIMEOUT = httpx.Timeout(60, connect=3)
QUICK = httpx.Timeout(5, connect=3)

A = TypeVar("A", bound=Answer)


class ApiError(Exception):
    """`code` is the API's own, or `unreachable`, `timeout` or `unexpected_answer`; `detail` is words."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Api:
    """Every method raises `ApiError`. Safe to share between threads. `whose` tells apart with whose key it
    asks, and tells no key."""

    def __init__(self, url: str, key: str = "") -> None:
        self.url = url
        # Visitors see it, where it does not answer.
        self._shown = str(httpx.URL(url).copy_with(userinfo=b""))
        self.whose = hashlib.sha256(key.encode()).hexdigest()
        shown = {KEY_HEADER: key} if key else {}
        # The API is a neighbour: a proxy set up for the internet has no place between it and the page.
        self._http = httpx.Client(base_url=url, headers=shown, timeout=TIMEOUT, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def readiness(self) -> Readiness:
        return self.json(Readiness, "GET", "/readyz", timeout=QUICK)

    def predict(self, picture: Picture) -> Prediction:
        return self.json(
            Prediction,
            "POST",
            "/predict",
            params={"top_k": TOP_K},
            files={"file": (picture.name, picture.data)},
        )

    def labels(self) -> Labels:
        return self.json(Labels, "GET", "/labels")

    def images(self, limit: int, label: str | None = None) -> ImagePage:
        params: dict[str, str | int] = {"limit": limit} | ({} if label is None else {"label": label})
        return self.json(ImagePage, "GET", "/images", params=params)

    def picture(self, image: LibraryImage) -> Picture:
        """The library's original file."""
        content = self.send("GET", image.links.content).content
        return Picture(image.file_name, content, image.id)

    def thumbnail(self, image: LibraryImage) -> bytes:
        return self.send("GET", image.links.thumbnail).content

    def json(self, kind: type[A], method: str, path: str, **asked: Any) -> A:
        """What `path` answers, as a `kind`; `asked` as httpx takes it: `params`, `json`, `files`, ..."""
        response = self.send(method, path, **asked)
        try:
            return kind.model_validate_json(response.content)
        except ValidationError as error:
            raise ApiError("unexpected_answer", f"{method} {path} gave no {kind.__name__}") from error

    def send(self, method: str, path: str, **asked: Any) -> httpx.Response:
        """What `path` answers, where that is a success; for what is no JSON."""
        try:
            response = self._http.request(method, path, **asked)
        except httpx.TimeoutException as error:
            raise ApiError("timeout", f"no answer from {self._shown} in time") from error
        except (httpx.HTTPError, RuntimeError) as error:
            # httpx raises the second where the pool was closed meanwhile, under what works in the background.
            raise ApiError("unreachable", f"no connection to {self._shown}") from error
        if not response.is_success:
            raise _refusal(response)
        return response


def _refusal(response: httpx.Response) -> ApiError:
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        # Not the API's own words: a gateway in between, or another program on its port.
        path, status = response.request.url.path, response.status_code
        too_large = status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE  # gateways have limits of their own
        return ApiError("too_many_bytes" if too_large else "unexpected_answer", f"{path} answered {status}")
    return ApiError(problem.code, problem.detail)
