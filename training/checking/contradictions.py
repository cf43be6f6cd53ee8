"""Pictures that show the same and are called otherwise."""

from collections import defaultdict
from collections.abc import Sequence

from databases.library import LibraryImage
from training.checking.findings import TWO_LABELS, Finding, Found
from training.dataset import Images


def find_contradictions(images: Images) -> Found:
    """The pictures of each group that carries several labels, a group after the other, the largest first."""
    groups: dict[str, list[LibraryImage]] = defaultdict(list)
    for image in images:
        if image.label is not None:
            groups[image.shown].append(image)
    torn = [group for group in groups.values() if len({image.label for image in group}) > 1]
    torn.sort(key=lambda group: (-len(group), group[0].id))
    return Found(TWO_LABELS, tuple(_finding(image, group) for group in torn for image in group))


def _finding(image: LibraryImage, group: Sequence[LibraryImage]) -> Finding:
    return Finding(image, {"labels": float(len({one.label for one in group}))})
