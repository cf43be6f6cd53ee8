"""Models, their history and what they were asked, for the stand-in of the API, as a test fills them."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.frontend.stand_in import MODEL, Asked, Json, StandIn

CHAMPION = MODEL["version"]
BUNDLE: Json = {
    "calibration": {"temperature": 1.5, "fitted_on": "val"},
    "thresholds": {"confidence": 0.6, "novelty": 0.98},
    "serving": {"file": "model.onnx", "reason": "the only candidate", "candidates": []},
    "size": 224,
    "training": {"strategy": "probe", "seed": 0, "curve": list(range(500))},
}
NO_DECISIONS = {"label": 0, "exclude": 0, "include": 0, "total": 0}


def metrics(right: int = 90, pictures: int = 100, fingerprint: str = "f") -> Json:
    share = right / pictures
    within = [max(0.0, share - 0.05), min(1.0, share + 0.05)]
    found: Json = {"pictures": pictures, "accuracy": share, "accuracy_interval": within, "macro_f1": 0.5}
    return found | {"fingerprint": fingerprint, "ece": 0.02}


def model(version: str, state: str = "candidate", **more: Any) -> Json:
    """`task`, `metrics`, ... as keywords."""
    found: Json = {"version": version, "task": "animals", "architecture": "resnet18", "state": state}
    found |= {"serving": version == CHAMPION, "labels": 2, "metrics": metrics(), "bytes": 23_000_000}
    dates = {"created_at": "2026-11-20T10:00:00Z", "promoted_at": None}
    return found | {"latency_ms": 14.2} | dates | more


def share(count: int, total: int = 100) -> Json:
    return {"count": count, "value": count / total, "low": 0.5, "high": 0.99}


def paired(a: int, b: int, p_value: float) -> Json:
    counts = {"pictures": 100, "only_a": max(0, a - b), "only_b": max(0, b - a), "p_value": p_value}
    return counts | {"a": share(a), "b": share(b)}


@dataclass
class RegistryStandIn:
    """`models`: the newest first. `changes`: what was asked to change, which makes
    `changed` the champion. `compared`: fields of a comparison."""

    models: list[Json] = field(default_factory=lambda: [model(CHAMPION, "champion")])
    serving: Json = field(default_factory=lambda: dict(MODEL))
    events: list[Json] = field(default_factory=list)
    compared: Json = field(default_factory=dict)
    answers: int = 0
    of_library: int = 0
    distance: float | None = None
    report: str | None = None
    changes: list[Asked] = field(default_factory=list)
    changed: str = "animals-8"
    unembedded: int = 0
    decided: list[Json] = field(default_factory=list)
    shares: dict[str, tuple[float, float | None]] = field(
        default_factory=lambda: {"lion": (0.9, 0.5), "tiger": (0.1, 0.5)}
    )

    def install(self, api: StandIn) -> None:
        me: Json = {"auth": False, "name": None, "scopes": ["predict", "review", "admin"]}
        api.more[("GET", "/me")] = lambda _: me
        api.more[("GET", "/models")] = lambda _: {"serving": self.serving, "models": self.models}
        api.more[("GET", "/decisions")] = lambda _: {"items": self.decided, "next_after": None}
        api.more[("GET", "/models/history")] = lambda _: {"items": self.events}
        api.more[("GET", "/models/compare")] = self._compare
        api.more[("GET", "/drift")] = self._drift
        api.more[("POST", "/models/rollback")] = self._change
        api.more[("POST", "/models/.+/promote")] = self._change
        api.more[("GET", "/models/[^/]+/report")] = lambda _: (self.report or "").encode()
        api.more[("GET", "/models/[^/]+")] = self._details

    def promoted(self, version: str, by: str | None = None, kind: str = "promoted") -> None:
        at = f"2026-11-{20 + len(self.events)}T10:00:00Z"
        self.events.insert(0, {"kind": kind, "version": version, "at": at, "by": by})

    def decide_on(self, *moments: str) -> None:
        """The newest first."""
        rest: Json = {"image_id": 1, "file_name": "1.jpg", "kind": "label", "label": "lion", "by": "Ann"}
        for at in moments:
            self.decided.append(rest | {"id": len(self.decided) + 1, "made_at": at, "undone_at": None})

    def _details(self, asked: Asked) -> Json | bytes:
        version = unquote(asked.path.rpartition("/")[2])
        found = next((one for one in self.models if one["version"] == version), None)
        if found is None:
            return json.dumps({"code": "x", "detail": "x"}).encode()
        reported_at = None if self.report is None else "2026-11-21T10:00:00Z"
        more = {"report": self.report is not None, "reported_at": reported_at}
        dataset = {"fingerprint": "abc" * 10, "pictures": 916}
        return found | {"names": ["lion", "tiger"], "dataset": dataset, "bundle": BUNDLE} | more

    def _compare(self, asked: Asked) -> Json:
        sides = {
            key: {"version": asked.fields[key], "architecture": "resnet18", "metrics": metrics()}
            for key in ("a", "b")
        }
        rest: Json = {"same_pictures": True, "paired": None, "data": None, "decisions": NO_DECISIONS}
        return sides | rest | self.compared

    def _drift(self, _: Asked) -> Json:
        labels = [
            {"label": label, "answers": 0, "share": share, "expected": expected}
            for label, (share, expected) in self.shares.items()
        ]
        none: Json = {"answers": 0, "capped": False, "unsure": None, "not_an_animal": None}
        day = none | {"day": "2026-11-28", "mean_score": None, "answers": self.answers}
        told: Json = {"version": CHAMPION, "answers": self.answers, "least": 100, "distance": self.distance}
        told["of_library"] = self.of_library
        sums = {"unsure": 0.1, "not_an_animal": 0.05, "mean_score": 0.8, "by_chance": 0.11}
        pace = {"median_ms": 14.0, "p95_ms": 40.0}
        return told | sums | {"labels": labels, "days": [day], "latency": pace}

    def _change(self, asked: Asked) -> Json:
        self.changes.append(asked)
        return {"version": self.changed, "before": CHAMPION, "unembedded": self.unembedded}
