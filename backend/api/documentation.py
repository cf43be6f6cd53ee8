"""What OpenAPI is told of keys and limits, by what each path needs."""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI

from backend.api.errors import ApiError, problem_of, problems
from backend.api.needed_scopes import ANY_KEY, PROBES, needed_scopes
from backend.api.rate_limit import rate_limited
from backend.api.require_key import KEY_HEADER, invalid_key, missing_key, missing_scope

SCHEMES = {
    "key": {
        "type": "apiKey",
        "in": "header",
        "name": KEY_HEADER,
        "description": "A key that `menagerie keys add` made. Needed where others than the service's own "
        "machine reach it, unless whoever runs it decided otherwise.",
    },
    "bearer": {"type": "http", "scheme": "bearer", "description": "The same key, as a bearer token."},
}
EITHER: list[dict[str, list[str]]] = [{name: []} for name in SCHEMES]


def document(app: FastAPI) -> None:
    """Has `app` tell, for each of its paths, which key it wants and how it refuses."""
    plain: Callable[[], dict[str, Any]] = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = plain()
            schema["components"]["securitySchemes"] = SCHEMES
            for path, operations in schema["paths"].items():
                for method, operation in operations.items():
                    _describe(operation, method.upper(), path)
        return plain()

    app.openapi = openapi  # type: ignore[method-assign]  # as FastAPI's own documentation does


def _describe(operation: dict[str, Any], method: str, path: str) -> None:
    refusals = [] if path in PROBES else [rate_limited(3)]
    if needed := needed_scopes(method, path):
        refusals += [missing_key(), invalid_key()]
        refusals += [] if needed == ANY_KEY else [missing_scope("page", needed)]
        operation["security"] = EITHER
    for status in dict.fromkeys(HTTPStatus(refusal.status_code) for refusal in refusals):
        of_status = [refusal for refusal in refusals if refusal.status_code == status]
        operation["responses"][str(status.value)] = _response(status, of_status)


def _response(status: HTTPStatus, refusals: list[ApiError]) -> dict[str, Any]:
    response = problems(status)[status.value]
    examples = {refusal.code: {"value": json.loads(bytes(problem_of(refusal).body))} for refusal in refusals}
    (content,) = response["content"].values()
    content["examples"] = examples
    return {"description": status.phrase, "content": response["content"]}
