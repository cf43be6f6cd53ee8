"""Who asks, and what may they do?"""

from fastapi import APIRouter, Request

from backend.api.decision_schemas import Me
from backend.api.dependencies import ServiceDep
from backend.api.guard import is_key_needed
from backend.api.people import scopes_of, who

router = APIRouter(tags=["people"])


@router.get("/me")
async def me(service: ServiceDep, request: Request) -> Me:
    """Tell whose key this is and what it allows."""
    scopes = scopes_of(request, service)
    return Me.model_validate(
        {"auth": is_key_needed(service.settings), "name": who(request, None), "scopes": scopes}
    )
