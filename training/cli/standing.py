"""How a new model stands beside the champion, told to a person, and what to do about it."""

from typing import TYPE_CHECKING

from training.cli.state import State

if TYPE_CHECKING:
    from training.standing import Standing


def say_beside_champion(state: State, version: str) -> "Standing | None":
    """Asks a new model and the champion about the same test pictures, keeps that for the service to count,
    and tells which is better. A champion that cannot be asked is no reason to fail: the new one is made."""
    from backend.inference.errors import BadBundle, BundleUnreachable
    from databases.places import Unreachable
    from training.cli.console import Bars, counted, quote, say
    from training.errors import TrainingError
    from training.reporting.comparison_page import verdict
    from training.standing import stand_beside_champion

    try:
        found = stand_beside_champion(state.engine, state.bundles, version, Bars())
    except (BadBundle, BundleUnreachable, TrainingError, Unreachable) as error:
        say(f"[yellow]not held beside the champion:[/yellow] {quote(str(error))}")
        return None
    if found is not None:
        pictures = counted(found.pictures, "test picture")
        say(
            f"Of {pictures} that neither learnt from, it is right on {found.right}, the champion "
            f"{quote(found.champion)} on {found.right_before}. "
            f"{quote(verdict((found.champion, version), found.test))}"
        )
    return found


def say_how_to_serve(version: str, standing: "Standing | None") -> None:
    """The command that promotes a new model, and that nobody may want it where the champion did better."""
    from training.cli.console import quote, say
    from training.reporting.comparison_page import is_shown

    promote = f"menagerie models promote {quote(version)}"
    if standing is None or standing.right >= standing.right_before:
        say(f"To let it serve: {promote}")
        return
    but = "" if is_shown(standing.test) else ", though that may be luck"
    say(
        f"The champion {quote(standing.champion)} did better{but}, and goes on serving. To let "
        f"{quote(version)} serve all the same: {promote} --force"
    )
