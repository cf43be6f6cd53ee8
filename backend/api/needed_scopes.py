"""What a key must allow for what is asked. A path that nobody thought of needs one too."""

from typing import Literal

from databases.keys import Scope

# `any`: a key in use, whatever it allows.
Need = Scope | Literal["any"]

PROBES = frozenset({"/livez", "/readyz"})
OPEN = PROBES | {"/docs", "/openapi.json"}
ASSETS = "/static-offline-docs/"  # what /docs is drawn with
READING = ("GET", "HEAD")


def needed_scope(method: str, path: str) -> Need | None:
    """None where anybody may ask."""
    if path in OPEN or path.startswith(ASSETS):
        return None
    area = path.strip("/").partition("/")[0]
    if area == "me":
        return "any"
    if area in ("review", "decisions"):
        return "review"
    if area == "models" and method not in READING:
        return "admin"
    return "predict"
