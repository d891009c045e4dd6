"""Pictures with as much on them as a photo has, drawn from a seed, and what programs and cameras make of them."""

from __future__ import annotations

import random
from datetime import datetime
from pathlib import Path

from PIL import Image

SIZE = (640, 480)


def picture(seed: int, size: tuple[int, int] = SIZE) -> Image.Image:
    """An RGB image: coarse and finer blots of colour, each seed its own."""
    chooser = random.Random(seed)

    def blots(columns: int, rows: int) -> Image.Image:
        return Image.frombytes("RGB", (columns, rows), chooser.randbytes(3 * columns * rows)).resize(
            size, Image.Resampling.BICUBIC
        )

    return Image.blend(blots(5, 4), blots(24, 18), 0.4)


def exif(at: datetime, camera: str = "EOS R5", *, fraction: bool = True) -> Image.Exif:
    """What a camera writes: when, and by what."""
    block = Image.Exif()
    block[0x010F], block[0x0110] = "Canon", camera
    own = block.get_ifd(0x8769)
    own[0x9003] = f"{at:%Y:%m:%d %H:%M:%S}"
    if fraction:
        own[0x9291] = f"{at.microsecond // 1000:03}"
    return block


def frame(seed: int, number: int) -> Image.Image:
    """One of a burst: the same thing, from a little further to the right and lower down each time."""
    whole = picture(seed, (SIZE[0] + 200, SIZE[1] + 200))
    return whole.crop((25 * number, 20 * number, 25 * number + SIZE[0], 20 * number + SIZE[1]))


def save(image: Image.Image, path: Path, **options: object) -> Path:
    """Write it in the format of the name's ending, HEIC too; folders on the way are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".heic":
        import pillow_heif

        pillow_heif.register_heif_opener()
    image.save(path, **options)
    return path
