"""Which path template a request is for: also where it was refused before it came to a route."""

from collections.abc import Sequence

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, compile_path
from starlette.types import Scope

NO_ROUTE = "none"  # a client's own paths would be names without end


class RouteTemplates:
    """Those of an app that has all its routes."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        paths = [route.path for route in iter_route_contexts(routes) if route.path]
        self._templates = [(compile_path(path)[0], path) for path in paths]

    def find(self, scope: Scope) -> str:
        """The template, `none` where no route has the path."""
        chosen = getattr(scope.get("route"), "path", None)
        if chosen is not None:
            return str(chosen)
        return next((path for regex, path in self._templates if regex.match(scope["path"])), NO_ROUTE)
