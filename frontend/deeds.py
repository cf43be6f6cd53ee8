"""Decisions in words, for every page where they are made."""

from frontend.decisions import Decision

GONE = "A picture that the library no longer holds"
OVERTAKEN = "Decided meanwhile"


def brief(file_name: str) -> str:
    """Without the middle, where it is long; its end tells pictures of one camera apart."""
    return file_name if len(file_name) <= 28 else f"{file_name[:10]}…{file_name[-16:]}"


def deed(decision: Decision) -> str:
    name = brief(decision.file_name) if decision.file_name else GONE
    match decision.kind:
        case "label":
            return f"{name} is {decision.label}"
        case "exclude":
            return f"{name} is left out"
        case _:
            return f"{name} is in order"


def deed_and_who(decision: Decision) -> str:
    return f"{deed(decision)}, decided by {decision.by or 'somebody at the command line'}."
