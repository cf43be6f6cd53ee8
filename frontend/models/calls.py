"""What the Models page asks of the API. Every function raises `ApiError`."""

from urllib.parse import quote

from frontend.client import Api
from frontend.models.answers import Champion, Comparison, Details, Drift, History, Registry


def registry(api: Api) -> Registry:
    return api.json(Registry, "GET", "/models")


def details(api: Api, version: str) -> Details:
    return api.json(Details, "GET", _of(version))


def report(api: Api, version: str) -> str:
    """A whole page of HTML."""
    return api.send("GET", f"{_of(version)}/report").text


def history(api: Api, task: str) -> History:
    return api.json(History, "GET", "/models/history", params={"task": task})


def compare(api: Api, a: str, b: str) -> Comparison:
    return api.json(Comparison, "GET", "/models/compare", params={"a": a, "b": b})


def drift(api: Api, days: int) -> Drift:
    """Of the model that answers now."""
    return api.json(Drift, "GET", "/drift", params={"days": str(days)})


def promote(api: Api, version: str, *, force: bool, by: str | None) -> Champion:
    return api.json(Champion, "POST", f"{_of(version)}/promote", json={"force": force, "by": by})


def roll_back(api: Api, task: str, *, by: str | None) -> Champion:
    return api.json(Champion, "POST", "/models/rollback", params={"task": task}, json={"by": by})


def _of(version: str) -> str:
    return f"/models/{quote(version, safe='')}"
