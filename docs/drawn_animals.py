"""Pictures of three animals, drawn: no two alike, and nobody's copyright.

Sizes are in pixels of the finished picture; an animal's own points are in units of about half its length.
"""

from collections.abc import Callable, Sequence
from math import cos, pi, sin
from random import Random

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter

SIZE = (640, 480)
OVERSAMPLING = 3
LIGHT = (-0.5, -0.8)  # where the light comes from: the upper left

Points = Sequence[tuple[float, float]]
Mask = Image.Image


class Canvas:
    """Draws shapes of one animal, posed, at three times the size."""

    def __init__(
        self, background: Image.Image, at: tuple[float, float], scale: float, turn: float, flip: bool
    ):
        width, height = (side * OVERSAMPLING for side in SIZE)
        self.image = background.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)
        self.scale = scale * OVERSAMPLING
        self._at = (at[0] * OVERSAMPLING, at[1] * OVERSAMPLING)
        self._turn, self._flip = turn, -1 if flip else 1

    def mask(self, points: Points, soft: float = 0, inside: Mask | None = None) -> Mask:
        mask = Image.new("L", self.image.size)
        ImageDraw.Draw(mask).polygon([self._place(*point) for point in points], fill=255)
        if soft:
            mask = mask.filter(ImageFilter.GaussianBlur(soft * self.scale))
        return ImageChops.multiply(mask, inside) if inside else mask

    def fill(
        self, points: Points, colour: str, soft: float = 0, inside: Mask | None = None, opacity: float = 1
    ) -> Mask:
        mask = self.mask(points, soft, inside)
        ink = mask.point([round(level * opacity) for level in range(256)])
        self.image.paste(ImageColor.getrgb(colour), (0, 0), ink)
        return mask

    def line(self, points: Points, colour: str, width: float) -> None:
        path, pixels = [self._place(*point) for point in points], width * self.scale
        draw = ImageDraw.Draw(self.image)
        draw.line(path, colour, round(pixels), joint="curve")
        for x, y in (path[0], path[-1]):
            draw.ellipse((x - pixels / 2, y - pixels / 2, x + pixels / 2, y + pixels / 2), colour)

    def round_off(self, mask: Mask, radius: float, strength: float = 0.6) -> None:
        """Darkens the side away from the light, so that a flat shape looks round."""
        pixels = radius * self.scale
        lit = mask.filter(ImageFilter.GaussianBlur(pixels))
        lit = ImageChops.offset(lit, round(LIGHT[0] * pixels), round(LIGHT[1] * pixels))
        shadow = ImageChops.multiply(mask, ImageChops.invert(lit))
        dark = self.image.point([round(level * (1 - strength)) for level in range(256)] * 3)
        self.image.paste(dark, (0, 0), shadow)

    def finished(self) -> Image.Image:
        return self.image.resize(SIZE, Image.Resampling.LANCZOS)

    def _place(self, x: float, y: float) -> tuple[float, float]:
        x *= self._flip
        turned = x * cos(self._turn) - y * sin(self._turn), x * sin(self._turn) + y * cos(self._turn)
        return self._at[0] + self.scale * turned[0], self._at[1] + self.scale * turned[1]


def oval(x: float, y: float, across: float, down: float) -> Points:
    return [(x + across * cos(i * pi / 40), y + down * sin(i * pi / 40)) for i in range(80)]


def smooth(*corners: tuple[float, float]) -> Points:
    """A closed Catmull-Rom curve through the corners."""
    curve, count = [], len(corners)
    for i in range(count):
        a, b, c, d = (corners[(i + k) % count] for k in (-1, 0, 1, 2))
        for step in range(12):
            t = step / 12
            weights = (-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2)
            x, y = (
                sum(w * p[axis] for w, p in zip(weights, (a, b, c, d), strict=True)) / 2 for axis in (0, 1)
            )
            curve.append((x, y))
    return curve


def blurry(random: Random, top: str, bottom: str, blotches: Sequence[str], grain: int = 24) -> Image.Image:
    """What lies behind the animal, out of focus."""
    upper, lower = Image.new("RGB", SIZE, top), Image.new("RGB", SIZE, bottom)
    image = Image.composite(lower, upper, Image.linear_gradient("L").resize(SIZE))
    spots = image.copy()
    draw = ImageDraw.Draw(spots)
    for _ in range(90):
        x, y, r = random.uniform(0, SIZE[0]), random.uniform(0, SIZE[1]), random.uniform(10, 60)
        draw.ellipse((x - r, y - r, x + r, y + r), random.choice(blotches))
    return Image.blend(image, spots, 0.45).filter(ImageFilter.GaussianBlur(grain))


def ladybird(random: Random) -> Image.Image:
    green = random.choice(["#6fa83c", "#5d9a45", "#86b548", "#4f8f3c"])
    behind = blurry(random, green, "#3f7a30", [green, "#a5cc62", "#2f6428", "#8fbf50"], 18)
    at = random.uniform(290, 350), random.uniform(215, 265)
    draw = Canvas(behind, at, random.uniform(160, 200), random.uniform(-0.6, 0.6), random.random() < 0.5)
    for i in range(-6, 7):  # the leaf: its midrib and its veins
        for side in (-1, 1):
            draw.line([(i * 0.55, 0), (i * 0.55 + 0.9, side * 2.6)], "#8fc05a", 0.025)
    draw.line([(-4, 0), (4, 0)], "#b4d77c", 0.07)
    draw.fill(oval(-0.02, 0.14, 1.12, 0.8), "#16300f", soft=0.1, opacity=0.75)
    for side in (-1, 1):
        for foot, lean in ((-0.55, -0.2), (0.1, 0.02), (0.6, 0.24)):
            knee = (foot + lean, side * 0.92)
            draw.line([(foot, side * 0.5), knee, (knee[0] + lean, side * 1.06)], "#1b1715", 0.075)
        draw.line([(1.1, side * 0.14), (1.32, side * 0.34), (1.42, side * 0.34)], "#1b1715", 0.04)
    head = draw.fill(oval(1.02, 0, 0.27, 0.36), "#1d1917")
    draw.round_off(head, 0.1)
    neck = draw.fill(oval(0.78, 0, 0.34, 0.57), "#231e1c")
    for side in (-1, 1):
        draw.fill(oval(0.9, side * 0.4, 0.15, 0.15), "#f4efdf", inside=neck)
        draw.fill(oval(1.17, side * 0.17, 0.06, 0.07), "#f4efdf")
    shell = draw.fill(oval(-0.12, 0, 1, 0.8), random.choice(["#d8261c", "#e03a1e", "#c91f20", "#e5521d"]))
    draw.line([(-1.1, 0), (0.86, 0)], "#4d0d0a", 0.03)
    size = random.uniform(0.15, 0.19)
    for x, y in ((-0.65, 0.36), (0.0, 0.27), (0.42, 0.5), (-0.2, 0.62))[: random.choice([3, 3, 4])]:
        for side in (-1, 1):
            draw.fill(oval(x, side * y, size, size), "#191413", inside=shell)
    draw.fill(oval(0.72, 0, 0.2, 0.17), "#191413", inside=shell)
    draw.round_off(shell, 0.35, 0.8)
    draw.fill(oval(-0.15, -0.42, 0.34, 0.1), "#fff3e8", soft=0.05, inside=shell, opacity=0.75)
    return draw.finished()


def clownfish(random: Random) -> Image.Image:
    blue = random.choice(["#2aa3c9", "#1f8fc4", "#35b0bd", "#2b86c8"])
    behind = blurry(random, blue, "#0b3d66", [blue, "#5fd0e0", "#0d4f80", "#12648f"], 26)
    flip = random.random() < 0.5
    at = 320 + (-28 if flip else 28) + random.uniform(-12, 12), random.uniform(195, 235)
    draw = Canvas(behind, at, random.uniform(150, 178), random.uniform(-0.25, 0.25), flip)
    _anemone(draw, random)
    orange = random.choice(["#f47b1b", "#f26a12", "#f98c22", "#ee5f14"])
    fin = "#e8640f"
    wave = random.uniform(-0.12, 0.12)
    tail = smooth(
        (-0.8, -0.1),
        (-1.2, -0.4 + wave),
        (-1.42, -0.2 + wave),
        (-1.36, 0.2 + wave),
        (-1.2, 0.42),
        (-0.8, 0.1),
    )
    back = smooth((0.42, -0.46), (0.1, -0.8), (-0.2, -0.68), (-0.55, -0.66), (-0.72, -0.3), (0, -0.3))
    belly = smooth((-0.1, 0.4), (-0.35, 0.76), (-0.62, 0.6), (-0.7, 0.26), (-0.3, 0.25))
    front = smooth((0.3, 0.4), (0.12, 0.82), (-0.06, 0.74), (0.06, 0.36))
    for shape in (tail, back, belly, front):
        _fin(draw, shape, fin)
    body = draw.fill(
        smooth((1.06, 0.05), (0.8, -0.3), (0.35, -0.52), (-0.3, -0.46), (-0.85, -0.16), (-0.98, 0)
               , (-0.85, 0.17), (-0.3, 0.47), (0.35, 0.53), (0.85, 0.32)), orange)  # fmt: skip
    for x, wide in ((0.47, 0.13), (-0.2, 0.16), (-0.8, 0.07)):
        bulge = random.uniform(0.06, 0.12)
        for colour, more in (("#1c1512", 0.045), ("#fbf7ee", 0.0)):
            left, right = x - wide - more, x + wide + more
            stripe = smooth(
                (left, -0.7), (right, -0.7), (right + bulge, 0), (right, 0.7), (left, 0.7), (left + bulge, 0)
            )
            draw.fill(stripe, colour, inside=body)
    draw.round_off(body, 0.3, 0.55)
    flap = smooth((0.2, 0.05), (0.05, -0.12), (-0.2, 0.02), (-0.22, 0.26), (0.0, 0.32), (0.18, 0.22))
    _fin(draw, flap, "#fa9434")
    draw.fill(oval(0.79, -0.1, 0.115, 0.115), "#fbd9a0")
    draw.fill(oval(0.8, -0.1, 0.085, 0.085), "#15100e")
    draw.fill(oval(0.77, -0.14, 0.027, 0.027), "#ffffff")
    draw.line([(1.04, 0.12), (0.96, 0.15), (0.88, 0.13)], "#8f3a08", 0.025)
    draw.fill(oval(0.1, -0.33, 0.5, 0.07), "#ffffff", soft=0.06, inside=body, opacity=0.5)
    for _ in range(random.randint(3, 8)):
        x, y, r = random.uniform(0.9, 1.6), random.uniform(-1.1, -0.2), random.uniform(0.02, 0.06)
        draw.fill(oval(x, y, r, r), "#dff6fb", opacity=0.55)
        draw.fill(oval(x, y, r * 0.75, r * 0.75), blue, opacity=0.55)
    return draw.finished()


def _fin(draw: Canvas, shape: Points, colour: str) -> None:
    draw.fill(shape, "#1c1512")
    x, y = (sum(point[axis] for point in shape) / len(shape) for axis in (0, 1))
    inner = draw.fill([(x + 0.84 * (a - x), y + 0.84 * (b - y)) for a, b in shape], colour)
    draw.round_off(inner, 0.15, 0.35)


def _anemone(draw: Canvas, random: Random) -> None:
    colours = random.choice([("#b86fa5", "#d79ac4"), ("#7fae62", "#b4d68a"), ("#c98a5e", "#ecc08f")])
    for _ in range(38):
        x, top, sway = random.uniform(-2.6, 2.6), random.uniform(0.35, 0.9), random.uniform(-0.3, 0.3)
        path = [(x + sway * sin(step * 0.3), 1.9 + (top - 1.9) * step / 10) for step in range(11)]
        draw.line(path, colours[0], 0.15)
        draw.line([(a - 0.02, b) for a, b in path[4:]], colours[1], 0.06)


def penguin(random: Random) -> Image.Image:
    sky = random.choice(["#9fd0ee", "#b9dcf2", "#f2c9b8", "#c9d6f0"])
    behind = blurry(random, sky, "#eef5fa", [sky, "#ffffff", "#dcebf5", "#cfe3f0"], 22)
    at = random.uniform(270, 370), random.uniform(225, 245)
    draw = Canvas(behind, at, random.uniform(165, 195), random.uniform(-0.08, 0.08), random.random() < 0.5)
    far = random.uniform(0.35, 0.6)
    ridge = [(x * 0.5, far + random.uniform(-0.25, 0.1)) for x in range(-7, 8)]
    draw.fill([*ridge, (4, 3), (-4, 3)], "#a9cbe2", soft=0.03)
    draw.fill(
        smooth((-4, 0.75), (0, 0.92 + random.uniform(-0.1, 0.1)), (4, 0.8), (5, 4), (-5, 4)),
        "#f1f7fb",
        soft=0.02,
    )
    draw.fill(oval(0.2, 1.17, 0.85, 0.13), "#7c9db8", soft=0.05, opacity=0.75)
    for side in (-1, 1):
        draw.fill(
            smooth((side * 0.1, 1.05), (side * 0.24, 1.0), (side * 0.4 + 0.08, 1.18), (side * 0.12, 1.2)),
            "#3a3638",
        )
    black, lift = random.choice(["#23262e", "#2a2d38", "#1d2027"]), random.uniform(0.0, 0.3)
    body = draw.fill(
        smooth((0.02, -0.75), (0.32, -0.45), (0.5, 0.1), (0.5, 0.6), (0.3, 1.08), (0, 1.14), (-0.32, 1.06)
               , (-0.52, 0.6), (-0.5, 0.1), (-0.28, -0.45)), black)  # fmt: skip
    front = smooth(
        (0.12, -0.5),
        (0.36, -0.3),
        (0.47, 0.15),
        (0.44, 0.7),
        (0.2, 1.04),
        (-0.14, 0.98),
        (-0.3, 0.5),
        (-0.22, -0.1),
    )
    draw.fill(front, "#fbfaf5", soft=0.012, inside=body)
    draw.fill(oval(0.16, -0.38, 0.26, 0.22), "#f7b733", soft=0.07, inside=draw.mask(front, inside=body))
    draw.round_off(body, 0.3, 0.6)
    head = draw.fill(
        smooth(
            (-0.26, -0.72),
            (-0.22, -1.0),
            (0.02, -1.14),
            (0.26, -1.02),
            (0.32, -0.82),
            (0.2, -0.55),
            (-0.16, -0.5),
        ),
        black,
    )
    draw.fill(
        smooth((-0.12, -0.86), (0.04, -0.84), (0.08, -0.62), (0.0, -0.46), (-0.14, -0.62)),
        "#f9a11b",
        soft=0.012,
        inside=head,
    )
    draw.round_off(head, 0.15, 0.6)
    draw.fill(smooth((0.26, -0.98), (0.5, -0.9), (0.68, -0.8), (0.48, -0.82), (0.28, -0.82)), "#23201f")
    draw.line([(0.33, -0.86), (0.56, -0.835)], "#f28a2e", 0.035)
    draw.fill(oval(0.15, -0.93, 0.045, 0.045), "#f6f1e4")
    draw.fill(oval(0.155, -0.93, 0.032, 0.032), "#0e0d0d")
    for side in (-1, 1):
        tip = (side * (0.62 + lift), 0.55 - lift * 0.6)
        wing = smooth(
            (side * 0.36, -0.32), (side * 0.52, -0.1), (tip[0], tip[1] - 0.25), tip, (side * 0.46, 0.25)
        )
        draw.round_off(draw.fill(wing, black), 0.12, 0.6)
    for _ in range(random.randint(0, 40)):
        x, y, r = random.uniform(-2, 2), random.uniform(-1.4, 1.4), random.uniform(0.01, 0.03)
        draw.fill([(x - r, y), (x, y - r), (x + r, y), (x, y + r)], "#ffffff", opacity=0.9)
    return draw.finished()


ANIMALS: dict[str, Callable[[Random], Image.Image]] = {
    "clownfish": clownfish,
    "ladybird": ladybird,
    "penguin": penguin,
}
