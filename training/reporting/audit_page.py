"""An audit as a page, as figures, and in plain sentences."""

from pydantic import JsonValue

from backend.certainty import Share
from training.duplicates.audit import Audit, Bought
from training.reporting.page import render
from training.reporting.thumbnails import thumbnail

# Pictures make a page heavy; the figures have every group.
MOST_GROUPS, MOST_PICTURES = 100, 12


def audit_page(audit: Audit) -> str:
    """One self-contained HTML page."""
    shown = [
        (crossing, [(image, thumbnail(image.place)) for image in crossing.pictures[:MOST_PICTURES]])
        for crossing in audit.crossings[:MOST_GROUPS]
    ]
    return render("audit.html.jinja", audit=audit, shown=shown, sentences=conclusions(audit))


def audit_json(audit: Audit) -> dict[str, JsonValue]:
    """The same for programs."""
    return {
        "task": audit.task,
        "pictures": dict(audit.pictures),
        "compared_by_hash_alone": audit.unsure,
        "crossings": [
            [
                {"id": image.id, "file": str(image.place), "label": image.label, "split": image.split}
                for image in crossing.pictures
            ]
            for crossing in audit.crossings
        ],
        "test_accuracy": _bought(audit.bought) if audit.bought else None,
    }


def conclusions(audit: Audit) -> list[str]:
    """What follows from an audit, and what must be known to read it."""
    sentences = [_verdict(audit)]
    if audit.bought:
        bought = audit.bought
        sentences.append(
            f"A probe is right on {_of(bought.as_split)} of the test split as it is, and on "
            f"{_of(bought.apart)} of what has no look-alike in train or val."
        )
        sentences.append(
            f"On the {bought.leaked.total} test pictures that have one it is right on {_of(bought.leaked)}; "
            f"without having learnt from their look-alikes, on {_of(bought.unseen)}."
        )
    elif any("test" in crossing.splits for crossing in audit.crossings):
        sentences.append("Without what test shares, too little is left to learn from to say what that buys.")
    if mixed := sum(len(crossing.labels) > 1 for crossing in audit.crossings):
        sentences.append(
            f"{mixed} of the groups carry more than one label: one is wrong, or they share a scene."
        )
    if audit.unsure:
        sentences.append(
            f"{audit.unsure} pictures were compared by their hashes alone, which do not find cut or turned "
            "copies: run menagerie ingest again with --duplicates embedding."
        )
    return sentences


def _verdict(audit: Audit) -> str:
    total = sum(audit.pictures.values())
    if not audit.crossings:
        return f"No picture of {audit.task} shows what another split shows; it has {total}."
    parted = sum(len(crossing.pictures) for crossing in audit.crossings)
    groups = "One group" if len(audit.crossings) == 1 else f"{len(audit.crossings)} groups"
    lie = "lies" if len(audit.crossings) == 1 else "lie"
    return (
        f"{groups} of pictures that show the same, {parted} of {total} pictures, {lie} in more "
        "than one split: what is measured on them may be memory."
    )


def _of(share: Share) -> str:
    return f"{share.value:.1%} ({share.low:.1%} to {share.high:.1%})" if share.total else "none"


def _bought(bought: Bought) -> dict[str, JsonValue]:
    return {
        name: {"right": share.count, "pictures": share.total, "interval": [share.low, share.high]}
        for name, share in (
            ("as_split", bought.as_split),
            ("apart", bought.apart),
            ("leaked", bought.leaked),
            ("leaked_unseen", bought.unseen),
        )
    }
