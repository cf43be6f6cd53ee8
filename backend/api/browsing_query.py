"""Which pictures somebody who looks through the library wants to see."""

from http import HTTPStatus
from typing import Annotated

from fastapi import Query
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from backend.api.errors import ApiError
from backend.api.known_labels import check_label
from backend.api.known_sources import check_source
from backend.api.schemas import MAX_ID, Split
from backend.api.service import Service
from databases.browsing import Filters
from databases.findings import Kind

MAX_PAGE = 200


class BrowsingQuery(BaseModel):
    """The question's parameters."""

    label: str | None = Field(None, description="Only pictures with this label.")
    unlabelled: bool = Field(False, description="Only pictures without a label.")
    split: Split | None = Field(None, description="Only pictures of this split.")
    source: str | None = Field(None, description="Only pictures of the root with this name.")
    finding: Kind | None = Field(None, description="Only pictures of which `menagerie check` found this.")
    excluded: bool = Field(False, description="Those that somebody excluded, in place of those in use.")
    after: int = Field(0, ge=0, le=MAX_ID, description="Where the page before ended.")
    before: int | None = Field(None, ge=1, le=MAX_ID, description="Where the page after begins.")
    limit: int = Field(50, ge=1, le=MAX_PAGE)

    def filters(self, service: Service, session: Session, *, sent: bool) -> Filters:
        """As the database is asked; `sent`: see there.

        Raises:
            ApiError: `unknown_label` or `unknown_source`; `invalid_request` where two of them contradict.
        """
        if self.label is not None and self.unlabelled:
            raise _contradiction("label and unlabelled")
        if self.after and self.before is not None:
            raise _contradiction("after and before")
        if self.label is not None and not self.excluded:
            check_label(service, session, self.label)
        if self.source is not None:
            check_source(service, session, self.source)
        return Filters(
            task=service.model.task,
            label=self.label,
            unlabelled=self.unlabelled,
            split=self.split,
            source=self.source,
            finding=self.finding,
            excluded=self.excluded,
            sent=sent,
        )


BrowsingQueryDep = Annotated[BrowsingQuery, Query()]


class Chosen(BaseModel):
    """Among which pictures those of the library are counted."""

    label: str | None = Field(None, description="Sources and findings of pictures with this label.")
    unlabelled: bool = Field(False, description="Sources and findings of pictures without a label.")
    split: Split | None = Field(None, description="Sources and findings of pictures of this split.")
    source: str | None = Field(None, description="Labels and findings of the root with this name.")
    finding: Kind | None = Field(None, description="Labels and sources of pictures of which this was found.")

    def filters(self, task: str, *, sent: bool) -> Filters:
        return Filters(task=task, sent=sent, **self.model_dump())


ChosenDep = Annotated[Chosen, Query()]


def _contradiction(names: str) -> ApiError:
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", f"{names}: say one of them")
