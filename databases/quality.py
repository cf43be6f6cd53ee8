"""What was measured of pictures: how they look."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from databases.models import Image, Root


@dataclass(frozen=True)
class Quality:
    """How a picture looks. Brightness, contrast and saturation are 0 to 1; for what is measured, and for the
    unit of the sharpness, see what measures it."""

    sharpness: float
    brightness: float
    contrast: float
    saturation: float


def qualities(session: Session, task: str) -> dict[int, Quality]:
    """Of a task's usable pictures that were measured, by id."""
    rows = session.execute(
        _usable(task, Image.sharpness, Image.brightness, Image.contrast, Image.saturation).where(
            Image.sharpness.is_not(None)
        )
    )
    return {image_id: Quality(*measures) for image_id, *measures in rows}


def _usable(task: str, *columns: Any) -> Select[*tuple[Any, ...]]:
    return select(Image.id, *columns).join(Root).where(Root.task == task, Image.usable).order_by(Image.id)
