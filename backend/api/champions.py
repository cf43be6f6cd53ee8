"""Another champion by request: checked as the command line does, as far as the service can."""

import logging
from dataclasses import dataclass
from http import HTTPStatus

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.api.comparing import can_be_paired, paired, same_pictures
from backend.api.errors import ApiError
from backend.api.priority import behind
from backend.api.service import Service
from backend.bundles.places import bundle_folder, workplace
from backend.inference.bundle import load_bundle
from backend.inference.errors import BadBundle, BundleUnreachable
from databases import embeddings, registry
from databases.errors import Overtaken, UnknownModel
from databases.parts import parts
from databases.promotions import record_promotion, record_rollback
from databases.registry import RegisteredModel

log = logging.getLogger(__name__)

# More would keep whoever asked waiting: `menagerie index` does the rest.
MOST_COPIED = 10_000


@dataclass(frozen=True)
class Change:
    """The champion now, the one before, and how many pictures are not embedded under the new one."""

    model: RegisteredModel
    before: RegisteredModel | None
    unembedded: int


def promote(service: Service, model: RegisteredModel, *, force: bool, by: str | None) -> Change:
    """Makes a model of the served task the champion, if its bundle is sound and it is no worse than the
    champion on the same test pictures; `force` says that it may be. Nothing is measured here.

    Raises:
        ApiError: `other_task`, `bad_bundle`, `storage_unavailable`, `worse_than_champion`, `not_compared` or
        `overtaken`.
    """
    check_task(service, model.task)
    with Session(service.reader) as session:
        before = registry.champion(session, model.task)
        if before is not None and before.version != model.version and not force:
            _check_no_worse(session, model, before)
    _check_bundle(service, model)
    unembedded = _copy_embeddings(service.writer, model)
    try:
        version = before.version if before else None
        champion = record_promotion(service.writer, model.version, version, force=force, by=by)
    except Overtaken as error:
        raise ApiError(HTTPStatus.CONFLICT, "overtaken", str(error)) from None
    return Change(champion, before, unembedded)


def roll_back(service: Service, task: str, by: str | None) -> Change:
    """Goes back to the champion before this one, if its bundle is sound.

    Raises:
        ApiError: `other_task`, `no_earlier_champion`, `bad_bundle`, `storage_unavailable` or `overtaken`.
    """
    check_task(service, task)
    try:
        with Session(service.reader) as session:
            champion, before = registry.champion_and_before(session, task)
        _check_bundle(service, before)
        unembedded = _copy_embeddings(service.writer, before)
        model = record_rollback(service.writer, champion, before, by)
    except UnknownModel as error:
        raise ApiError(HTTPStatus.CONFLICT, "no_earlier_champion", str(error)) from None
    except Overtaken as error:
        raise ApiError(HTTPStatus.CONFLICT, "overtaken", str(error)) from None
    return Change(model, champion, unembedded)


def check_task(service: Service, task: str) -> None:
    """Refuses to change another task's champion: whoever asks would not see it answer here."""
    if task != service.model.task:
        detail = f"this service answers for task {service.model.task!r}, not {task!r}"
        raise ApiError(HTTPStatus.CONFLICT, "other_task", detail)


def _check_no_worse(session: Session, model: RegisteredModel, champion: RegisteredModel) -> None:
    compared = _accuracies(session, model, champion)
    if compared is None:
        does = f"this measures both, and then promotes: menagerie models promote {model.version}"
        if can_be_paired(session, model, champion):
            does = f"this asks both: menagerie compare {champion.version} {model.version}"
        detail = (
            f"{model.version} and the champion {champion.version} were not measured on the same test "
            f"pictures; {does}"
        )
        raise ApiError(HTTPStatus.CONFLICT, "not_compared", detail)
    ours, theirs = compared
    if ours < theirs:
        detail = (
            f"{model.version} is right on {ours:.2%} of the test pictures, the champion {champion.version} "
            f"on {theirs:.2%}"
        )
        raise ApiError(HTTPStatus.CONFLICT, "worse_than_champion", detail)


def _accuracies(
    session: Session, model: RegisteredModel, champion: RegisteredModel
) -> tuple[float, float] | None:
    """Of both on the same pictures: by their answers, or else by what was measured."""
    if (found := paired(session, model, champion)) is not None:
        return found.a.value, found.b.value
    if same_pictures(model, champion) and model.metrics and champion.metrics:
        return model.metrics["accuracy"], champion.metrics["accuracy"]
    return None


def _check_bundle(service: Service, model: RegisteredModel) -> None:
    bundles = service.bundles
    try:
        behind(_load_whole, service, model)
    except BundleUnreachable as error:
        log.warning("%s was to be promoted, but %s", model.version, error)
        detail = f"the bundle of {model.version} lies where nothing answers now"
        raise ApiError(HTTPStatus.SERVICE_UNAVAILABLE, "storage_unavailable", detail) from None
    except BadBundle as error:
        # Where the bundles lie is nobody's business but that of whoever runs the service.
        detail = str(error).replace(f"{workplace(bundles)}/", "").replace(f"{service.settings.bundles}/", "")
        raise ApiError(HTTPStatus.CONFLICT, "bad_bundle", f"{model.version} cannot serve: {detail}") from None


def _load_whole(service: Service, model: RegisteredModel) -> None:
    settings = service.settings
    folder = bundle_folder(service.bundles, model.bundle_uri)
    load_bundle(folder, settings.threads or settings.cores, whole=True)


def _copy_embeddings(writer: Engine, model: RegisteredModel) -> int:
    """Takes over embeddings from models with the same embedder; returns how many pictures have none yet."""
    with Session(writer) as session:
        lacking = embeddings.unembedded(session, model.id, model.task)
    copied = 0
    for some in parts(lacking[:MOST_COPIED]):
        with Session(writer) as session, session.begin():
            copied += len(embeddings.copy_embeddings(session, model.id, some))
    return len(lacking) - copied
