"""Of a long work, a cluster is given no more than a window at a time. No Ray is needed for that."""

from collections.abc import Iterator

from training.cluster.windows import windows


def test_chunks_are_asked_for_window_by_window() -> None:
    asked: list[int] = []

    def chunks() -> Iterator[list[int]]:
        for start in range(0, 50, 10):
            asked.append(start)
            yield list(range(start, start + 10))

    found = windows(chunks(), batch=4, most=20)
    assert asked == []
    first = next(found)
    assert [len(batch) for batch in first] == [4, 4, 2, 4, 4, 2]
    assert asked == [0, 10]
    rest = list(found)
    assert [len(window) for window in rest] == [6, 3]
    assert [number for window in (first, *rest) for batch in window for number in batch] == list(range(50))


def test_of_nothing_there_is_no_window() -> None:
    assert list(windows(iter(()), batch=4, most=20)) == []
