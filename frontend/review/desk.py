"""What one visitor has before them: pictures that wait, those put off, and what was decided here."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from frontend import decisions
from frontend.client import ApiError
from frontend.decisions import Decided, Decision, Kind
from frontend.deeds import brief
from frontend.review import calls
from frontend.review.waiting import Waiting, together
from frontend.review.wording import OUTDATED, pictures
from frontend.signing import Visitor
from frontend.thumbnails import thumbnails

SHOWN = 12
# Some more lie ready behind them, pictures and all: what is decided on makes room at once.
READY = SHOWN + 6
PAGE = 12
# How many decisions can be taken back one after the other; what came before is in the list of decisions.
REMEMBERED = 30

# Of a gesture: what is decided, the label that is given, and on which pictures.
Part = tuple[Kind, str | None, list[Waiting]]


@dataclass(frozen=True)
class Done:
    """What was decided with one gesture: `ids` are the decisions'."""

    ids: tuple[int, ...]
    of: tuple[Waiting, ...]
    words: str


@dataclass(frozen=True)
class Learnt:
    """`until`: when the newest model was made; None where nobody knows."""

    until: datetime | None


@dataclass
class Desk:
    """`reason` and `label` choose from the queue, None is all. `counts`: by reason, of what waits.

    `told`: what the last gesture came to; `wrong`: what went wrong with it; `overtaken`: what it left as it
    is, as somebody had decided on it since it was read. `made_up`: labels that were given
    here, which may be new. `looked_at`: to be shown large, once.
    `task`: whose pictures these are. `labels`: that models know, the most frequent first. `unanswered`:
    pictures that none has looked at.
    `learnt`: None as long as nobody asked since the queue was begun.
    """

    visitor: Visitor
    reason: str | None = None
    label: str | None = None
    waiting: list[Waiting] = field(default_factory=list)
    later: list[Waiting] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    total: int = 0
    told: str = ""
    wrong: ApiError | None = None
    overtaken: tuple[Decision, ...] = ()
    made_up: list[str] = field(default_factory=list)
    looked_at: Waiting | None = None
    task: str = ""
    labels: tuple[str, ...] = ()
    unanswered: int = 0
    learnt: Learnt | None = None
    _after: str | None = None
    _read: bool = False

    def choose(self, reason: str | None, label: str | None) -> None:
        if (reason, label) != (self.reason, self.label):
            self.reason, self.label = reason, label
            self.start_anew()

    def start_anew(self) -> None:
        """Forgets what was read of the queue, but not what was decided."""
        self.waiting, self.later = [], []
        self._after, self._read, self.learnt = None, False, None

    def fill(self) -> None:
        """Reads on until enough lies ready, or the queue ends.

        Raises:
            ApiError: as `Api`.
        """
        if not self._read:
            known = self.visitor.api.labels()
            by_count = sorted(known.labels, key=lambda one: (-one.pictures, one.label))
            self.task, self.labels = known.task, tuple(one.label for one in by_count)
        while len(self.waiting) < READY and (self._after is not None or not self._read):
            self._read_on()
        if not self.waiting:
            self.waiting, self.later = self.later, []

    def _read_on(self) -> None:
        api, after = self.visitor.api, self._after
        page = calls.queue(api, PAGE, reason=self.reason, label=self.label, after=after)
        held = {waiting.id for waiting in self.waiting + self.later}
        fresh = [item for item in page.items if item.image.id not in held]
        small = thumbnails(api, [item.image for item in fresh])
        until = page.decided_until
        self.waiting += together([Waiting(*pair, until) for pair in zip(fresh, small, strict=True)])
        self.counts, self.total, self.unanswered = dict(page.counts), page.total, page.unanswered
        self._after, self._read = page.next_after, True

    def names(self) -> list[str]:
        """Every label that is known here, those that were made up last."""
        return [*self.labels, *(label for label in self.made_up if label not in self.labels)]

    def confirm(self, ids: Iterable[int]) -> None:
        """Says yes to what is best for each; those that have nothing to say yes to stay."""
        by_label: dict[str, list[Waiting]] = {}
        for one in self._held(ids):
            if one.best is not None:
                by_label.setdefault(one.best, []).append(one)
        self._gesture([("label", label, some) for label, some in by_label.items()])

    def give(self, ids: Iterable[int], label: str) -> None:
        held = self._held(ids)
        if self._gesture([("label", label, held)]) and label not in [*self.labels, *self.made_up]:
            self.made_up.append(label)

    def exclude(self, ids: Iterable[int]) -> None:
        self._gesture([("exclude", None, self._held(ids))])

    def put_off(self, ids: Iterable[int]) -> None:
        """Until all the others are decided on, or the queue is read anew."""
        some = self._held(ids)
        self._leave(some)
        self.later += some
        self.told = f"{pictures(len(some))} put off until the others are done."

    def look(self, ids: Iterable[int]) -> None:
        self.looked_at = next(iter(self._held(ids)), None)

    def undo(self) -> None:
        """Takes back what was decided here last; its pictures lie on top again."""
        if not self.done:
            return
        last = self.done[-1]
        if self._tried(lambda: decisions.undo(self.visitor.api, last.ids)):
            self.done.pop()
            self._return(last.of)
            self.told = f"Taken back: {last.words}"

    def undo_listed(self, decision_id: int) -> None:
        """Takes back any decision, whoever made it, and has the queue read anew: who knows what changed."""
        self.overtaken = ()
        if self._tried(lambda: decisions.undo(self.visitor.api, [decision_id])):
            kept = (replace(one, ids=tuple(i for i in one.ids if i != decision_id)) for one in self.done)
            self.done = [one for one in kept if one.ids]
            self.told = "Taken back."
            self.start_anew()

    def _gesture(self, parts: Sequence[Part]) -> bool:
        """Whether anything was decided. All parts are one to take back. Where a later one fails, the earlier
        ones hold."""
        ids: list[int] = []
        made: list[Part] = []
        for kind, label, some in parts:
            decided = self._decide(kind, label, some) if some else None
            if decided is None:
                break
            ids += decided.ids
            overtaken = {one.image_id for one in decided.overtaken}
            if left := [one for one in some if one.id not in overtaken]:
                made.append((kind, label, left))
        if made:
            of = tuple(one for _, _, some in made for one in some)
            self.told = _words(made, len(of))
            self.done = [*self.done, Done(tuple(ids), of, self.told)][-REMEMBERED:]
        return bool(made)

    def _decide(self, kind: Kind, label: str | None, some: list[Waiting]) -> Decided | None:
        """None where it failed. Whatever was decided on, by whomever, leaves the desk."""
        api, by = self.visitor.api, self.visitor.by
        # The oldest of what was known counts for all: rather once too often told than overridden unseen.
        until = min((one.until for one in some if one.until is not None), default=None)
        answers: list[Decided] = []
        image_ids = [one.id for one in some]
        if not self._tried(
            lambda: answers.append(decisions.decide(api, image_ids, kind, label=label, by=by, until=until))
        ):
            return None
        self._leave(some)
        self._count(some, -1)
        self.overtaken += tuple(one.decision for one in answers[0].overtaken)
        return answers[0]

    def _tried(self, call: Callable[[], object]) -> bool:
        self.wrong = None
        try:
            call()
        except ApiError as error:
            self.wrong = error
            if error.code in OUTDATED:
                self.start_anew()
            return False
        return True

    def _held(self, ids: Iterable[int]) -> list[Waiting]:
        wanted = set(ids)
        return [one for one in self.waiting if one.id in wanted]

    def _leave(self, some: Iterable[Waiting]) -> None:
        gone = {one.id for one in some}
        self.waiting = [one for one in self.waiting if one.id not in gone]

    def _return(self, some: tuple[Waiting, ...]) -> None:
        self._leave(some)
        self.waiting = [*some, *self.waiting]
        self._count(some, 1)

    def _count(self, some: Sequence[Waiting], by: int) -> None:
        # Until the next part of the queue is read, and brings the API's own count.
        self.total = max(0, self.total + by * len(some))
        for reason in (reason for one in some for reason in one.item.reasons):
            self.counts[reason] = max(0, self.counts.get(reason, 0) + by)


def _words(parts: Sequence[Part], count: int) -> str:
    kind, label, some = parts[0]
    one = brief(some[0].item.image.file_name) if count == 1 else pictures(count)
    if kind == "exclude":
        return f"{one} left out."
    return f"{one}: {label}." if len(parts) == 1 else f"{one} confirmed."
