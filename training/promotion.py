"""Which bundle serves: promoted only when it loads, answers as recorded, and is no worse than the
champion."""

from dataclasses import dataclass

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.bundles.places import Bundles, bundle_folder
from backend.inference.bundle import Bundle, load_bundle
from backend.inference.manifest import Metrics
from databases import registry
from databases.errors import Overtaken
from databases.promotions import record_promotion, record_rollback
from databases.registry import RegisteredModel
from training.dataset import Images, contents_learnt, fingerprint, load_dataset
from training.errors import NotPromoted
from training.evaluation import evaluate
from training.indexing import index, open_model_gallery
from training.progress import Progress


@dataclass(frozen=True)
class Promoted:
    """The new champion, and the accuracies on the same test pictures, which neither learnt from, where there
    was an old one to compare with. `indexed`: how many pictures its gallery lacked."""

    model: RegisteredModel
    before: RegisteredModel | None
    indexed: int
    accuracy: float | None
    accuracy_before: float | None


def promote(engine: Engine, bundles: Bundles, version: str, *, force: bool, progress: Progress) -> Promoted:
    """Makes a bundle the champion of its task, once the task's pictures are embedded for its gallery.

    Raises:
        UnknownModel: there is no such bundle.
        BadBundle: it is damaged, or its golden inputs give other outputs.
        NotPromoted: it scores worse than the champion on the same test split, or that was replaced
        meanwhile; and `force` was not said.
    """
    with Session(engine) as session:
        model = registry.get_model(session, version)
        before = registry.champion(session, model.task)
    load_bundle(bundle_folder(bundles, model.bundle_uri), whole=True)
    ours = theirs = None
    if before is not None and before.version != version and not force:
        ours, theirs = _compare(engine, bundles, model, before, progress)
        if ours < theirs:
            raise NotPromoted(
                f"{version} is right on {ours:.2%} of the test pictures, the champion {before.version} on "
                f"{theirs:.2%}; it stays. To promote all the same: menagerie models promote {version} --force"
            )
    indexed = index(engine, bundles, model, model.task, progress)
    open_model_gallery(engine, bundles, model).close()
    try:
        promoted = record_promotion(engine, version, before.version if before else None, force=force)
    except Overtaken as error:
        raise NotPromoted(str(error)) from None
    return Promoted(promoted, before, indexed, ours, theirs)


def rollback(engine: Engine, bundles: Bundles, task: str, progress: Progress) -> RegisteredModel:
    """Goes back to the champion before this one; nothing changes unless its bundle is sound.

    Raises:
        UnknownModel: there is no earlier champion.
        BadBundle: it is damaged, or its golden inputs give other outputs.
        NotPromoted: somebody promoted or rolled back meanwhile.
    """
    with Session(engine) as session:
        champion, before = registry.champion_and_before(session, task)
    # Loading comes before the lock: for a large network it takes longer than others wait.
    with progress.track("Checking the bundle", 1) as advance:
        load_bundle(bundle_folder(bundles, before.bundle_uri), whole=True)
        advance(1)
    try:
        return record_rollback(engine, champion, before)
    except Overtaken as error:
        raise NotPromoted(str(error)) from None


def _compare(
    engine: Engine, bundles: Bundles, model: RegisteredModel, champion: RegisteredModel, progress: Progress
) -> tuple[float, float]:
    """Test accuracies of both on today's test split, without what one of them learnt from, as long as any is
    left; what is recorded of the very same pictures is not measured again."""
    dataset = load_dataset(engine, model.task)
    if not dataset.test:
        raise NotPromoted(
            f"task {model.task!r} has no test pictures to compare {model.version} with {champion.version} "
            "on; "
            f"to promote all the same: menagerie models promote {model.version} --force"
        )
    with Session(engine) as session:
        learnt = [contents_learnt(session, one) or frozenset() for one in (model, champion)]
    known = frozenset[str]().union(*learnt)
    images = tuple(image for image in dataset.test if image.sha256 not in known) or dataset.test
    accuracies = []
    for one in (model, champion):
        recorded = None if one.metrics is None else Metrics.model_validate(one.metrics)
        if recorded is None or recorded.fingerprint != fingerprint(images):
            accuracies.append(_measure(load_bundle(bundle_folder(bundles, one.bundle_uri)), images, progress))
        else:
            accuracies.append(recorded.accuracy)
    return accuracies[0], accuracies[1]


def _measure(bundle: Bundle, images: Images, progress: Progress) -> float:
    """Accuracy on all of `images`. A label that the bundle was never taught is one that it gets wrong."""
    known = tuple(image for image in images if image.label in bundle.manifest.labels)
    if not known:
        return 0.0
    return evaluate(bundle, known, "test", progress).metrics.accuracy * len(known) / len(images)
