"""How often which work was begun. It runs in a process of its own, and so imports next to nothing."""

from collections import Counter


class Attempts:
    """Ray Data by itself would begin for ever what ends every process."""

    def __init__(self) -> None:
        self._begun: Counter[int] = Counter()

    def begin(self, number: int) -> int:
        self._begun[number] += 1
        return self._begun[number]
