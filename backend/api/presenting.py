"""Rows of the database as what goes over HTTP."""

from backend.api.schemas import ImageLinks, ImageOut, ModelName, ModelOut
from backend.api.service import Service
from databases.library import LibraryImage
from databases.registry import RegisteredModel

VERSION_DIGITS = 16


def image_out(image: LibraryImage) -> ImageOut:
    """Its links name its content too: what somebody keeps of what they found there is of no other picture,
    even where a restored database gives ids anew."""
    base, version = f"/images/{image.id}", f"?v={image.sha256[:VERSION_DIGITS]}"
    return ImageOut(
        id=image.id,
        file_name=image.file_name,
        label=image.label,
        split=image.split,
        width=image.width,
        height=image.height,
        bytes=image.bytes,
        format=image.format,
        links=ImageLinks(content=f"{base}/content{version}", thumbnail=f"{base}/thumbnail{version}"),
    )


def model_name(service: Service) -> ModelName:
    return ModelName(task=service.model.task, version=service.model.version)


def model_out(service: Service, model: RegisteredModel) -> ModelOut:
    facts = service.shelf.facts(model.bundle_uri, model.version)
    return ModelOut(
        version=model.version,
        task=model.task,
        architecture=model.architecture,
        state=model.state,
        serving=model.version == service.model.version,
        labels=len(model.labels),
        metrics=None if model.metrics is None else dict(model.metrics),
        bytes=None if facts is None else facts.bytes,
        latency_ms=None if facts is None else facts.latency_ms,
        created_at=model.created_at,
        promoted_at=model.promoted_at,
    )
