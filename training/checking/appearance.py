"""Pictures that look bad, by what was measured of them.

The thresholds were looked at on 3,541 photographs of animals and other things, from shelters, photographers
and camera traps.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from databases.library import LibraryImage
from databases.quality import Quality
from training.checking.findings import (
    BLANK,
    BLURRY,
    BRIGHT,
    DARK,
    GRAYSCALE,
    ODD_SHAPE,
    TINY,
    Finding,
    Found,
    Kind,
)

# Of 870 of those photographs none is below, and of their copies blurred by 2 pixels of 256 (a Gaussian's
# sigma) 99 % are; of all of them five are below, and these look out of focus or enlarged.
LEAST_SHARPNESS = 130
# What is a lit animal before a black ground, or a drawing on white, has more contrast than that: of the
# photographs 1 in 700 is dark by both figures, and nothing much is to be seen in these; none is too bright.
DARK_BELOW, BRIGHT_ABOVE, LITTLE_CONTRAST = 0.2, 0.8, 0.35
# The least of the photographs is 0.23; a plain frame with a sensor's noise is at 0.1 or below.
LEAST_CONTRAST = 0.1
# Networks look at 224 pixels: such a picture is enlarged more than three times.
LEAST_SIDE = 64
# Of a picture this long the square in its middle, which networks look at, is a third.
LONGEST_SHAPE = 3.0
# JPEGs of grey pictures are at 0, tinted scans up to 0.027; the next photographs, from 0.035, have colour.
LEAST_SATURATION = 0.03


@dataclass(frozen=True)
class _Seen:
    image: LibraryImage
    quality: Quality

    @property
    def shape(self) -> float:
        """The longer side over the shorter."""
        sides = self.image.width, self.image.height
        return max(sides) / min(sides)


@dataclass(frozen=True)
class _Rule:
    """`badness` orders: the higher, the worse."""

    kind: Kind
    holds: Callable[[_Seen], bool]
    badness: Callable[[_Seen], float]
    figures: Callable[[_Seen], Mapping[str, float]]


RULES = (
    _Rule(
        BLURRY,
        lambda seen: seen.quality.sharpness < LEAST_SHARPNESS and seen.quality.contrast >= LEAST_CONTRAST,
        lambda seen: -seen.quality.sharpness,
        lambda seen: {"sharpness": seen.quality.sharpness},
    ),
    _Rule(
        DARK,
        lambda seen: seen.quality.brightness < DARK_BELOW and seen.quality.contrast < LITTLE_CONTRAST,
        lambda seen: -seen.quality.brightness,
        lambda seen: _light(seen.quality),
    ),
    _Rule(
        BRIGHT,
        lambda seen: seen.quality.brightness > BRIGHT_ABOVE and seen.quality.contrast < LITTLE_CONTRAST,
        lambda seen: seen.quality.brightness,
        lambda seen: _light(seen.quality),
    ),
    _Rule(
        BLANK,
        lambda seen: seen.quality.contrast < LEAST_CONTRAST,
        lambda seen: -seen.quality.contrast,
        lambda seen: {"contrast": seen.quality.contrast},
    ),
    _Rule(
        TINY,
        lambda seen: min(seen.image.width, seen.image.height) < LEAST_SIDE,
        lambda seen: -min(seen.image.width, seen.image.height),
        lambda seen: {"width": seen.image.width, "height": seen.image.height},
    ),
    _Rule(
        ODD_SHAPE,
        lambda seen: seen.shape > LONGEST_SHAPE,
        lambda seen: seen.shape,
        lambda seen: {"width": seen.image.width, "height": seen.image.height},
    ),
    _Rule(
        GRAYSCALE,
        lambda seen: seen.quality.saturation < LEAST_SATURATION,
        lambda seen: -seen.quality.saturation,
        lambda seen: {"saturation": seen.quality.saturation},
    ),
)


def find_bad_looks(images: Iterable[LibraryImage], qualities: Mapping[int, Quality]) -> tuple[Found, ...]:
    """What is wrong with the looks of those pictures that were measured, by kind."""
    seen = [_Seen(image, qualities[image.id]) for image in images if image.id in qualities]
    return tuple(_found(rule, seen) for rule in RULES)


def _found(rule: _Rule, seen: Iterable[_Seen]) -> Found:
    bad = sorted((one for one in seen if rule.holds(one)), key=rule.badness, reverse=True)
    return Found(rule.kind, tuple(Finding(one.image, rule.figures(one)) for one in bad))


def _light(quality: Quality) -> Mapping[str, float]:
    return {"brightness": quality.brightness, "contrast": quality.contrast}
