"""Draws a JPEG like a camera's, to measure decoding with where there is no photo yet."""

from __future__ import annotations

import io

from PIL import Image

SIZE = (4000, 3000)
_TILE = (500, 375)
_GRAIN, _QUALITY = 40, 75


def draw_sample() -> bytes:
    """A JPEG of 12 megapixels and about 3 MB, as cameras write: a slope with grain, in tiles."""
    slope = Image.linear_gradient("L").resize(_TILE)
    grain = Image.effect_noise(_TILE, _GRAIN)
    tile = Image.blend(Image.merge("RGB", (slope, slope.transpose(Image.Transpose.ROTATE_180), grain)),
                       Image.merge("RGB", (grain, grain, grain)), 0.4)  # fmt: skip
    image = Image.new("RGB", SIZE)
    for left in range(0, SIZE[0], _TILE[0]):
        for top in range(0, SIZE[1], _TILE[1]):
            image.paste(tile, (left, top))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
