"""The last answers of one model, for pictures that come again."""

import threading
from collections import OrderedDict

from backend.inference.prediction import Prediction


class AnswerCache:
    """Answers by the SHA-256 of a picture's bytes; of more than `capacity`, the one that was asked for least
    lately goes. With 398 labels and an embedding of 1,280 values an answer takes 7 kB."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._answers: OrderedDict[str, Prediction] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, sha256: str) -> Prediction | None:
        with self._lock:
            answer = self._answers.get(sha256)
            if answer is not None:
                self._answers.move_to_end(sha256)
            return answer

    def put(self, sha256: str, answer: Prediction) -> None:
        with self._lock:
            self._answers[sha256] = answer
            while len(self._answers) > self._capacity:
                self._answers.popitem(last=False)
