"""What may be said beside the picture when similar ones are asked for."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query
from pydantic import AfterValidator, BaseModel, Field
from pydantic_core import PydanticCustomError
from sqlalchemy.orm import Session

from backend.api.answering import MAX_K
from backend.api.known_labels import check_label
from backend.api.known_sources import check_source
from backend.api.schemas import MAX_ID, Split
from backend.api.service import Service
from databases.nearest import Among

# What stands for all labels.
ANY = "any"
DEFAULT_SIMILAR = 12
LONGEST_TEXT = 1000


def _in_utc(moment: datetime) -> datetime:
    """In UTC too where no zone was said."""
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("moment", "Input should be in the years 1 to 9999 of UTC") from None


Moment = Annotated[datetime, AfterValidator(_in_utc)]


class SimilarQuery(BaseModel):
    """The question's parameters."""

    image_id: int | None = Field(
        None, ge=1, le=MAX_ID, description="A picture of the library, for those who send no form."
    )
    text: str | None = Field(
        None,
        max_length=LONGEST_TEXT,
        description="What to look for, in place of a picture; CLIP's models alone read texts.",
    )
    label: str | None = Field(
        None, description="Default: what the picture shows, or of a text any; `any`: all."
    )
    split: Split | None = Field(None, description="Only pictures of this split.")
    source: str | None = Field(None, description="Only pictures of the root with this name.")
    since: Moment | None = Field(None, description="Only pictures ingested then or later.")
    before: Moment | None = Field(None, description="Only pictures ingested earlier.")
    diversity: float = Field(
        0.0, ge=0, le=1, description="Above 0, pictures that resemble one another give way."
    )
    k: int = Field(DEFAULT_SIMILAR, ge=1, le=MAX_K, description="How many pictures.")

    def among(self, label: str | None) -> Among:
        """Which pictures may be answers, where no label was asked for but the picture's own is `label`."""
        asked = None if self.label == ANY else self.label
        return Among(
            label=label if self.label is None else asked,
            split=self.split,
            source=self.source,
            since=self.since,
            before=self.before,
        )

    def check(self, service: Service) -> None:
        """Raises ApiError `unknown_label` or `unknown_source` where the library knows none of that name."""
        with Session(service.reader) as session:
            if self.label is not None and self.label != ANY:
                check_label(service, session, self.label)
            if self.source is not None:
                check_source(service, session, self.source)


SimilarQueryDep = Annotated[SimilarQuery, Query()]
