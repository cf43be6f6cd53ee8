"""Which pictures a report shows: a fair sample, the mistakes of each label, and labels that look wrong."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from databases.library import LibraryImage
from training.evaluation import Scored

SAMPLED = 24
SUSPECTS = 12
MISTAKEN_LABELS, MISTAKES_SHOWN = 20, 6


@dataclass(frozen=True)
class Answered:
    """A picture, the likeliest label, its probability, and that of the label which the picture carries."""

    image: LibraryImage
    label: str
    answer: str
    probability: float
    own_probability: float

    @property
    def right(self) -> bool:
        return self.label == self.answer


@dataclass(frozen=True)
class LabelMistakes:
    """The pictures of one label that were taken for others: how often for which, most frequent first, and
    some of them, surest first."""

    label: str
    pictures: int
    taken_for: tuple[tuple[str, int], ...]
    shown: tuple[Answered, ...]

    @property
    def mistakes(self) -> int:
        return sum(count for _, count in self.taken_for)


def answers_to(scored: Scored, labels: tuple[str, ...], temperature: float) -> tuple[Answered, ...]:
    """What was answered to each picture, in their order."""
    scores = scored.scores(temperature)
    return tuple(
        Answered(image, labels[target], labels[answer], float(row[answer]), float(row[target]))
        for image, target, answer, row in zip(
            scored.images, scored.targets, scored.answers, scores, strict=True
        )
    )


def fair_sample(answers: tuple[Answered, ...]) -> tuple[Answered, ...]:
    """Pictures drawn at random, the same ones each time, so that nobody picked the good ones."""
    count = min(SAMPLED, len(answers))
    chosen = np.random.default_rng(0).choice(len(answers), count, replace=False)
    return tuple(answers[i] for i in chosen)


def suspects(answers: tuple[Answered, ...]) -> tuple[Answered, ...]:
    """The mistakes where the model is surest against the label that the picture carries.

    Such pictures are the likeliest to carry a wrong one (Northcutt et al. 2021, Confident Learning, 3).
    """
    wrong = [one for one in answers if not one.right]
    return tuple(sorted(wrong, key=lambda one: one.own_probability - one.probability)[:SUSPECTS])


def mistakes_by_label(answers: tuple[Answered, ...]) -> tuple[LabelMistakes, ...]:
    """The labels that are mistaken most often, worst first."""
    pictures = Counter(one.label for one in answers)
    wrong: dict[str, list[Answered]] = {}
    for one in answers:
        if not one.right:
            wrong.setdefault(one.label, []).append(one)
    worst = sorted(wrong, key=lambda label: (-len(wrong[label]), label))[:MISTAKEN_LABELS]
    return tuple(_of_label(label, pictures[label], wrong[label]) for label in worst)


def _of_label(label: str, pictures: int, wrong: list[Answered]) -> LabelMistakes:
    taken_for = Counter(one.answer for one in wrong).most_common()
    surest = sorted(wrong, key=lambda one: -one.probability)[:MISTAKES_SHOWN]
    return LabelMistakes(label, pictures, tuple(taken_for), tuple(surest))
