"""What each path needs; what nobody thought of needs a key too."""

import pytest

from backend.api.needed_scopes import needed_scopes


@pytest.mark.parametrize(
    "path", ["/livez", "/readyz", "/docs", "/openapi.json", "/static-offline-docs/swagger-ui.css"]
)
def test_whether_it_lives_and_how_it_is_asked_anybody_may_know(path: str) -> None:
    assert needed_scopes("GET", path) is None


@pytest.mark.parametrize(
    ("method", "path", "scopes"),
    [
        ("POST", "/predict", "predict"),
        ("POST", "/predict/batch", "predict"),
        ("POST", "/similar", "predict"),
        ("GET", "/images", "predict or review"),
        ("GET", "/images/1/thumbnail", "predict or review"),
        ("GET", "/library", "predict or review"),
        ("GET", "/labels", "predict or review"),
        ("GET", "/models", "predict or review"),
        ("HEAD", "/models", "predict or review"),
        ("GET", "/metrics", "predict"),
        ("POST", "/feedback", "predict"),
        ("GET", "/me", "predict or review or admin"),
        ("GET", "/review/queue", "review"),
        ("GET", "/decisions", "review"),
        ("POST", "/decisions", "review"),
        ("POST", "/decisions/undo", "review"),
        ("POST", "/models/rollback", "admin"),
        ("POST", "/models/pets-1/promote", "admin"),
        ("GET", "/models/history", "predict or review"),
        ("GET", "/drift", "predict"),
        ("DELETE", "/models", "admin"),
        ("OPTIONS", "/models", "admin"),
        ("POST", "//models/pets-1/promote", "admin"),
        ("POST", "/images", "predict"),
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
def test_everything_else_needs_one_of_some_scopes(method: str, path: str, scopes: str) -> None:
    assert needed_scopes(method, path) == tuple(scopes.split(" or "))
