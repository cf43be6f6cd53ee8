import pytest

from tests.frontend.review.queue_stand_in import QueueStandIn
from tests.frontend.stand_in import StandIn


@pytest.fixture
def queue(api: StandIn) -> QueueStandIn:
    """What waits at the stand-in for the API: nothing, until a test puts it there."""
    queue = QueueStandIn()
    queue.install(api)
    api.labels = ["lion", "tiger"]
    return queue
