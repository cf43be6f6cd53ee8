from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.orm import Session

from backend.api import browsing_schemas, schemas
from backend.api.app import create_app
from backend.api.prepare import prepare
from backend.api.settings import Settings
from backend.inference.errors import BadBundle
from databases import registry
from databases.errors import SchemaMismatch, UnknownModel
from databases.schema import open_for_writing
from tests.backend.api.conftest import PER_LABEL, Library
from tests.tiny_bundle import make_bundle


def test_health_tells_what_serves(client: TestClient) -> None:
    assert client.get("/livez").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {
        "status": "ready",
        "model": {"task": "colours", "version": "colours-1"},
        "gallery": 3 * PER_LABEL + 1,
        "database": "ok",
    }


def test_labels_come_in_the_models_order_with_their_pictures(client: TestClient) -> None:
    assert client.get("/labels").json() == {
        "task": "colours",
        "labels": [
            {"label": "red", "pictures": PER_LABEL + 1},
            {"label": "green", "pictures": PER_LABEL},
            {"label": "blue", "pictures": PER_LABEL},
        ],
    }


def test_models_are_listed_with_the_one_that_serves(client: TestClient) -> None:
    answer = client.get("/models").json()
    assert answer["serving"] == {"task": "colours", "version": "colours-1"}
    assert answer["texts"] == "none"
    assert [(m["version"], m["state"], m["serving"]) for m in answer["models"]] == [
        ("colours-1", "champion", True)
    ]


@pytest.mark.parametrize(
    "answer",
    [
        schemas.PredictionOut,
        schemas.SimilarOut,
        schemas.ImageOut,
        browsing_schemas.ImagePage,
        browsing_schemas.ImageDetails,
        browsing_schemas.LibraryOut,
        schemas.LabelsOut,
        schemas.ModelsOut,
        schemas.Problem,
        schemas.BatchOut,
    ],
)
def test_every_example_in_the_documentation_is_what_the_service_may_answer(answer: type[BaseModel]) -> None:
    example = answer.model_json_schema()["example"]
    assert answer.model_validate(example).model_dump(mode="json") == example


def test_the_documentation_needs_no_network_and_shows_examples(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "https://" not in page.replace("https://github.com", "")
    schema = client.get("/openapi.json").json()
    assert schema["components"]["schemas"]["PredictionOut"]["example"]["verdict"] == "confident"
    assert "application/problem+json" in schema["paths"]["/predict"]["post"]["responses"]["415"]["content"]


def test_a_wrong_method_is_a_problem(client: TestClient) -> None:
    response = client.get("/predict")
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert response.headers["allow"] == "POST"


def test_a_bug_is_a_500_that_tells_nothing(small_library: Library) -> None:
    app = create_app(small_library.settings)

    @app.get("/bug")
    def bug() -> None:
        raise RuntimeError("the secret is 42")

    with TestClient(app, raise_server_exceptions=False) as client:
        response = client.get("/bug")
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert "42" not in response.text
    assert len(response.headers["x-request-id"]) == 32
    assert response.headers["x-content-type-options"] == "nosniff"


def test_a_database_that_fails_is_a_503(client: TestClient, small_library: Library) -> None:
    with small_library.engine.begin() as connection:
        connection.execute(text("ALTER TABLE images RENAME TO gone"))
    response = client.get("/images")
    assert (response.status_code, response.json()["code"]) == (503, "database_unavailable")


def test_without_a_database_it_does_not_start(small_library: Library, tmp_path: Path) -> None:
    settings = small_library.settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'none.db'}"})
    with pytest.raises(SchemaMismatch, match="run: menagerie db upgrade"):
        create_app(settings)


def test_a_database_from_a_newer_version_is_refused(small_library: Library) -> None:
    with small_library.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'f00d'"))
    with pytest.raises(SchemaMismatch, match="f00d, which this version does not know"):
        create_app(small_library.settings)


@pytest.mark.usefixtures("engine")
def test_without_a_champion_it_does_not_start(database_url: str, bundles: Path) -> None:
    with pytest.raises(UnknownModel, match="no model was promoted yet"):
        create_app(Settings(DATABASE_URL=database_url, bundles=bundles))


def test_a_damaged_champion_is_refused(small_library: Library) -> None:
    model = small_library.bundles / "colours-1" / "model.onnx"
    model.write_bytes(model.read_bytes()[:-1])
    with pytest.raises(BadBundle, match="is not the file that the manifest names"):
        create_app(small_library.settings)


def test_the_named_task_serves_or_else_the_last_promoted(small_library: Library) -> None:
    make_bundle(small_library.bundles, "shades-1", "shades")
    prepare(small_library.engine, small_library.bundles, small_library.bundles / "shades-1")
    for task, version in ((None, "shades-1"), ("colours", "colours-1"), ("shades", "shades-1")):
        app = create_app(small_library.settings.model_copy(update={"task": task}))
        assert app.state.succession.service.model.version == version
        app.state.succession.service.close()


def test_preparing_takes_a_bundle_in_once(tmp_path: Path, bundles: Path) -> None:
    source = make_bundle(tmp_path / "shipped")
    engine = open_for_writing(f"sqlite:///{tmp_path / 'fresh' / 'images.db'}")
    prepare(engine, bundles, source)
    prepare(engine, bundles, source)
    with Session(engine) as session:
        assert [(m.version, m.state) for m in registry.list_models(session)] == [("colours-1", "champion")]
    assert (bundles / "colours-1" / "model.onnx").is_file()
    engine.dispose()
