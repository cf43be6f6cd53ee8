"""What people say of an answer. It is a report: a label is only what somebody decides who may."""

import re
from http import HTTPStatus

from anyio import current_time, sleep, to_thread
from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.orm import Session
from starlette.datastructures import UploadFile

from backend.api.dependencies import ServiceDep
from backend.api.errors import ApiError, problems
from backend.api.feedback_schemas import AS_FEEDBACK, FILE, FeedbackIn, FeedbackOut
from backend.api.kept_uploads import Kept, Sent, examine, keep
from backend.api.people import who
from backend.api.service import Service
from backend.api.uploads import content_kind
from backend.api.writing import write
from databases import feedback, kept, label_operations, writable
from databases.feedback import Predicted, Saying

router = APIRouter(tags=["answers"])

PREDICTION_ID = re.compile(r"[0-9a-f]{32}")
# Predictions are written down a moment after they are answered, by this process or another one; where the
# database took nothing for a while, within a second after that.
SOON_SECONDS, WRITTEN_SECONDS, PAUSE_SECONDS = 0.5, 1.5, 0.05
MOST_FIELDS = 10
UNUSABLE = problems(
    HTTPStatus.NOT_FOUND, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNSUPPORTED_MEDIA_TYPE
)


@router.post("/feedback", status_code=HTTPStatus.CREATED, responses=UNUSABLE, openapi_extra=AS_FEEDBACK)
async def say(service: ServiceDep, request: Request) -> FeedbackOut:
    """Say whether an answer is right, and what would be.

    Nothing is learnt from it until somebody with the scope `review` decides. The picture itself may be sent
    along where its owner lets it be kept: only then can it be looked at, and learnt from.
    """
    said, data = await _read(request)
    if said.label is not None:
        label_operations.check_name(said.label)
    predicted = await _find(service, said.prediction_id)
    sent = None
    if data is not None:
        sent = await service.turns.run(request, examine, service, data, predicted)

    def work(session: Session) -> FeedbackOut:
        return _write(service, session, said, predicted, sent, who(request, said.by))

    return await write(service.writer, work)


def _write(
    service: Service,
    session: Session,
    said: FeedbackIn,
    predicted: Predicted,
    sent: Sent | None,
    made_by: str | None,
) -> FeedbackOut:
    if sent is None:
        found = Kept(kept.find(session, predicted.task, predicted.sha256))
    else:
        found = keep(service, session, sent, predicted.task)
    saying = Saying(
        prediction_id=predicted.id,
        correct=said.correct,
        label=said.label,
        comment=said.comment or None,
        image_id=found.image_id,
        made_by=made_by,
    )
    return FeedbackOut(id=feedback.add(session, saying), image_id=found.image_id, not_kept=found.reason)


async def _read(request: Request) -> tuple[FeedbackIn, bytes | None]:
    """What is said, and the picture that was sent along."""
    if content_kind(request) != "multipart/form-data":
        return _parse(await request.body()), None
    async with request.form(max_files=1, max_fields=MOST_FIELDS) as form:
        file = form.get(FILE)
        # Forms send empty fields for what nobody filled in.
        fields = {name: value for name, value in form.items() if isinstance(value, str) and value}
        data = await file.read() if isinstance(file, UploadFile) else b""
        return _parse(fields), data or None


def _parse(sent: bytes | dict[str, str]) -> FeedbackIn:
    try:
        if isinstance(sent, bytes):
            return FeedbackIn.model_validate_json(sent)
        return FeedbackIn.model_validate(sent)
    except ValidationError as error:
        raise RequestValidationError(
            [one | {"loc": ("body", *one["loc"])} for one in error.errors()]
        ) from None


async def _find(service: Service, prediction_id: str) -> Predicted:
    """The prediction, which may be written down only in a moment.

    Raises:
        ApiError: `unknown_prediction`.
        SQLAlchemyError: it waits to be written, here or perhaps in another process, and the database takes
            nothing now.
    """
    if PREDICTION_ID.fullmatch(prediction_id):
        found = await _wait_for(service, prediction_id, SOON_SECONDS)
        if found is None:
            # Another worker or replica may have answered, and hold it still: only a database that takes what
            # is written knows which ones there are.
            await write(service.writer, writable.check_writable)
            found = await _wait_for(service, prediction_id, WRITTEN_SECONDS)
        if found is not None:
            return found
    detail = f"no prediction with the id {prediction_id[:32]!r} was written down"
    raise ApiError(HTTPStatus.NOT_FOUND, "unknown_prediction", detail)


async def _wait_for(service: Service, prediction_id: str, seconds: float) -> Predicted | None:
    """It, once it is written down: until then for so long, or where it waits here, for as long as it may
    be."""
    until = current_time() + seconds
    while True:
        waits = service.recorder.waits(prediction_id)  # before it is looked up: it may be written meanwhile
        found = await to_thread.run_sync(_look_up, service, prediction_id)
        if found is not None:
            return found
        if current_time() > until:
            if not waits:
                return None
            if service.recorder.failure is not None:
                raise service.recorder.failure
        await sleep(PAUSE_SECONDS)


def _look_up(service: Service, prediction_id: str) -> Predicted | None:
    with Session(service.reader) as session:
        return feedback.find_prediction(session, prediction_id)
