"""What each path needs; what nobody thought of needs a key too."""

import pytest

from backend.api.needed_scopes import needed_scope


@pytest.mark.parametrize(
    "path", ["/livez", "/readyz", "/docs", "/openapi.json", "/static-offline-docs/swagger-ui.css"]
)
def test_whether_it_lives_and_how_it_is_asked_anybody_may_know(path: str) -> None:
    assert needed_scope("GET", path) is None


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/predict", "predict"),
        ("POST", "/predict/batch", "predict"),
        ("POST", "/similar", "predict"),
        ("GET", "/images", "predict"),
        ("GET", "/images/1/thumbnail", "predict"),
        ("GET", "/labels", "predict"),
        ("GET", "/models", "predict"),
        ("HEAD", "/models", "predict"),
        ("GET", "/metrics", "predict"),
        ("POST", "/feedback", "predict"),
        ("GET", "/me", "any"),
        ("GET", "/review/queue", "review"),
        ("GET", "/decisions", "review"),
        ("POST", "/decisions", "review"),
        ("POST", "/decisions/undo", "review"),
        ("POST", "/models/rollback", "admin"),
        ("POST", "/models/pets-1/promote", "admin"),
        ("GET", "/models/history", "predict"),
        ("GET", "/drift", "predict"),
        ("DELETE", "/models", "admin"),
        ("OPTIONS", "/models", "admin"),
        ("POST", "//models/pets-1/promote", "admin"),
        ("GET", "/no/such/path", "predict"),
        ("POST", "/livez/", "predict"),
        ("GET", "/docs/more", "predict"),
        ("GET", "/redoc", "predict"),
        ("GET", "/static-offline-docs", "predict"),
        ("GET", "/LIVEZ", "predict"),
        ("GET", "/", "predict"),
        ("GET", "", "predict"),
    ],
)
def test_everything_else_needs_a_scope(method: str, path: str, scope: str) -> None:
    assert needed_scope(method, path) == scope
