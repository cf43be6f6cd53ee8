"""The stand-in's `/predict/batch`."""

from collections.abc import Mapping

from tests.frontend.stand_in import Asked, Json, StandIn


def answer_batches(api: StandIn, refused: Mapping[str, str] | None = None) -> None:
    """Answers as `/predict` does; `refused`: the code of what is wrong, by a file's name."""

    def answer(asked: Asked) -> Json:
        return {"items": [_item(api, name, (refused or {}).get(name)) for name in asked.names]}

    api.more["POST", "/predict/batch"] = answer


def _item(api: StandIn, name: str, code: str | None) -> Json:
    if code is None:
        return {"name": name, "prediction": api.prediction(), "error": None}
    return {"name": name, "prediction": None, "error": {"code": code, "detail": "because"}}
