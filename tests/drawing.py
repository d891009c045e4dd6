"""Draws the photos of the tests: real image files, each seed its own content, nothing checked in."""

from __future__ import annotations

import random
from pathlib import Path

from PIL import Image, ImageColor, ImageDraw

_FORMATS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".png": "PNG",
    ".webp": "WEBP",
    ".gif": "GIF",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".avif": "AVIF",
    ".heic": "HEIF",
    ".heif": "HEIF",
}


def draw_image(*, colour: str = "red", size: tuple[int, int] = (64, 48), seed: int | None = None) -> Image.Image:
    """An RGB image of `size` (width, height): plain `colour`, or with a seed's own shapes and bits on it.

    The mean colour stays near `colour`, so encoders that look at colour rank seeded images alike.
    """
    image = Image.new("RGB", size, ImageColor.getrgb(colour)[:3])
    if seed is None:
        return image
    chooser, draw, (width, height) = random.Random(seed), ImageDraw.Draw(image), size
    for _ in range(3):
        left, top = chooser.randrange(width), chooser.randrange(height)
        shade = tuple(chooser.randrange(256) for _ in range(3))
        draw.ellipse((left, top, left + width // 6, top + height // 6), fill=shade)
    # The seed's 32 bits as a row of blocks: different seeds differ even when their shapes happen to agree.
    for bit in range(32):
        left = bit * width // 32
        shade = (255, 255, 255) if seed >> bit & 1 else (0, 0, 0)
        draw.rectangle((left, 0, max(left, (bit + 1) * width // 32 - 1), max(1, height // 16)), fill=shade)
    return image


def draw_photo(
    path: str | Path,
    *,
    colour: str = "red",
    size: tuple[int, int] = (64, 48),
    format: str | None = None,
    seed: int | None = None,
    exif: Image.Exif | bytes | None = None,
) -> Path:
    """Write a real photo to `path` and return it; folders on the way are made.

    `format` is Pillow's name (`JPEG`, `PNG`, `HEIF`…); without it the name's ending decides, else JPEG.
    Distinct seeds give distinct contents, the same arguments the same bytes. `exif` is written where the
    format can hold it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    format = format or _FORMATS.get(path.suffix.lower(), "JPEG")
    if format == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener()
    exif = exif.tobytes() if isinstance(exif, Image.Exif) else exif  # HEIF takes only bytes for what they say
    options = {"exif": exif} if exif is not None and format not in {"GIF", "BMP"} else {}
    draw_image(colour=colour, size=size, seed=seed).save(path, format=format, **options)
    return path


def draw_noise(path: Path, seed: int) -> Path:
    """Write a small picture of noise: among thousands of alike ones the time would go into comparing them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.frombytes("RGB", (16, 16), random.Random(seed).randbytes(16 * 16 * 3)).save(path)
    return path
