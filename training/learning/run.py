"""One training under way: what is kept of it."""

from dataclasses import dataclass

from databases.places import Place
from training.errors import TakenOver, WeightsUnavailable
from training.learning.run_folders import read_text, write_whole
from training.networks.weights import weights_sha256
from training.recipe import Recipe, make_recipe, read_values

RECIPE, FINGERPRINT, CLAIM, WEIGHTS = "recipe.yaml", "dataset.sha256", "claim", "weights.sha256"
JOB, VERSION, LAST = "job.sha256", "version", "last.ckpt"


@dataclass(frozen=True)
class Run:
    """A folder with the recipe, the fingerprints of the data set and of weights that came from a file, and
    the checkpoints of a training. `claim`: what it says in a store behind a URL as long as it is ours."""

    folder: Place
    claim: str | None = None

    @property
    def last(self) -> Place | None:
        """What to go on from, where an epoch was finished."""
        path = self.folder / LAST
        try:
            path.stat()  # where a store does not answer, is_file says no
        except FileNotFoundError:
            return None
        return path

    @property
    def recipe(self) -> Recipe:
        path = self.folder / RECIPE
        return make_recipe(read_values(path), str(path))

    def note(self, recipe: Recipe) -> None:
        """By this it is gone on with."""
        write_whole(self.folder / RECIPE, recipe.to_yaml())

    @property
    def fingerprint(self) -> str | None:
        """None where the run was not begun to the end."""
        return read_text(self.folder / FINGERPRINT)

    @property
    def version(self) -> str | None:
        """The bundle that it came to."""
        return read_text(self.folder / VERSION)

    def note_version(self, version: str) -> None:
        """By this it is known that nothing is left to do, if the bundle is registered."""
        write_whole(self.folder / VERSION, version)

    @property
    def is_ours(self) -> bool:
        """Whether nobody else has taken it over."""
        return self.claim is None or read_text(self.folder / CLAIM) == self.claim

    def check_claim(self) -> None:
        """Raises TakenOver where somebody else goes on with it: each would write over what the other did."""
        if not self.is_ours:
            raise TakenOver(f"another process has taken over the training in {self.folder}; this one ends")

    def check_weights(self) -> None:
        """Whether the weights that it began with lie where they lay.

        Raises:
            WeightsUnavailable: they are gone, or others took their place.
        """
        weights, noted = self.recipe.weights, read_text(self.folder / WEIGHTS)
        if weights is None:
            return
        if not weights.exists():
            raise WeightsUnavailable(
                f"the weights that this training began with are gone from {weights}: put them back, or leave "
                "--resume out"
            )
        if noted is not None and weights_sha256(weights) != noted:
            raise WeightsUnavailable(
                f"the weights in {weights} are others than those that this training began with: put these "
                "back, or leave --resume out"
            )
