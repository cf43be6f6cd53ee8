"""What the service knows: labels and models."""

from fastapi import APIRouter

from backend.api.dependencies import ServiceDep, SessionDep
from backend.api.presenting import model_name, model_out
from backend.api.schemas import LabelOut, LabelsOut, ModelsOut, Texts
from databases import library, registry

router = APIRouter(tags=["catalogue"])


@router.get("/labels")
def list_labels(service: ServiceDep, session: SessionDep) -> LabelsOut:
    """List the labels that the serving model can answer, and how many pictures of the library carry each."""
    counts = library.count_labels(session, service.model.task)
    labels = [
        LabelOut(label=label, pictures=counts.get(label, 0)) for label in service.predictor.manifest.labels
    ]
    return LabelsOut(task=service.model.task, labels=labels)


@router.get("/models")
def list_models(service: ServiceDep, session: SessionDep) -> ModelsOut:
    """List the registry, newest first, and say which model serves."""
    rows = [model_out(service, model) for model in registry.list_models(session)]
    text = service.recommender.predictor.text
    texts: Texts = "none" if text is None else "aligned" if text.aligned else "moved"
    explains = service.predictor.explains
    keeps = bool(library.root_names(session, service.model.task))
    return ModelsOut(serving=model_name(service), texts=texts, explains=explains, keeps=keeps, models=rows)
