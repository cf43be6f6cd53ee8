"""A collector, where there is one, is told of each request what the log is told, and no more."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from fastapi.testclient import TestClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from backend.api import tracing
from backend.api.app import create_app
from backend.api.settings import Settings
from backend.api.tracing import open_tracing
from databases.settings import PROJECT, SettingsError
from tests.backend.api.conftest import Library
from tests.backend.api.test_process import environment
from tests.drawing import picture
from tests.waiting import SECONDS

ADDRESS = "OTEL_EXPORTER_OTLP_ENDPOINT"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SERVER = Span.SpanKind.SPAN_KIND_SERVER


@dataclass
class Collector:
    """What was sent so far, as it went over the wire."""

    address: str = ""
    paths: set[str] = field(default_factory=set)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def requests(self) -> list[ExportTraceServiceRequest]:
        return [ExportTraceServiceRequest.FromString(body) for body in self.bodies]

    @property
    def spans(self) -> list[Span]:
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def within(self, parent: Span) -> list[Span]:
        return [span for span in self.spans if span.parent_span_id == parent.span_id]


@pytest.fixture
def collector() -> Iterator[Collector]:
    """One that listens."""
    collector = Collector()

    class Listening(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.paths.add(self.path)
            collector.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Listening) as server:
        collector.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield collector
        server.shutdown()
        thread.join()


@pytest.fixture
def settings(small_library: Library, collector: Collector, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of a service that is to tell the collector, however long that takes as it ends."""
    monkeypatch.setenv(ADDRESS, collector.address)
    monkeypatch.setattr(tracing, "END_SECONDS", SECONDS)
    return small_library.settings


def attributes(span: Span) -> dict[str, Any]:
    return {one.key: one.value.string_value or one.value.int_value for one in span.attributes}


def test_a_request_is_a_span_of_the_trace_it_came_with_and_its_stages_lie_within(
    settings: Settings, collector: Collector
) -> None:
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "x-request-id": "mine"}
    with TestClient(create_app(settings)) as client:
        client.post("/predict?top_k=2", files={"file": picture("red")}, headers=headers)
    assert collector.paths == {"/v1/traces"}
    (request,) = [span for span in collector.spans if span.kind == SERVER]
    assert (request.name, request.trace_id.hex(), request.parent_span_id.hex()) == (
        "POST /predict",
        TRACE,
        PARENT,
    )
    assert attributes(request) == {
        "http.request.method": "POST",
        "http.route": "/predict",
        "http.response.status_code": 200,
        "menagerie.request_id": "mine",
        "menagerie.model_version": "colours-1",
    }
    stages = collector.within(request)
    assert [span.name for span in stages] == ["queue", "decode", "infer", "search"]
    moments = [request.start_time_unix_nano]
    moments += [at for span in stages for at in (span.start_time_unix_nano, span.end_time_unix_nano)]
    moments.append(request.end_time_unix_nano)
    assert moments == sorted(moments)


def test_no_query_no_key_no_path_and_no_picture_is_told(settings: Settings, collector: Collector) -> None:
    with TestClient(create_app(settings)) as client:
        for path in ("/predict?secret=Xyzzy", "/images?limit=Xyzzy", "/Xyzzy"):
            client.post(path, files={"file": ("Xyzzy.jpg", picture("red"))}, headers={"x-api-key": "Xyzzy"})
            client.get(path, headers={"authorization": "Bearer Xyzzy", "cookie": "Xyzzy"})
    assert len([span for span in collector.spans if span.kind == SERVER]) == 6
    for body in collector.bodies:
        assert b"Xyzzy" not in body
        assert picture("red")[:100] not in body


def test_what_has_no_route_goes_by_its_method_and_a_trace_of_its_own(
    settings: Settings, collector: Collector
) -> None:
    with TestClient(create_app(settings)) as client:
        client.get("/none/such", headers={"traceparent": "00-foul"})
    (span,) = collector.spans
    assert (span.name, span.parent_span_id, span.status.code) == ("GET", b"", Status.STATUS_CODE_UNSET)
    assert attributes(span)["http.response.status_code"] == 404


def test_a_failure_of_ours_is_an_error(
    settings: Settings, collector: Collector, small_library: Library
) -> None:
    with TestClient(create_app(settings)) as client:
        with small_library.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE images")
        assert client.get("/images").status_code == 503
    (span,) = collector.spans
    assert span.status.code == Status.STATUS_CODE_ERROR


def test_what_a_caller_does_not_sample_is_not_sent(settings: Settings, collector: Collector) -> None:
    with TestClient(create_app(settings)) as client:
        client.post(
            "/predict",
            files={"file": picture("red")},
            headers={"traceparent": f"00-{TRACE}-{PARENT}-00"},
        )
    assert collector.spans == []


@pytest.mark.parametrize(
    ("named", "told"), [({}, "menagerie"), ({"OTEL_SERVICE_NAME": "zoo"}, "zoo")], ids=["ours", "named"]
)
def test_the_service_goes_by_its_name_or_as_it_is_told(
    settings: Settings,
    collector: Collector,
    monkeypatch: pytest.MonkeyPatch,
    named: dict[str, str],
    told: str,
) -> None:
    for name, value in named.items():
        monkeypatch.setenv(name, value)
    with TestClient(create_app(settings)) as client:
        client.get("/livez")
    resource = collector.requests[0].resource_spans[0].resource
    names = [one.value.string_value for one in resource.attributes if one.key == "service.name"]
    assert names == [told]


def test_a_collector_that_is_away_holds_no_answer_up(
    small_library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS, "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "0.1")
    with TestClient(create_app(small_library.settings)) as client:
        assert client.post("/predict", files={"file": picture("red")}).status_code == 200


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({ADDRESS: "collector:4318"}, f"{ADDRESS}='collector:4318': an address begins with"),
        (
            {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://x", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
            "OTEL_EXPORTER_OTLP_PROTOCOL='grpc': only http/protobuf",
        ),
    ],
)
def test_what_cannot_be_told_to_is_an_error_at_the_start(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], told: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=told):
        open_tracing()


def test_missing_packages_are_an_error_that_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ADDRESS, "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(SettingsError, match=rf"{ADDRESS} asks for traces, .* extra 'otel'"):
        open_tracing()


@pytest.mark.parametrize("variables", [{}, {ADDRESS: "http://x", "OTEL_SDK_DISABLED": "true"}])
def test_without_a_collector_nothing_of_it_is_loaded(
    small_library: Library, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    for name, value in (environment(small_library, 8000) | variables).items():
        monkeypatch.setenv(name, value)
    code = (
        "import sys; from backend.api.app import create_app; from backend.api.settings import Settings\n"
        "create_app(Settings())\n"
        "print([m for m in sys.modules if m.startswith(('opentelemetry.sdk', 'opentelemetry.exporter'))])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT)
    assert ended.stdout == "[]\n", ended.stderr
