"""Draw the icons of the installed app into static/icons: python scripts/draw_icons.py

The same picture as static/logo.svg, as PNG: with round corners for `any`, to the edges for `maskable` (of which systems
cut off up to a tenth on each side) and for Apple, which rounds corners itself.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

FOLDER = Path(__file__).resolve().parents[1] / "static" / "icons"
TEAL, PALE, WHITE, SUN = "#0f766e", "#cdeae6", "#ffffff", "#f59e0b"
FINER = 4
"""Drawn so many times as large, and reduced: smooth edges."""


def draw(edge: int, *, rounded: bool, part: float) -> Image.Image:
    """The logo on a square of `edge` pixels, of which it takes `part` of the width."""
    whole = edge * FINER
    scale = whole * part / 32
    shift = whole * (1 - part) / 2

    def at(*numbers: float) -> list[float]:
        return [number * scale + shift for number in numbers]

    image = Image.new("RGBA", (whole, whole), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((0, 0, whole - 1, whole - 1), whole / 4 if rounded else 0, fill=TEAL)
    handle = at(20, 20, 26, 26)
    pen.line(handle, fill=WHITE, width=round(3.5 * scale))
    for x, y in (handle[:2], handle[2:]):
        half = 1.75 * scale
        pen.ellipse((x - half, y - half, x + half, y + half), fill=WHITE)
    pen.ellipse(at(6, 6, 22, 22), fill=WHITE)
    lens = Image.new("L", image.size, 0)
    ImageDraw.Draw(lens).ellipse(at(7.5, 7.5, 20.5, 20.5), fill=255)
    scene = Image.new("RGBA", image.size, PALE)
    sketch = ImageDraw.Draw(scene)
    sketch.ellipse(at(15.4, 9.2, 19, 12.8), fill=SUN)
    sketch.polygon(at(6, 19, 11, 13, 14.2, 16.6, 16.5, 14, 22.5, 21, 6, 21), fill=TEAL)
    image.paste(scene, (0, 0), lens)
    return image.resize((edge, edge), Image.Resampling.LANCZOS)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for name, edge, rounded, part in (
        ("icon-192.png", 192, True, 1.0),
        ("icon-512.png", 512, True, 1.0),
        ("maskable-512.png", 512, False, 0.8),
        ("apple-touch-icon.png", 180, False, 0.9),
    ):
        draw(edge, rounded=rounded, part=part).save(FOLDER / name, optimize=True)


if __name__ == "__main__":
    main()
