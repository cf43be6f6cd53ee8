"""What a key must allow for what is asked. A path that nobody thought of needs one too."""

from databases.keys import SCOPES, Scope

# Any of these will do. A key has one at least, so that all of them together are any key in use.
Need = tuple[Scope, ...]
ANY_KEY: Need = SCOPES

PROBES = frozenset({"/livez", "/readyz"})
OPEN = PROBES | {"/docs", "/openapi.json"}
ASSETS = "/static-offline-docs/"  # what /docs is drawn with
READING = ("GET", "HEAD")
# What whoever decides on pictures must see of them.
LIBRARY = ("images", "labels", "library", "models")


def needed_scopes(method: str, path: str) -> Need | None:
    """None where anybody may ask."""
    if path in OPEN or path.startswith(ASSETS):
        return None
    area = path.strip("/").partition("/")[0]
    if area == "me":
        return ANY_KEY
    if area in ("review", "decisions"):
        return ("review",)
    if area in LIBRARY and method in READING:
        return ("predict", "review")
    if area == "models":
        return ("admin",)
    return ("predict",)
