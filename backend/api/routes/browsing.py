"""Looking through the library: what there is, page by page, and all that is known of one picture."""

from http import HTTPStatus

from fastapi import APIRouter

from backend.api.browsing_query import BrowsingQueryDep
from backend.api.browsing_schemas import (
    AnswerOut,
    FindingCount,
    FindingOut,
    ImageDetails,
    ImagePage,
    LabelCounts,
    LibraryOut,
    QualityOut,
    SourceCount,
)
from backend.api.dependencies import ServiceDep, SessionDep
from backend.api.errors import problems
from backend.api.known_images import ImageId, find_image
from backend.api.presenting import image_out
from backend.api.schemas import MAX_ID
from databases import browsing, describing, findings
from databases.describing import Description

router = APIRouter(tags=["library"], responses=problems(HTTPStatus.NOT_FOUND))


@router.get("/library")
def show_library(service: ServiceDep, session: SessionDep) -> LibraryOut:
    """Count what the library of the serving model's task consists of."""
    task = service.model.task
    overview = browsing.overview(session, task)
    found = findings.counts(session, task)
    return LibraryOut(
        task=task,
        total=overview.total,
        labels=[LabelCounts(**vars(entry)) for entry in overview.labels],
        sources=[SourceCount(name=name, pictures=count) for name, count in overview.sources.items()],
        findings=[FindingCount(kind=kind, pictures=count) for kind, count in found.items()],
        excluded=overview.excluded,
        invalid=overview.invalid,
    )


@router.get("/images")
def list_images(service: ServiceDep, session: SessionDep, query: BrowsingQueryDep) -> ImagePage:
    """List the pictures of the serving model's task, by id; of a `finding` the worst first."""
    filters = query.filters(service, session)
    found = browsing.list_images(session, filters, after=query.after, before=query.before, limit=query.limit)
    first = found[0].id if found else query.before or MAX_ID
    counted = browsing.count_images(session, filters, below=first)
    follow = counted.total > counted.earlier + len(found)
    return ImagePage(
        total=counted.total,
        earlier=counted.earlier,
        items=[image_out(image) for image in found],
        next_after=found[-1].id if found and follow else None,
        previous_before=first if counted.earlier else None,
    )


@router.get("/images/{image_id}")
def show_image(service: ServiceDep, session: SessionDep, image_id: ImageId) -> ImageDetails:
    """Tell all that is known of a picture of the serving model's task, an excluded one too."""
    image = find_image(service, session, image_id)
    return _details(describing.describe(session, image, service.model.id))


def _details(of: Description) -> ImageDetails:
    return ImageDetails(
        **vars(image_out(of.image)),
        source=of.image.root,
        aspect_ratio=of.aspect_ratio,
        ingested_at=of.ingested_at,
        excluded=of.excluded,
        quality=None if of.quality is None else QualityOut(**vars(of.quality)),
        findings=[FindingOut(kind=one.kind, better=one.better) for one in of.findings],
        duplicates=[image_out(image) for image in of.duplicates],
        answer=None if of.answer is None else AnswerOut(**vars(of.answer)),
    )
