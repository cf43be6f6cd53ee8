"""A small HTTP server that answers as the API does, from a library that a test fills."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

MODEL = {"task": "animals", "version": "animals-7"}
Json = dict[str, object]


@dataclass(frozen=True)
class Asked:
    """One request: `fields` are the query's and the form's, a file as its bytes; `body`: JSON that it sent;
    `key`: what it showed; `names`: of all files of a form, in their order; `length`: of what was sent, in
    bytes."""

    method: str
    path: str
    fields: dict[str, str | bytes]
    key: str | None = None
    body: Json | None = None
    names: tuple[str, ...] = ()
    length: int = 0


@dataclass(frozen=True)
class Refused:
    """What is told where something was asked for that cannot be had."""

    status: int
    code: str


@dataclass
class StandIn:
    """`labels`: of the library's pictures, with ids from 1. `known`: the model's, if not the same.

    `scores`: what `/predict` answers, the likeliest first. `broken`: path to (status, body) instead.
    `more`: what else is answered, by method and a pattern of the path.
    """

    labels: list[str] = field(default_factory=list)
    scores: dict[str, float] = field(default_factory=lambda: {"tiger": 0.93, "lion": 0.05})
    verdict: str = "confident"
    sentence: str = "This looks like: tiger (93 % sure)."
    known: list[str] | None = None
    thumbnail: bytes = b""
    broken: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    more: dict[tuple[str, str], Callable[[Asked], Json | bytes | Refused]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    url: str = ""

    def refuse(self, path: str, status: int, code: str, detail: str = "because") -> None:
        self.broken[path] = (status, _problem(status, code, detail))

    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def last(self, path: str) -> Asked:
        return [asked for asked in self.asked if asked.path == path][-1]

    def answer(self, asked: Asked) -> tuple[int, bytes]:
        self.asked.append(asked)
        if asked.path in self.broken:
            return self.broken[asked.path]
        for (method, pattern), told in self.more.items():
            if method == asked.method and re.fullmatch(pattern, asked.path):
                said = told(asked)
                if isinstance(said, Refused):
                    return said.status, _problem(said.status, said.code, "because")
                return 200, said if isinstance(said, bytes) else json.dumps(said).encode()
        if found := re.fullmatch(r"/images/(\d+)/(thumbnail|content)", asked.path):
            return 200, self.thumbnail if found[2] == "thumbnail" else b"file " + found[1].encode()
        return 200, json.dumps(self._json(asked)).encode()

    def _json(self, asked: Asked) -> Json:
        match asked.path:
            case "/readyz":
                return {"status": "ready", "model": MODEL, "gallery": len(self.labels)}
            case "/labels":
                names = sorted(set(self.labels)) if self.known is None else self.known
                return {"task": "animals", "labels": [self._count(name) for name in names]}
            case "/images":
                page: Json = {"total": len(self.labels), "items": self._of(asked), "next_after": None}
                return page | {"earlier": 0, "previous_before": None}
            case "/library":
                return self._library()
            case "/predict":
                return self.prediction()
            case "/similar":
                near = self._of(asked)
                items = [{"image": image, "similarity": 0.97 - 0.3 * i} for i, image in enumerate(near)]
                return {
                    "label": asked.fields["label"],
                    "available": len(near),
                    "items": items,
                    "model": MODEL,
                }
        raise AssertionError(f"the page asked for {asked.path}")

    def _count(self, name: str) -> Json:
        return {"label": name, "pictures": self.labels.count(name)}

    def _library(self) -> Json:
        parts = {"train": 0, "val": 0, "test": 0}
        labels = [self._count(name) | parts for name in sorted(set(self.labels))]
        left_out = {"sources": [], "findings": [], "excluded": 0, "invalid": 0}
        return {"task": "animals", "total": len(self.labels), "labels": labels} | left_out

    def _of(self, asked: Asked) -> list[Json]:
        wanted = asked.fields.get("label")
        found = [(i, name) for i, name in enumerate(self.labels, 1) if wanted in (None, name)]
        return [self._image(i, name) for i, name in found][: int(asked.fields.get("limit", 12))]

    def _image(self, id_: int, label: str) -> Json:
        links = {"content": f"/images/{id_}/content", "thumbnail": f"/images/{id_}/thumbnail"}
        return {"id": id_, "file_name": f"{label}-{id_}.jpg", "label": label, "width": 8, "links": links}

    def prediction(self) -> Json:
        likeliest, score = next(iter(self.scores.items()))
        label = None if self.verdict == "not_an_animal" else likeliest
        top_k = [{"label": name, "score": value} for name, value in self.scores.items()]
        told: Json = {"verdict": self.verdict, "sentence": self.sentence, "novelty": None, "model": MODEL}
        return told | {"prediction_id": "1", "label": label, "score": score, "top_k": top_k}


def _problem(status: int, code: str, detail: str) -> bytes:
    told = {"type": "about:blank", "title": "x", "status": status, "code": code, "detail": detail}
    return json.dumps(told).encode()


class _Handler(BaseHTTPRequestHandler):
    stand_in: StandIn

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.headers["Content-Type"]
        if kind == "application/json":
            self._answer({}, json.loads(body))
        else:
            form, names = _form(kind, body)
            self._answer(form, names=names)

    def _answer(
        self, form: dict[str, str | bytes], sent: Json | None = None, names: tuple[str, ...] = ()
    ) -> None:
        url = urlsplit(self.path)
        form.update({name: values[0] for name, values in parse_qs(url.query).items()})
        length = int(self.headers.get("Content-Length", 0))
        asked = Asked(self.command, url.path, form, self.headers.get("X-API-Key"), sent, names, length)
        status, body = self.stand_in.answer(asked)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the test's output is for the test."""


def _form(content_type: str, body: bytes) -> tuple[dict[str, str | bytes], tuple[str, ...]]:
    """The fields of a form, and the names of its files."""
    if content_type == "application/x-www-form-urlencoded":
        return {name: values[0] for name, values in parse_qs(body.decode()).items()}, ()
    whole = BytesParser(policy=policy.HTTP).parsebytes(
        f"Content-Type: {content_type}\r\n\r\n".encode() + body
    )
    fields: dict[str, str | bytes] = {}
    names: list[str] = []
    for part in whole.iter_parts():
        name, file_name = str(part.get_param("name", header="content-disposition")), part.get_filename()
        data = part.get_payload(decode=True)
        assert isinstance(data, bytes)
        fields[name] = data.decode() if file_name is None else data
        names += [] if file_name is None else [file_name]
    return fields, tuple(names)


def serve(stand_in: StandIn) -> ThreadingHTTPServer:
    """Listens on a free loopback port; the caller runs and closes it."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"stand_in": stand_in}))
    stand_in.url = f"http://127.0.0.1:{server.server_port}"
    return server
