"""Looking through the library: what there is, page by page, and all that is known of one picture."""

from http import HTTPStatus

from fastapi import APIRouter, Request

from backend.api.browsing_query import BrowsingQueryDep, ChosenDep
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
from backend.api.people import may_review
from backend.api.presenting import image_out
from backend.api.schemas import MAX_ID
from databases import browsing, corrections, describing, findings
from databases.describing import Description

router = APIRouter(tags=["library"], responses=problems(HTTPStatus.NOT_FOUND))


@router.get("/library")
def show_library(service: ServiceDep, session: SessionDep, request: Request, chosen: ChosenDep) -> LibraryOut:
    """Count what the library of the serving model's task consists of.

    Labels (in all splits), sources and findings are counted among the pictures of what else is chosen, where
    something is; `total`, `excluded` and `invalid` are of the whole library.
    What people sent is told to who may review alone, until somebody says what it shows.
    """
    task, sent = service.model.task, may_review(request, service)
    filters = chosen.filters(task, sent=sent)
    overview = browsing.overview(session, task, sent=sent, within=filters)
    found = findings.counts(session, task, sent=sent, among=browsing.chosen(filters))
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
def list_images(
    service: ServiceDep, session: SessionDep, request: Request, query: BrowsingQueryDep
) -> ImagePage:
    """List the pictures of the serving model's task, by id; those of a finding with the worst first.

    What people sent is listed for who may review alone, until somebody says what it shows.
    """
    filters = query.filters(service, session, sent=may_review(request, service))
    page = browsing.read_page(session, filters, after=query.after, before=query.before, limit=query.limit)
    found = page.images
    follow = page.total > page.earlier + len(found)
    first = found[0].id if found else MAX_ID
    return ImagePage(
        total=page.total,
        earlier=page.earlier,
        items=[image_out(image) for image in found],
        next_after=found[-1].id if found and follow else None,
        previous_before=first if page.earlier else None,
    )


@router.get("/images/{image_id}")
def show_image(service: ServiceDep, session: SessionDep, request: Request, image_id: ImageId) -> ImageDetails:
    """Tell all that is known of a picture of the serving model's task, an excluded one too.

    What people sent is told to who may review alone, until somebody says what it shows.
    """
    sent = may_review(request, service)
    # Before the picture is read: what is decided meanwhile is then told of it, or counts as later.
    until = corrections.last_id(session, service.model.task)
    image = find_image(service, session, image_id, sent=sent)
    return _details(describing.describe(session, image, service.model.id, sent=sent), until)


def _details(of: Description, decided_until: int) -> ImageDetails:
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
        decided_until=decided_until,
    )
