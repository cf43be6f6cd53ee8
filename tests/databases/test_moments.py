"""Moments are kept and compared as such, whatever zone they are told in; on both databases."""

from datetime import datetime, timedelta, timezone

from sqlalchemy import select
from sqlalchemy.orm import Session

from databases.models import Root

EAST = timezone(timedelta(hours=5, minutes=30))
MOMENT = datetime(2026, 3, 1, 2, 0, tzinfo=EAST)


def test_a_moment_told_in_another_zone_is_the_same_moment(session: Session) -> None:
    session.add(Root(name="pets", uri="/pets", task="pets", created_at=MOMENT))
    session.commit()
    assert session.scalar(select(Root.created_at)) == MOMENT
    for other, earlier in ((timedelta(minutes=1), 1), (timedelta(minutes=-1), 0)):
        found = session.scalars(select(Root.id).where(Root.created_at < MOMENT + other)).all()
        assert len(found) == earlier
