"""The last answers of one model, for pictures that come again."""

from backend.inference.prediction import Prediction
from backend.recent import Recent


class AnswerCache(Recent[str, Prediction]):
    """Answers by the SHA-256 of a picture's bytes. With 398 labels and an embedding of 1,280 values an answer
    takes 10 kB."""
