"""All that is known of one picture of a library, for those who look at it closely."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from databases import findings, kept, library
from databases.findings import Ranked
from databases.library import LibraryImage
from databases.models import Answer, Image, Root
from databases.quality import Quality

MOST_DUPLICATES = 12


@dataclass(frozen=True)
class ModelAnswer:
    """What a model answers to a picture as it is now. `agreement`: the share of the nearest labelled pictures
    that carry `label`, None where nobody asked them."""

    label: str
    score: float
    verdict: str
    agreement: float | None


@dataclass(frozen=True)
class Description:
    """What is known of `image`. `aspect_ratio` is width over height. `duplicates`: at most 12 usable pictures
    of the task that show the same, by id."""

    image: LibraryImage
    aspect_ratio: float
    ingested_at: datetime
    excluded: bool
    quality: Quality | None
    findings: tuple[Ranked, ...]
    duplicates: tuple[LibraryImage, ...]
    answer: ModelAnswer | None


def describe(session: Session, image: LibraryImage, model_id: int, *, sent: bool = True) -> Description:
    """What is known of a picture, and what a model answers to it. `sent`: see `kept.seen`."""
    ingested_at, excluded, *measures = session.execute(
        select(
            Image.ingested_at,
            Image.excluded,
            Image.sharpness,
            Image.brightness,
            Image.contrast,
            Image.saturation,
        ).where(Image.id == image.id)
    ).one()
    known = [measure for measure in measures if measure is not None]
    return Description(
        image=image,
        aspect_ratio=image.width / image.height,
        ingested_at=ingested_at,
        excluded=excluded,
        quality=Quality(*known) if len(known) == len(measures) else None,
        findings=tuple(findings.of_image(session, image.id)),
        duplicates=_duplicates(session, image, sent=sent),
        answer=_answer(session, image, model_id),
    )


def _duplicates(session: Session, image: LibraryImage, *, sent: bool) -> tuple[LibraryImage, ...]:
    same = [Image.sha256 == image.sha256]
    if image.duplicate_group is not None:
        same.append(Image.duplicate_group == image.duplicate_group)
    query = select(Image.id).join(Root).where(Root.task == image.task, Image.usable, Image.id != image.id)
    seen = kept.seen(session, image.task, sent=sent)
    ids = session.scalars(query.where(or_(*same), seen).order_by(Image.id).limit(MOST_DUPLICATES)).all()
    found = library.find_images(session, ids)
    return tuple(found[image_id] for image_id in ids if image_id in found)


def _answer(session: Session, image: LibraryImage, model_id: int) -> ModelAnswer | None:
    row = session.execute(
        select(Answer.label, Answer.score, Answer.verdict, Answer.agreement).where(
            Answer.image_id == image.id, Answer.model_id == model_id, Answer.sha256 == image.sha256
        )
    ).one_or_none()
    return None if row is None else ModelAnswer(*row)
