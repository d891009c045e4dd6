"""Whether two pictures are one and the same, seen closely: every part of one must be found in the other.

A fingerprint can't tell two pages of one form, two slides of one template, or two shots from a tripod between which
somebody moved: most of the picture agrees. Here the pictures are laid over each other, less a margin that was cropped,
and compared square by square, whatever was done to brightness and contrast.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

GRID = 96
"""Pixels of the squares that both pictures are brought to, whatever their shapes."""
MOST_CROPPED = 4
"""Of GRID, how much may be missing at each side."""
MOST_ODD = 2
"""Of the 144 parts of a picture, how many may not agree. Measured: real copies have none, or one or two where small
ones were enlarged; something of a twenty-fifth of the picture that moved makes three and more."""

_PART = 8
_COARSE = 24
_SEEN = 8.0  # standard deviation from which there is something on a part that is not the noise of compression
_AGREES = 0.5

Grid = NDArray[np.float32]


def look(image: Image.Image) -> Grid:
    """The luminance of an image on the grid, (GRID, GRID)."""
    small = image.convert("L").resize((GRID, GRID), Image.Resampling.BILINEAR)
    return np.asarray(small, dtype=np.float32)


def look_at(thumbnail: Path) -> Grid | None:
    """That of a thumbnail on disk; None where there is none that can be read."""
    try:
        with Image.open(io.BytesIO(thumbnail.read_bytes()), formats=("JPEG",)) as image:
            image.draft("L", (2 * GRID, 2 * GRID))
            return look(image)
    except (OSError, ValueError, SyntaxError):
        return None


def is_same_picture(one: Grid, other: Grid) -> bool:
    """Whether nearly every part of one is found in the other, of which it may be a crop or the other way round."""
    return odd_parts(one, other) <= MOST_ODD


def odd_parts(one: Grid, other: Grid) -> int:
    """How many parts of the pictures show something that is not in the other."""
    cropped, alike = _cropped(one, other)
    cropped_other, alike_other = _cropped(other, one)
    a, b = (cropped, other) if alike >= alike_other else (one, cropped_other)
    a, b = _parts(a), _parts(b)
    seen = np.maximum(a.std(axis=1), b.std(axis=1)) > _SEEN
    return int((seen & (_correlation(a, b) < _AGREES)).sum())


def _cropped(whole: Grid, part: Grid) -> tuple[Grid, float]:
    """`whole` without the margins that `part` lacks, and how alike the two then are: the larger, the more."""
    width = _correlation(_flat(_CROPS.transpose(0, 2, 1) @ _thinned(whole).T), _thinned(part).T.reshape(1, -1))
    height = _correlation(_flat(_CROPS.transpose(0, 2, 1) @ _thinned(whole.T).T), _thinned(part.T).T.reshape(1, -1))
    columns, rows = int(width.argmax()), int(height.argmax())
    cropped = _CROPS[rows].T @ whole @ _CROPS[columns]
    return np.asarray(cropped, dtype=np.float32), float(width[columns] + height[rows])


def _thinned(grid: Grid) -> Grid:
    """With fewer rows, which say enough about where the columns are."""
    return np.asarray(grid.reshape(_COARSE, GRID // _COARSE, GRID).mean(axis=1), dtype=np.float32)


def _parts(grid: Grid) -> Grid:
    """(144, 64): the squares of which a picture is made."""
    count = GRID // _PART
    return grid.reshape(count, _PART, count, _PART).swapaxes(1, 2).reshape(count * count, _PART * _PART)


def _flat(grids: Grid) -> Grid:
    return grids.reshape(len(grids), -1)


def _correlation(a: Grid, b: Grid) -> Grid:
    """Row by row, -1 to 1; 0 where one of them is the same everywhere."""
    a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.asarray((a * b).sum(axis=1) / np.maximum(norms, 1e-3), dtype=np.float32)


def _crops() -> Grid:
    """(crops, GRID, GRID): matrices that enlarge what is left between two margins, in straight lines between pixels."""
    margins = range(MOST_CROPPED + 1)
    found = np.zeros((len(margins) ** 2, GRID, GRID), dtype=np.float32)
    columns = np.arange(GRID)
    for matrix, (first, last) in zip(found, ((a, b) for a in margins for b in margins), strict=True):
        places = (columns + 0.5) * (GRID - first - last) / GRID + first - 0.5
        below = np.floor(places).astype(int)
        share = (places - below).astype(np.float32)
        np.add.at(matrix, (below.clip(0, GRID - 1), columns), 1 - share)
        np.add.at(matrix, ((below + 1).clip(0, GRID - 1), columns), share)
    return found


_CROPS = _crops()
