"""What the Batch page asks of the API."""

from collections.abc import Sequence

from frontend.answers import Answer, Prediction, Problem
from frontend.client import Api

TOP_K = 3


class BatchItem(Answer):
    """One picture's prediction, or what is wrong with it."""

    name: str
    prediction: Prediction | None
    error: Problem | None


class BatchAnswer(Answer):
    """In the order sent."""

    items: tuple[BatchItem, ...]


def predict_batch(api: Api, pictures: Sequence[tuple[str, bytes]]) -> BatchAnswer:
    """What the API says of pictures, at most as many as it takes at a time.

    Raises:
        ApiError: as `Api`.
    """
    files = [("files", picture) for picture in pictures]
    return api.json(BatchAnswer, "POST", "/predict/batch", params={"top_k": TOP_K}, files=files)
