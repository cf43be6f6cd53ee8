"""What is known of models: one, two side by side, and who was the champion when."""

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy.orm import Session

from backend.api.bundle_facts import BundleFacts
from backend.api.comparing import compare
from backend.api.dependencies import ServiceDep, SessionDep
from backend.api.errors import ApiError, problems
from backend.api.model_schemas import (
    BundleOut,
    CalibrationOut,
    CandidateOut,
    CompareOut,
    DatasetOut,
    EventOut,
    HistoryOut,
    ModelDetails,
    ServingOut,
    ThresholdsOut,
)
from backend.api.presenting import model_out
from backend.api.priority import behind
from databases import dataset_versions, promotions, registry
from databases.errors import UnknownModel
from databases.registry import RegisteredModel

router = APIRouter(prefix="/models", tags=["models"], responses=problems(HTTPStatus.NOT_FOUND))

MOST_EVENTS = 200
# A stored page is a stranger here: it may draw, and do nothing in the name of this service.
STRANGER = {
    "Content-Security-Policy": "sandbox allow-scripts; default-src 'none'; img-src data: blob:; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    "Cache-Control": "no-cache",
}
REPORT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/html": {}}, "description": "The report."}}


@router.get("/history")
def list_history(
    service: ServiceDep,
    session: SessionDep,
    task: Annotated[str | None, Query(description="By default the serving model's.")] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_EVENTS)] = 50,
) -> HistoryOut:
    """List a task's promotions, and those that were taken back, newest first."""
    task = service.model.task if task is None else task
    events = promotions.history(session, task, limit)
    items = [EventOut.model_validate(event, from_attributes=True) for event in events]
    return HistoryOut(task=task, items=items)


@router.get("/compare", responses=problems(HTTPStatus.UNPROCESSABLE_ENTITY))
def compare_models(
    service: ServiceDep,
    session: SessionDep,
    a: Annotated[str, Query(description="A version, such as the champion's.")],
    b: Annotated[str, Query(description="Another version of the same task.")],
) -> CompareOut:
    """Hold two models of one task side by side: figures, what they learnt from, who was right where."""
    first, second = find_model(session, a), find_model(session, b)
    if first.task != second.task:
        detail = f"{a} is of task {first.task!r}, {b} of {second.task!r}: they answer different questions"
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "different_tasks", detail)
    return behind(compare, service, session, first, second)


def get_model(session: SessionDep, version: str) -> RegisteredModel:
    return find_model(session, version)


ModelDep = Annotated[RegisteredModel, Depends(get_model)]


@router.get("/{version}")
def show_model(service: ServiceDep, session: SessionDep, model: ModelDep) -> ModelDetails:
    """Tell what the registry and its manifest know of a model."""
    facts = service.shelf.facts(model.bundle_uri, model.version)
    reported_at = service.shelf.reported_at(model.version)
    return ModelDetails(
        **dict(model_out(service, model)),
        names=list(model.labels),
        dataset=_dataset_out(session, model),
        bundle=None if facts is None else _bundle_out(facts),
        report=reported_at is not None,
        reported_at=reported_at,
    )


@router.get("/{version}/report", response_class=Response, responses=REPORT)
def show_report(service: ServiceDep, model: ModelDep) -> Response:
    """The report that `menagerie evaluate` wrote on a model: one page that needs no network."""
    page = service.shelf.report(model.version)
    if page is None:
        detail = f"nobody wrote a report on {model.version} yet; run: menagerie evaluate {model.version}"
        raise ApiError(HTTPStatus.NOT_FOUND, "no_report", detail)
    return Response(page, media_type="text/html; charset=utf-8", headers=STRANGER)


def find_model(session: Session, version: str) -> RegisteredModel:
    """The model called `version`; an `ApiError` where there is none."""
    try:
        return registry.get_model(session, version)
    except UnknownModel:
        detail = f"no model is called {version!r}; those there are, are listed at GET /models"
        raise ApiError(HTTPStatus.NOT_FOUND, "unknown_model", detail) from None


def _dataset_out(session: Session, model: RegisteredModel) -> DatasetOut | None:
    if model.dataset_fingerprint is None:
        return None
    kept = dataset_versions.size_of(session, model.dataset_fingerprint)
    pictures, created_at = (None, None) if kept is None else kept
    return DatasetOut(fingerprint=model.dataset_fingerprint, pictures=pictures, created_at=created_at)


def _bundle_out(facts: BundleFacts) -> BundleOut:
    manifest = facts.manifest
    calibration, thresholds, serving = manifest.calibration, manifest.thresholds, manifest.serving
    return BundleOut(
        calibration=CalibrationOut.model_validate(calibration, from_attributes=True),
        thresholds=ThresholdsOut.model_validate(thresholds, from_attributes=True),
        serving=ServingOut(
            file=serving.file,
            reason=serving.reason,
            candidates=[CandidateOut.model_validate(one, from_attributes=True) for one in serving.candidates],
        ),
        size=manifest.preprocessing.size,
        training=manifest.training,
        libraries=manifest.libraries,
    )
