"""What tests of the library's page see and do there."""

import json
import re
from html import unescape
from urllib.parse import parse_qsl

from streamlit.testing.v1 import AppTest

from tests.frontend.at_the_page import words
from tests.frontend.stand_in import Asked, Json, StandIn


def said(page: AppTest) -> str:
    """All that stands there as HTML of our own, links too."""
    linked = [json.loads(piece.proto.json)["html"] for piece in page.get("bidi_component")]
    return "\n".join([words(page), *linked])


def follow(page: AppTest, name: str) -> AppTest:
    """Goes where the first link that says `name` leads."""
    for link, inside in re.findall(r'<a [^>]*?href="\?([^"]*)"[^>]*>(.*?)</a>', said(page), re.DOTALL):
        if name in inside:
            page.query_params.clear()
            page.query_params.update(dict(parse_qsl(unescape(link))))
            return page.run()
    raise AssertionError(f"no link says {name!r}: {said(page)}")


def address(page: AppTest) -> dict[str, str]:
    return {
        name: values[0] if isinstance(values, list) else values for name, values in page.query_params.items()
    }


def image(id_: int, label: str | None = "cat") -> Json:
    links = {"content": f"/images/{id_}/content", "thumbnail": f"/images/{id_}/thumbnail"}
    return {"id": id_, "file_name": f"{label}-{id_}.jpg", "label": label, "links": links}


def listed(api: StandIn, ids: range, *, total: int, earlier: int = 0) -> None:
    """Has the library list some pictures of many."""
    ends = not ids or earlier + len(ids) >= total
    page: Json = {
        "total": total,
        "earlier": earlier,
        "items": [image(id_) for id_ in ids],
        "next_after": None if ends else ids[-1],
        "previous_before": (ids[0] if ids else total) if earlier else None,
    }
    api.more["GET", "/images"] = lambda _: page


def detailed(api: StandIn, id_: int, **changes: object) -> None:
    """Has the library know a picture closely."""
    told: Json = {
        "split": "train",
        "width": 640,
        "height": 427,
        "bytes": 58_213,
        "format": "JPEG",
        "source": "zoo",
        "aspect_ratio": 1.499,
        "ingested_at": "2026-11-22T09:30:00Z",
        "excluded": False,
        "quality": None,
        "findings": [],
        "duplicates": [],
        "answer": None,
    }
    api.more["GET", f"/images/{id_}"] = lambda _: image(id_) | told | changes


def allowing(api: StandIn, *scopes: str, auth: bool = True) -> None:
    api.more["GET", "/me"] = lambda _: {"auth": auth, "name": "mara", "scopes": list(scopes)}
    api.more["POST", "/decisions"] = lambda _: {"decided": 1, "ids": [7]}
    api.more["POST", "/decisions/undo"] = lambda _: {"undone": 1}


def sent(api: StandIn, path: str) -> Json:
    asked: Asked = api.last(path)
    assert asked.body is not None
    return asked.body
