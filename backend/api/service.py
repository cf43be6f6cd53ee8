"""What the routes work with: a model, its gallery, the database."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.api.answer_cache import AnswerCache
from backend.api.bundle_facts import BundleShelf
from backend.api.metrics import Metrics
from backend.api.priority import behind
from backend.api.recorder import Recorder
from backend.api.settings import Settings
from backend.api.thumbnails import Thumbnails
from backend.api.turns import Turns
from backend.bundles.places import Bundles, bundle_folder, open_bundles
from backend.gallery.asking import Gallery
from backend.gallery.opening import open_gallery
from backend.inference.bundle import load_bundle
from backend.inference.decoding import Limits
from backend.inference.errors import BadBundle, InferenceError
from backend.inference.prediction import Predictor
from databases import gallery_rows, library, registry
from databases.errors import UnknownModel
from databases.registry import RegisteredModel
from databases.schema import open_for_serving

log = logging.getLogger(__name__)

MOST_TRIED = 5  # champions, where the bundles of later ones are damaged


@dataclass
class Service:
    """One model in service: a request works with one of these from its beginning to its end.

    `reader` can only read, `writer` takes what people say and decide; answers go by neither. `bundles`: where
    they lie; `shelf`: what is told of them, and the reports on them. `gallery`: the embeddings of the task's
    pictures under the model. `turns`: when a picture may be worked on. `recorder` keeps what was answered.
    `predecessor`: the model before this one, as long as fewer pictures are embedded under this one than under
    that.
    """

    settings: Settings
    reader: Engine
    writer: Engine
    bundles: Bundles
    shelf: BundleShelf
    model: RegisteredModel
    predictor: Predictor
    gallery: Gallery
    limits: Limits
    turns: Turns
    recorder: Recorder
    metrics: Metrics
    thumbnails: Thumbnails
    predecessor: "Service | None" = None
    answers: AnswerCache = field(init=False)  # of this model: another one begins anew

    def __post_init__(self) -> None:
        self.answers = AnswerCache(self.settings.cached_answers)

    @property
    def recommender(self) -> "Service":
        """Who finds similar pictures: the model before this one, until this one's gallery is complete."""
        before = self.predecessor
        if before is not None and len(self.gallery) >= len(before.gallery):
            self.predecessor = before = None
        return before or self

    def with_model(self, model: RegisteredModel) -> "Service":
        """The same service with another model, checked, warm, and its gallery open.

        Raises:
            BadBundle: the model's bundle is damaged.
            BundleUnreachable: it lies where nothing answers now.
        """
        service = replace(self.beside(model), predecessor=self.recommender)
        self.metrics.serve(service.predictor.manifest)
        return service

    def beside(self, model: RegisteredModel) -> "Service":
        """As `with_model`, but without a predecessor, and nobody is told that it serves."""
        predictor = _load(self.settings, self.bundles, model)
        gallery = _open_gallery(self.settings, self.reader, model, predictor)
        return replace(self, model=model, predictor=predictor, gallery=gallery, predecessor=None)

    def close(self) -> None:
        self.gallery.close()
        self.reader.dispose()
        self.writer.dispose()


def open_service(settings: Settings) -> Service:
    """Loads the champion of the task that the settings name, or of the one promoted to last. Where its bundle
    is damaged or not there, the champion before it serves until that is mended.

    Raises:
        DatabaseUnavailable, SchemaMismatch: the database cannot serve; the message says what to run.
        UnknownModel: no model was promoted yet, or none of the task that was named.
        BadBundle: no champion's bundle is sound.
        BundleUnreachable: it lies where nothing answers now, and there is no copy of it here.
        SettingsError: workers are to share metrics in a folder that is none.
    """
    reader = open_for_serving(settings.database_url, read_only=True)
    with Session(reader) as session:
        champion = registry.champion(session, settings.task)
        if champion is None:
            named = f"MENAGERIE_TASK={settings.task!r}: " if settings.task else ""
            raise UnknownModel(
                f"{named}{registry.nothing_promoted(session, settings.task)}; run: menagerie starter, or "
                "menagerie train --promote; with containers: docker compose run --rm prepare"
            )
        champions = registry.champions(session, champion.task, MOST_TRIED)
    bundles = open_bundles(settings)
    model, predictor = _load_first(settings, bundles, champions)
    metrics = Metrics()
    writer = open_for_serving(settings.database_url, read_only=False)
    service = Service(
        settings=settings,
        reader=reader,
        writer=writer,
        bundles=bundles,
        shelf=BundleShelf(bundles, settings.reports),
        model=model,
        predictor=predictor,
        gallery=_open_gallery(settings, reader, model, predictor),
        limits=Limits(settings.max_upload_bytes, settings.max_pixels),
        turns=Turns(settings.cores, settings.max_waiting, settings.waiting_seconds, metrics),
        recorder=Recorder(writer, metrics),
        metrics=metrics,
        thumbnails=Thumbnails(settings.thumbnails),
    )
    service.predecessor = _find_predecessor(service, champions[champions.index(model) + 1 :])
    metrics.serve(predictor.manifest)
    return service


def _find_predecessor(service: Service, earlier: Sequence[RegisteredModel]) -> Service | None:
    """Of the `earlier` champions the one under which most pictures are embedded, if these are more than under
    the one that serves: the service was started before all were."""
    task = service.model.task
    with Session(service.reader) as session:
        pictures = sum(library.count_task_by_label_and_split(session, task).values())
        if not earlier or len(service.gallery) >= pictures:
            return None
        embedded = [gallery_rows.census(session, model.id, task).pictures for model in earlier]
    most, model = max(zip(embedded, earlier, strict=True), key=lambda one: one[0])
    if most <= len(service.gallery):
        return None
    try:
        return service.beside(model)
    except InferenceError as error:
        log.error("%s cannot recommend until %s can: %s", model.version, service.model.version, error)
        return None


def _load_first(
    settings: Settings, bundles: Bundles, champions: Sequence[RegisteredModel]
) -> tuple[RegisteredModel, Predictor]:
    """The first that is sound, the champion where it is; the log tells what is wrong with those before it.

    Raises:
        BadBundle: none is; tells what is wrong with each.
    """
    wrong: list[BadBundle] = []
    for model in champions:
        try:
            predictor = _load(settings, bundles, model)
        except BadBundle as error:
            wrong.append(error)
            continue
        for before, reason in zip(champions, wrong, strict=False):
            log.error("%s cannot serve: %s", before.version, reason)
        if wrong:
            log.error("%s serves in the place of %s", model.version, champions[0].version)
        return model, predictor
    told = "; ".join(map(str, wrong))
    raise BadBundle(f"no champion can serve: {told}; a backup may hold its files: menagerie restore")


def _load(settings: Settings, bundles: Bundles, model: RegisteredModel) -> Predictor:
    folder = behind(bundle_folder, bundles, model.bundle_uri)
    return Predictor(behind(load_bundle, folder, settings.threads or settings.cores))


def _open_gallery(
    settings: Settings, reader: Engine, model: RegisteredModel, predictor: Predictor
) -> Gallery:
    size = predictor.manifest.outputs.embedding_size
    return open_gallery(reader, model, size, None, settings.cores, patient=True)
