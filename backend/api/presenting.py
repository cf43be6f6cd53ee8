"""Rows of the database as what goes over HTTP."""

from backend.api.schemas import ImageLinks, ImageOut, ModelName
from backend.api.service import Service
from databases.library import LibraryImage


def image_out(image: LibraryImage) -> ImageOut:
    base = f"/images/{image.id}"
    return ImageOut(
        id=image.id,
        file_name=image.file_name,
        label=image.label,
        split=image.split,
        width=image.width,
        height=image.height,
        bytes=image.bytes,
        format=image.format,
        links=ImageLinks(content=f"{base}/content", thumbnail=f"{base}/thumbnail"),
    )


def model_name(service: Service) -> ModelName:
    return ModelName(task=service.model.task, version=service.model.version)
