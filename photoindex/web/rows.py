"""Rows of pictures that fill the width, reckoned here for every width, without a script or a style in the page.

Widths fall into a few bands. For each band the pictures are broken into rows about as high as wanted; a picture's
class `c57` in band c then says how wide its whole row is, in row heights, and `q12` how wide it is itself. From both
the style sheet gets its share of the row. Both come in small steps, so that a closed set of classes will do: the
written table of them is `static/css/ratios.css`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

RATIOS_PER_OCTAVE = 24
"""Steps in which the shape of a picture is told: at most 1.5 % are cut off, and 1:1, 4:3, 3:2, 16:9 are nearly exact,
as musical intervals are in quarter tones."""
NARROWEST, WIDEST = -30, 48
"""The steps from a width over height of 0.42 to 4: of pictures beyond, the ends are cut off in a row."""

DENSITIES = {"comfortable": 1.0, "compact": 1.45, "dense": 2.1}
"""How many more pictures there are in a row."""


@dataclass(frozen=True)
class Band:
    """Widths of the space for rows, and how many row heights wide it is meant to be."""

    name: str
    from_pixels: int
    wanted: float

    def units(self, density: str) -> float:
        """How wide the space is in row heights."""
        return min(_MOST_UNITS, self.wanted * DENSITIES[density])


BANDS = (
    Band("a", 0, 2.4),
    Band("b", 430, 2.9),
    Band("c", 560, 3.5),
    Band("d", 740, 4.3),
    Band("e", 960, 5.2),
    Band("f", 1240, 6.0),
    Band("g", 1600, 7.1),
    Band("h", 2100, 8.6),
    Band("i", 2900, 10.5),
)

LOWEST_ROW, HIGHEST_ROW = 1 / 2.6, 1 / 0.6
"""How high a full row may be, in heights wanted."""
SUM_STEP = 1.015
_SPARE = 1.002
"""The shares of a row come to a little less than the whole, so that no rounding makes the last picture wrap."""
_MOST_UNITS = 16.0
_OPEN_BELOW = 0.66
"""A last row that is filled to less than this stays as it is, at the height wanted."""
_OPEN_COST, _OPEN_COST_BEFORE_MORE = 0.5, 3.0
"""An open row is as bad as two rows a third too high."""
_DISLIKED = 1000.0


def width_of_a_row(density: str) -> float:
    """How wide pictures are together, in heights, that fill a row in every band: also in the widest window."""
    return max(_OPEN_BELOW * band.units(density) for band in BANDS)


def ratio_step(width: int, height: int) -> int:
    """The step of a picture's shape, from `NARROWEST` to `WIDEST`; 0 is a square."""
    step = round(RATIOS_PER_OCTAVE * math.log2(max(1, width) / max(1, height)))
    return max(NARROWEST, min(WIDEST, step))


def ratio_of(step: int) -> float:
    """Width over height."""
    return float(2 ** (step / RATIOS_PER_OCTAVE))


def ratio_class(step: int) -> str:
    return f"q{step - NARROWEST}"


def sum_step(units: float) -> int:
    """The step of a row that is so wide, rounded up, with a little to spare."""
    return math.ceil(math.log(units * _SPARE) / math.log(SUM_STEP))


def sum_of(step: int) -> float:
    """How wide a row of this step is, in row heights."""
    return float(SUM_STEP**step)


def sum_steps(band: Band) -> range:
    """All that a full row, or an open one, may have in a band."""
    units = [band.units(density) for density in DENSITIES]
    return range(sum_step(min(units) / HIGHEST_ROW) - 1, sum_step(max(units) / LOWEST_ROW) + 2)


@dataclass(frozen=True)
class Row:
    """The pictures from `start` to before `end` stand beside each other."""

    start: int
    end: int
    units: float
    """How wide the row is, in its own height."""
    is_open: bool
    """Whether it is a last row that stays narrower than the others."""


def break_rows(ratios: Sequence[float], units: float, *, continues: bool = False) -> list[Row]:
    """Break pictures of these widths (in heights) into rows about `units` wide, all about equally high.

    All rows but the last are full; the last too, where that leaves the heights alike, or pictures follow (`continues`).
    The best of all ways to break, as a text is broken into lines (Knuth and Plass, 1981).
    """
    count = len(ratios)
    costs = [0.0] + [math.inf] * count
    starts = [0] * (count + 1)
    for end in range(1, count + 1):
        total, best, is_last = 0.0, math.inf, end == count
        for start in range(end - 1, -1, -1):
            total += ratios[start]
            filled = total / units
            if start < end - 1 and filled > (1.6 if best < _DISLIKED else 2.6):
                break
            if is_last and filled < _OPEN_BELOW:
                cost = costs[start] + (_OPEN_COST_BEFORE_MORE if continues else _OPEN_COST)
            else:
                cost = costs[start] + filled + 1 / filled - 2 + (_DISLIKED if filled < 0.6 else 0.0)
            if cost < best:
                best, starts[end] = cost, start
        costs[end] = best
    return _rows(ratios, starts, units)


def _rows(ratios: Sequence[float], starts: Sequence[int], units: float) -> list[Row]:
    rows: list[Row] = []
    end = len(ratios)
    while end:
        start = starts[end]
        total = math.fsum(ratios[start:end])
        is_open = end == len(ratios) and total < _OPEN_BELOW * units
        rows.append(Row(start, end, units if is_open else total, is_open))
        end = start
    return rows[::-1]


@lru_cache(maxsize=256)
def places(steps: tuple[int, ...], density: str, continues: bool = False) -> tuple[str, ...]:
    """The classes of pictures of these shapes that follow each other: `q44 a58 b81 …`."""
    ratios = [ratio_of(step) for step in steps]
    classes = [[ratio_class(step)] for step in steps]
    for band in BANDS:
        base = sum_steps(band).start
        for row in break_rows(ratios, band.units(density), continues=continues):
            name = f"{band.name}{sum_step(row.units) - base}"
            for each in classes[row.start : row.end]:
                each.append(name)
                if row.is_open:
                    each.append(f"{band.name}o")
    return tuple(" ".join(each) for each in classes)
