"""What a key must allow for what is asked. A path that nobody thought of needs one too."""

from databases.keys import Scope

PROBES = frozenset({"/livez", "/readyz"})
OPEN = PROBES | {"/docs", "/openapi.json"}
ASSETS = "/static-offline-docs/"  # what /docs is drawn with
READING = ("GET", "HEAD")


def needed_scope(method: str, path: str) -> Scope | None:
    """None where anybody may ask."""
    if path in OPEN or path.startswith(ASSETS):
        return None
    area = path.strip("/").partition("/")[0]
    if area == "feedback":
        return "review"
    if area == "models" and method not in READING:
        return "admin"
    return "predict"
