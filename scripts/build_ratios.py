#!/usr/bin/env python3
"""Write static/css/ratios.css: the classes by which pictures stand in rows; see photoindex/web/rows.py.

    python scripts/build_ratios.py

A test holds that the file is what this writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from photoindex.web import colours, rows

TARGET = Path(__file__).parents[1] / "static" / "css" / "ratios.css"


def written() -> str:
    """The style sheet."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "/* Written by scripts/build_ratios.py: what the classes of pictures in rows mean. */"
    yield "/* q: width over height, as photoindex/web/rows.py tells it. */"
    for step in range(rows.NARROWEST, rows.WIDEST + 1):
        yield f".{rows.ratio_class(step)}{{--ratio:{rows.ratio_of(step):.4g}}}"
    yield "/* k: the colour in the place of a picture, in photoindex/web/colours.py's few. */"
    for number in range(colours.COUNT):
        yield f".{colours.class_name(number)}{{--colour:{colours.css(number)}}}"
    yield "/* A letter for a band of widths: how wide a picture's whole row is, in the row's heights; o: open. */"
    ends = [band.from_pixels - 0.02 for band in rows.BANDS[1:]]
    for band, end in zip(rows.BANDS, [*ends, None], strict=True):
        upper = f" and (max-width:{end}px)" if end else ""
        yield f"@container rows (min-width:{band.from_pixels}px){upper}{{"
        steps = rows.sum_steps(band)
        yield from (f".{band.name}{step - steps.start}{{--sum:{rows.sum_of(step):.5g}}}" for step in steps)
        yield f".{band.name}o{{--grow:0}}"
        yield "}"


if __name__ == "__main__":
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(written())
