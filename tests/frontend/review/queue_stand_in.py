"""A queue and decisions for the stand-in of the API, as a test fills them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.frontend.stand_in import MODEL, Asked, Json, Refused, StandIn

MADE = datetime(2026, 11, 1, tzinfo=UTC)
REASONS = ("reported", "suspect", "disagrees", "unsure", "unlabelled")


def waiting(id_: int, label: str | None = "lion", suggestion: str | None = "tiger", **more: Any) -> Json:
    """A picture of the queue. `split` and others of its fields as keywords."""
    links = {"content": f"/images/{id_}/content", "thumbnail": f"/images/{id_}/thumbnail"}
    image = {"id": id_, "file_name": f"{id_}.jpg", "label": label, "split": "train", "links": links}
    image["split"] = more.pop("split", "train")
    answer = {"label": "tiger", "score": 0.87, "verdict": "confident"}
    found: Json = {"image": image, "reasons": ["disagrees"], "suggestion": suggestion, "score": 0.9}
    return found | {"answer": answer, "agreement": None, "likeness": None, "said": []} | more


@dataclass
class QueueStandIn:
    """`items` wait; `decided` is what came in, the newest last."""

    items: list[Json] = field(default_factory=list)
    decided: list[Json] = field(default_factory=list)
    unanswered: int = 0
    me: Json = field(default_factory=lambda: {"auth": False, "name": None, "scopes": ["predict", "review"]})

    def install(self, api: StandIn) -> None:
        api.more[("GET", "/me")] = lambda _: self.me
        api.more[("GET", "/review/queue")] = self._queue
        api.more[("POST", "/decisions")] = self._decide
        api.more[("POST", "/decisions/undo")] = self._undo
        api.more[("GET", "/decisions")] = lambda _: {"items": self.decided[::-1], "next_after": None}
        model = dict(MODEL) | {"created_at": MADE.isoformat()}
        api.more[("GET", "/models")] = lambda _: {"serving": MODEL, "models": [model]}

    def _queue(self, asked: Asked) -> Json:
        gone = {one["image_id"] for one in self.decided if one["undone_at"] is None}
        left = [item for item in self.items if self._id(item) not in gone and _fits(item, asked)]
        start, limit = int(asked.fields.get("after", 0)), int(asked.fields["limit"])
        rest = [item for item in left if self.items.index(item) >= start]
        page = rest[:limit]
        after = str(self.items.index(page[-1]) + 1) if len(rest) > limit else None
        counts = {reason: sum(reason in _reasons(item) for item in left) for reason in REASONS}
        return {"total": len(left), "counts": counts, "items": page, "next_after": after} | {
            "unanswered": self.unanswered,
            "decided_until": len(self.decided),
        }

    def _decide(self, asked: Asked) -> Json:
        assert asked.body is not None
        ids: list[int] = []
        overtaken = []
        until = asked.body["decided_until"]
        assert isinstance(until, int)
        later = {one["image_id"]: one for one in self.decided[until:] if one["undone_at"] is None}
        for image_id in asked.body["image_ids"]:  # type: ignore[attr-defined]
            if image_id in later:
                overtaken.append({"image_id": image_id, "decision": later[image_id]})
                continue
            ids.append(len(self.decided) + 1)
            self.decide(image_id, **{name: asked.body[name] for name in ("kind", "label", "by")})
        return {"decided": len(ids), "ids": ids, "overtaken": overtaken}

    def decide(self, image_id: int, **more: Any) -> None:
        made: Json = {"id": len(self.decided) + 1, "image_id": image_id, "file_name": f"{image_id}.jpg"}
        made |= {"kind": "label", "label": "tiger", "by": "Ann", "made_at": "2026-11-20T10:00:00Z"}
        self.decided.append(made | {"undone_at": None} | more)

    def undo(self, *ids: int) -> None:
        """As somebody else does."""
        for one in self.decided:
            if one["id"] in ids:
                one["undone_at"] = "2026-11-20T11:00:00Z"

    def _undo(self, asked: Asked) -> Json | Refused:
        assert asked.body is not None
        ids = asked.body["ids"]
        assert isinstance(ids, list)
        if not set(ids) <= {one["id"] for one in self.decided if one["undone_at"] is None}:
            return Refused(409, "nothing_to_undo")
        self.undo(*ids)
        return {"undone": len(ids)}

    @staticmethod
    def _id(item: Json) -> object:
        image = item["image"]
        assert isinstance(image, dict)
        return image["id"]


def _reasons(item: Json) -> list[str]:
    reasons = item["reasons"]
    assert isinstance(reasons, list)
    return reasons


def _fits(item: Json, asked: Asked) -> bool:
    image = item["image"]
    assert isinstance(image, dict)
    reason, label = asked.fields.get("reason"), asked.fields.get("label")
    return reason in (None, *_reasons(item)) and label in (None, image["label"])
