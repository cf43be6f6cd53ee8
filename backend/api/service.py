"""What the routes work with: a model, its gallery, the database."""

import threading
import time
from dataclasses import dataclass, field, replace

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from backend.api.answer_cache import AnswerCache
from backend.api.metrics import Metrics
from backend.api.priority import behind
from backend.api.recorder import Recorder
from backend.api.settings import Settings
from backend.api.thumbnails import Thumbnails
from backend.api.turns import Turns
from backend.gallery import Entry, Gallery
from backend.inference.bundle import load_bundle
from backend.inference.decoding import Limits
from backend.inference.prediction import Predictor
from databases import embeddings, registry
from databases.embeddings import GalleryState
from databases.errors import UnknownModel
from databases.registry import RegisteredModel
from databases.schema import open_for_serving

# How old the gallery's answer may be when the library changes meanwhile.
GALLERY_SECONDS = 2.0


@dataclass
class LoadedGallery:
    """A gallery, what the library was when it was loaded, and when that was last compared (monotonic
    seconds)."""

    gallery: Gallery
    state: GalleryState
    checked: float


@dataclass
class Service:
    """One model in service: a request works with one of these from its beginning to its end.

    `turns`: when a picture may be worked on. `recorder` keeps what was answered.
    """

    settings: Settings
    reader: Engine
    model: RegisteredModel
    predictor: Predictor
    limits: Limits
    turns: Turns
    recorder: Recorder
    metrics: Metrics
    thumbnails: Thumbnails
    answers: AnswerCache = field(init=False)  # of this model: another one begins anew
    _loaded: LoadedGallery | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        self.answers = AnswerCache(self.settings.cached_answers)

    def gallery(self) -> Gallery:
        """The embeddings of the task's pictures under the serving model, loaded anew when they changed."""
        with self._lock:
            loaded, at = self._loaded, time.monotonic()
            if loaded is not None and at - loaded.checked < GALLERY_SECONDS:
                return loaded.gallery
            with Session(self.reader) as session:
                state = embeddings.gallery_state(session, self.model.id, self.model.task)
                if loaded is None or loaded.state != state:
                    gallery = self._read_gallery(session)
                    self._loaded = loaded = LoadedGallery(gallery, state, at)
            loaded.checked = at
            return loaded.gallery

    def with_model(self, model: RegisteredModel) -> "Service":
        """The same service with another model, checked, warm, and its gallery read.

        Raises:
            BadBundle: the model's bundle is damaged.
        """
        service = replace(self, model=model, predictor=_load(self.settings, model))
        service.gallery()
        self.metrics.serve(service.predictor.manifest)
        return service

    def close(self) -> None:
        self.reader.dispose()

    def _read_gallery(self, session: Session) -> Gallery:
        rows = embeddings.read_vectors(session, self.model.id, self.model.task)
        entries = (Entry(row.image_id, row.label, row.sha256, row.vector) for row in rows)
        return Gallery(entries, self.predictor.manifest.outputs.embedding_size)


def open_service(settings: Settings) -> Service:
    """Loads the champion of the task that the settings name, or of the one promoted to last.

    Raises:
        DatabaseUnavailable, SchemaMismatch: the database cannot serve; the message says what to run.
        UnknownModel: no model was promoted yet, or none of the task that was named.
        BadBundle: the champion's bundle is damaged.
        SettingsError: workers are to share metrics in a folder that is none.
    """
    reader = open_for_serving(settings.database_url, read_only=True)
    with Session(reader) as session:
        model = registry.champion(session, settings.task)
        if model is None:
            named = f"MENAGERIE_TASK={settings.task!r}: " if settings.task else ""
            raise UnknownModel(
                f"{named}{registry.nothing_promoted(session, settings.task)}; run: menagerie starter, or "
                "menagerie train --promote; with containers: docker compose run --rm prepare"
            )
    metrics = Metrics()
    recorder = Recorder(open_for_serving(settings.database_url, read_only=False), metrics)
    service = Service(
        settings=settings,
        reader=reader,
        model=model,
        predictor=_load(settings, model),
        limits=Limits(settings.max_upload_bytes, settings.max_pixels),
        turns=Turns(settings.cores, settings.max_waiting, settings.waiting_seconds, metrics),
        recorder=recorder,
        metrics=metrics,
        thumbnails=Thumbnails(settings.thumbnails),
    )
    service.gallery()
    metrics.serve(service.predictor.manifest)
    return service


def _load(settings: Settings, model: RegisteredModel) -> Predictor:
    threads = settings.threads or settings.cores
    return Predictor(behind(load_bundle, settings.bundles / model.bundle_uri, threads))
