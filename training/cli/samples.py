"""Commands on public sample sets: list, get."""

from pathlib import Path
from typing import Annotated

import typer

from training.cli.program import Commands

samples = Commands(help="Public sets of animal pictures, by name.")


@samples.command("list")
def list_samples() -> None:
    """List the sets: what they show, how large they are, their licence and checksums."""
    from training.cli.console import quote, say
    from training.samples.catalogue import SAMPLES

    for sample in SAMPLES.values():
        say(f"[bold]{sample.name}[/bold]  {quote(sample.about)}; {sample.bytes / 1e6:.0f} MB")
        say(f"  licence: {quote(sample.licence)}")
        say(f"  from: {sample.homepage}")
        for archive in sample.archives:
            say(f"  {archive.name}: SHA-256 {archive.sha256}")


@samples.command()
def get(
    name: Annotated[str, typer.Argument(help="For example hymenoptera.")],
    to: Annotated[Path, typer.Option(help="The folder to put its folder into.")] = Path(),
) -> None:
    """Download a set and unpack it into a folder of its name; goes on where it was broken off."""
    from databases.settings import load_settings
    from training.cli.console import Bars, quote, say
    from training.errors import TrainingError
    from training.ingestion.sources.archives import ArchiveLimits
    from training.samples.catalogue import SAMPLES
    from training.samples.getting import get_sample

    if name not in SAMPLES:
        raise TrainingError(f"there is no sample set {name!r}; there are: {', '.join(SAMPLES)}")
    sample = SAMPLES[name]
    folder = get_sample(sample, to, load_settings(ArchiveLimits), Bars())
    say(f"[bold]{name}[/bold] is in {quote(str(folder))}. Licence: {quote(sample.licence)}")
    say(f"To use it: menagerie ingest {quote(str(folder / sample.source))} --name {name}")
