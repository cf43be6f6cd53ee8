"""The stand-in's `/predict/batch`."""

from collections.abc import Mapping

from tests.frontend.stand_in import Asked, Json, Refused, StandIn


def answer_batches(
    api: StandIn,
    refused: Mapping[str, str] | None = None,
    *,
    most_items: int = 64,
    most_bytes: int = 2**28,
) -> None:
    """Answers as `/predict` does; `refused`: the code of what is wrong, by a file's name. `most_items` and
    `most_bytes` are taken of one request."""

    def answer(asked: Asked) -> Json | Refused:
        if asked.length > most_bytes:
            return Refused(413, "too_many_bytes")
        if len(asked.names) > most_items:
            return Refused(413, "too_many_items")
        return {"items": [_item(api, name, (refused or {}).get(name)) for name in asked.names]}

    api.more["POST", "/predict/batch"] = answer


def _item(api: StandIn, name: str, code: str | None) -> Json:
    if code is None:
        return {"name": name, "prediction": api.prediction(), "error": None}
    return {"name": name, "prediction": None, "error": {"code": code, "detail": "because"}}
