"""The tables. Pictures stay where they are; the database holds only where, and what is known of them."""

from databases.models.base import Base, UTCDateTime, now
from databases.models.decisions import Correction, LabelOperation
from databases.models.gallery import Embedding, GalleryChange, GalleryVector, GalleryWrites
from databases.models.library import SPLITS, STATUSES, Image, Root
from databases.models.opinions import Answer, Finding
from databases.models.registry import DatasetVersion, Model, Promotion
from databases.models.service import ApiKey, Feedback, Prediction

__all__ = [
    "SPLITS",
    "STATUSES",
    "Answer",
    "ApiKey",
    "Base",
    "Correction",
    "DatasetVersion",
    "Embedding",
    "Feedback",
    "Finding",
    "GalleryChange",
    "GalleryVector",
    "GalleryWrites",
    "Image",
    "LabelOperation",
    "Model",
    "Prediction",
    "Promotion",
    "Root",
    "UTCDateTime",
    "now",
]
