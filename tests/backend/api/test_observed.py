"""What the service tells of itself: metrics, log lines, ids, and headers that keep browsers safe."""

import json
import logging
import signal
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from backend.api.logs import JsonLines
from tests.backend.api.conftest import Library
from tests.backend.api.test_process import environment
from tests.drawing import picture
from tests.processes import free_port, running
from tests.waiting import SECONDS


def metric(client: TestClient, line: str) -> float:
    """The value of one line of /metrics, 0 where it is not there."""
    for found in client.get("/metrics").text.splitlines():
        if found.startswith(line + " "):
            return float(found.removeprefix(line))
    return 0.0


def ask(client: TestClient, data: bytes, **headers: str) -> Any:
    return client.post("/predict", content=data, headers={"content-type": "image/jpeg"} | headers)


def test_metrics_count_requests_stages_and_answers(client: TestClient) -> None:
    for colour, number in (("red", 0), ("red", 1), ("blue", 0), ("blue", 0)):
        ask(client, picture(colour, number))
    ask(client, b"no picture")
    client.get("/images/1")
    client.get("/no/such/path")
    assert client.get("/metrics").headers["content-type"].startswith("text/plain")
    counted = {
        'menagerie_request_seconds_count{route="/predict",status="200"}': 4,
        'menagerie_request_seconds_count{route="/predict",status="415"}': 1,
        'menagerie_request_seconds_count{route="/images/{image_id}",status="200"}': 1,
        'menagerie_request_seconds_count{route="none",status="404"}': 1,
        'menagerie_stage_seconds_count{stage="queue"}': 5,
        'menagerie_stage_seconds_count{stage="decode"}': 4,
        'menagerie_stage_seconds_count{stage="infer"}': 3,
        'menagerie_answers_total{verdict="confident",version="colours-1"}': 4,
        'menagerie_labels_total{label="red",version="colours-1"}': 2,
        "menagerie_answers_from_cache_total": 1,
        "menagerie_waiting": 0,
        "menagerie_predictions_dropped_total": 0,
    }
    assert {line: metric(client, line) for line in counted} == counted
    assert metric(client, "process_resident_memory_bytes") > 0


def test_a_request_keeps_its_id_or_is_given_one(client: TestClient) -> None:
    assert ask(client, picture("red"), **{"x-request-id": "abc-1"}).headers["x-request-id"] == "abc-1"
    for foul in ("a b", "x" * 65, '{"a": 1}', ""):
        given = client.get("/livez", headers={"x-request-id": foul})
        assert len(given.headers["x-request-id"]) == 32


def test_every_answer_has_the_headers_that_keep_browsers_safe(client: TestClient) -> None:
    too_large = client.post("/predict", content=b"x" * 400_000, headers={"content-type": "image/png"})
    assert too_large.status_code == 413
    for answer in (too_large, client.get("/labels"), client.get("/no/such/path")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert len(answer.headers["x-request-id"]) == 32


def test_a_log_line_is_json_with_what_was_found_out_and_no_picture(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "backend.api.access"):
        client.post("/predict?top_k=2&secret=Xyzzy", files={"file": ("my-cat.jpg", picture("red"))})
    (record,) = caplog.records
    line = json.loads(JsonLines().format(record))
    assert (line["method"], line["route"], line["status"], line["level"]) == ("POST", "/predict", 200, "info")
    assert line["ms"] > 0
    assert "Xyzzy" not in json.dumps(line)
    assert "my-cat" not in json.dumps(line)


def test_a_bug_is_one_line_of_json_with_its_traceback() -> None:
    try:
        raise RuntimeError("on\ntwo lines")
    except RuntimeError:
        record = logging.makeLogRecord({"msg": "failed", "exc_info": sys.exc_info()})
    text = JsonLines().format(record)
    assert "\n" not in text
    assert "RuntimeError: on\ntwo lines" in json.loads(text)["traceback"]


def test_a_real_process_logs_as_it_is_told(small_library: Library, tmp_path: Path) -> None:
    port = free_port()
    base, log = f"http://127.0.0.1:{port}", tmp_path / "log"
    settings = environment(small_library, port) | {"MENAGERIE_LOG_FORMAT": "json"}
    with running(["backend.api"], settings, f"{base}/readyz", log) as process:
        named = {"x-request-id": "mine"}
        httpx.post(f"{base}/predict", files={"file": picture("red")}, headers=named, timeout=SECONDS)
        process.send_signal(signal.SIGTERM)
        process.wait(SECONDS)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    (asked,) = [line for line in lines if line.get("route") == "/predict"]
    assert (asked["request_id"], asked["status"]) == ("mine", 200)
    assert any(line["message"] == "Application shutdown complete." for line in lines)
