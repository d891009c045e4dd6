"""Photos for screenshots: those of `photoindex demo`, and drawn landscapes, with dates, cameras and places."""

from __future__ import annotations

import math
import os
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

from photoindex.cli.demo import make_sample

NEWEST = datetime(2025, 8, 14, 18, 20)
OLDEST = datetime(2022, 6, 1, 12)
SHAPES = ((1200, 800), (800, 1200), (1200, 900), (1200, 675), (1000, 1000), (1600, 640))
SKIES = (
    ("#1d3557", "#f4a261", "#e76f51"),
    ("#4a8fd6", "#cfe8ff", "#2a6f57"),
    ("#7fb7e8", "#fdf6e3", "#5b8c3a"),
    ("#2b2d6e", "#e56b9f", "#3c2a5e"),
    ("#88a0b8", "#e6eaee", "#4d6172"),
    ("#0b132b", "#3a506b", "#10231f"),
    ("#f2b56b", "#fff1d6", "#b5541c"),
)
"""Of the sky above and at the horizon, and of the hills in front."""
TRIPS = (("2025-08 Corsica", 42.02, 9.01), ("2025-05 Chartreuse", 45.36, 5.79), ("2024-10 Lisbon", 38.72, -9.14),
         ("2024-07 Oslo", 59.91, 10.75), ("2023-12 Kyoto", 35.01, 135.77))  # fmt: skip
CAMERAS = (("FUJIFILM", "X100V"), ("Apple", "iPhone 13"), ("NIKON CORPORATION", "NIKON Z 6"))
_MAKE, _MODEL, _EXIF, _GPS, _TAKEN = 0x010F, 0x0110, 0x8769, 0x8825, 0x9003


def make(folder: Path, count: int) -> None:
    """So many landscapes in folders of their trips, and the sample photos beside them."""
    make_sample(folder / "Samples")
    for path in (folder / "Samples").iterdir():  # without a date of their own they have that of the file
        os.utime(path, (OLDEST.timestamp(), OLDEST.timestamp()))
    for number in range(count):
        trip, latitude, longitude = TRIPS[number * len(TRIPS) // count]
        path = folder / trip / f"IMG_{4000 + number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        at = NEWEST - timedelta(days=150) * (number * len(TRIPS) // count) - timedelta(hours=5.3 * (number % 12))
        exif = _exif(at, CAMERAS[number // 4 % len(CAMERAS)], latitude + number % 4 / 50, longitude + number % 3 / 50)
        draw(number).save(path, quality=88, exif=exif)


def draw(seed: int) -> Image.Image:
    """A landscape: sky, sun, and hills one behind the other."""
    chance = random.Random(seed)
    width, height = SHAPES[seed % len(SHAPES)]
    above, horizon, front = (_rgb(colour) for colour in SKIES[chance.randrange(len(SKIES))])
    image = Image.new("RGB", (width, height))
    canvas = ImageDraw.Draw(image)
    for y in range(height):
        canvas.line(((0, y), (width, y)), fill=_between(above, horizon, min(1.0, 1.5 * y / height)))
    x, y, radius = chance.uniform(0.15, 0.85) * width, chance.uniform(0.15, 0.45) * height, 0.05 * height
    glow = Image.new("L", image.size)
    ImageDraw.Draw(glow).ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    image.paste((255, 250, 225), mask=glow.filter(ImageFilter.GaussianBlur(radius)))
    image.paste((255, 250, 225), mask=glow)
    canvas = ImageDraw.Draw(image)
    for layer in range(4):
        crest = _crest(chance, width, height * (0.5 + 0.12 * layer), height * 0.12)
        canvas.polygon([(0, height), *crest, (width, height)], fill=_between(horizon, front, 0.3 + 0.23 * layer))
    return image


def _crest(chance: random.Random, width: int, level: float, rise: float) -> list[tuple[float, float]]:
    waves = [(chance.uniform(1, 9), chance.uniform(0, 6.3), chance.uniform(0.2, 1)) for _ in range(4)]

    def above(x: float) -> float:
        return sum(size / pace**0.5 * math.sin(pace * 6.3 * x / width + at) for pace, at, size in waves)

    return [(x, level - rise * above(x) / 2) for x in range(0, width + 4, 4)]


def _rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[at : at + 2], 16) for at in (1, 3, 5))


def _between(one: Sequence[int], other: Sequence[int], share: float) -> tuple[int, ...]:
    return tuple(round(a + (b - a) * share) for a, b in zip(one, other, strict=True))


def _exif(at: datetime, camera: tuple[str, str], latitude: float, longitude: float) -> Image.Exif:
    exif = Image.Exif()
    exif[_MAKE], exif[_MODEL] = camera
    exif.get_ifd(_EXIF)[_TAKEN] = at.strftime("%Y:%m:%d %H:%M:%S")
    gps = {
        1: "N" if latitude >= 0 else "S",
        2: _degrees(latitude),
        3: "E" if longitude >= 0 else "W",
        4: _degrees(longitude),
    }
    exif.get_ifd(_GPS).update(gps)
    return exif


def _degrees(angle: float) -> tuple[float, float, float]:
    minutes, degrees = math.modf(abs(angle))
    return degrees, math.floor(60 * minutes), round(3600 * minutes % 60, 2)
