"""Where pictures come from: folders, tables, annotations and archives, on this machine or at a URL."""

from training.ingestion.sources.found import Candidate, Source
from training.ingestion.sources.opening import open_source, open_sources

__all__ = ["Candidate", "Source", "open_source", "open_sources"]
