"""Spans of requests for OpenTelemetry, where the environment names an address to send them to.

A span tells what the log tells: no picture, no query, no key. Elsewhere nothing of this is even imported.
"""

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backend.api.notes import Notes
from backend.api.route_templates import NO_ROUTE
from databases.settings import SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

ADDRESSES = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
SPOKEN = "http/protobuf"
NAME = "menagerie"
END_SECONDS = 3.0
TRACE_HEADERS = ("traceparent", "tracestate")  # https://www.w3.org/TR/trace-context/


@dataclass(frozen=True)
class Answered:
    """A request that is over. `begun` and `ended`: seconds of `time.perf_counter`."""

    method: str
    route: str
    status: int
    request_id: str
    begun: float
    ended: float
    noted: Notes


class Tracing:
    """Makes a span of each request, and one within it of each stage that a picture passed."""

    def __init__(self, provider: "TracerProvider") -> None:
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        self._provider = provider
        self._tracer = provider.get_tracer(NAME)
        self._propagator = TraceContextTextMapPropagator()

    def tell(self, answered: Answered, headers: Mapping[str, str]) -> None:
        """`headers`: of the request, which say of what it is part."""
        from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context

        carrier = {name: headers[name] for name in TRACE_HEADERS if name in headers}
        since = time.time_ns() - round(1e9 * time.perf_counter())
        span = self._tracer.start_span(
            answered.method if answered.route == NO_ROUTE else f"{answered.method} {answered.route}",
            context=self._propagator.extract(carrier),
            kind=SpanKind.SERVER,
            attributes=_attributes(answered),
            start_time=since + round(1e9 * answered.begun),
        )
        if answered.status >= 500:
            span.set_status(StatusCode.ERROR)
        within = set_span_in_context(span)
        for passed in answered.noted.stages:
            stage = self._tracer.start_span(
                passed.name, context=within, start_time=since + round(1e9 * passed.began)
            )
            stage.end(since + round(1e9 * (passed.began + passed.seconds)))
        span.end(since + round(1e9 * answered.ended))

    def end(self) -> None:
        """Sends what has not been sent yet, if somebody takes it soon."""
        # The exporter tries again for ten seconds or more: longer than a container is given to end.
        sending = threading.Thread(target=self._provider.shutdown, name="tracing", daemon=True)
        sending.start()
        sending.join(END_SECONDS)


def _attributes(answered: Answered) -> dict[str, str | int]:
    attributes: dict[str, str | int] = {
        "http.request.method": answered.method,
        "http.response.status_code": answered.status,
        "menagerie.request_id": answered.request_id,
    }
    if answered.route != NO_ROUTE:
        attributes["http.route"] = answered.route
    if answered.noted.version is not None:
        attributes["menagerie.model_version"] = answered.noted.version
    return attributes


def open_tracing() -> Tracing | None:
    """What the environment asks for, by OpenTelemetry's own variables; None where it asks for none.

    Raises:
        SettingsError: it cannot be had: packages are missing, or the address or protocol is none of ours.
    """
    variable = next((name for name in ADDRESSES if os.environ.get(name)), None)
    if variable is None or os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return None
    _check(variable)
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import OTELResourceDetector, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise SettingsError(
            f"{variable} asks for traces, but {error.name} is not installed: it is in the project's extra "
            "'otel': uv pip install --editable '.[otel]'"
        ) from error
    ours = Resource.create().merge(Resource({"service.name": NAME}))
    provider = TracerProvider(resource=ours.merge(OTELResourceDetector().detect()), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Tracing(provider)


def _check(variable: str) -> None:
    address = os.environ[variable]
    if not address.startswith(("http://", "https://")):
        raise SettingsError(f"{variable}={address!r}: an address begins with http:// or https://")
    name = next((name for name in PROTOCOLS if os.environ.get(name)), None)
    if name is not None and os.environ[name] != SPOKEN:
        raise SettingsError(f"{name}={os.environ[name]!r}: only {SPOKEN} is spoken here")
