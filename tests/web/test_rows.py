"""Rows of pictures: that they are full at every width, and that the style sheet knows every class."""

from __future__ import annotations

import re
import runpy
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from photoindex.web import colours, rows
from photoindex.web.rows import BANDS, DENSITIES, NARROWEST, WIDEST

ROOT = Path(__file__).parents[2]
SHEET = (ROOT / "static" / "css" / "ratios.css").read_text()

steps = st.integers(NARROWEST, WIDEST)
pictures = st.lists(steps, min_size=1, max_size=60)
densities = st.sampled_from(sorted(DENSITIES))


@settings(max_examples=150, deadline=None)
@given(of=pictures, density=densities, continues=st.booleans())
@example(of=[NARROWEST, WIDEST] * 20, density="comfortable", continues=False)
@example(of=[WIDEST] * 5 + [NARROWEST], density="comfortable", continues=True)
@example(of=[NARROWEST], density="dense", continues=True)
@example(of=[NARROWEST] * 60, density="dense", continues=False)
def test_every_picture_stands_in_one_row_and_all_rows_but_the_last_are_full(
    of: list[int], density: str, continues: bool
) -> None:
    ratios = [rows.ratio_of(step) for step in of]
    for band in BANDS:
        wanted = band.units(density)
        found = rows.break_rows(ratios, wanted, continues=continues)
        assert [row.start for row in found] == [0, *(row.end for row in found[:-1])] and found[-1].end == len(of)
        assert not any(row.is_open for row in found[:-1])
        for row in found:
            if not row.is_open:
                assert rows.LOWEST_ROW - 1e-9 <= wanted / row.units <= rows.HIGHEST_ROW + 1e-9
                assert row.units == pytest.approx(sum(ratios[row.start : row.end]))


@settings(max_examples=100, deadline=None)
@given(of=pictures, density=densities)
@example(of=[NARROWEST] * 200, density="dense")
def test_a_browser_breaks_rows_exactly_there(of: list[int], density: str) -> None:
    """It adds up shares of the width, and goes to the next row when the next picture has no room."""
    for band, classes in _by_band(of, density).items():
        band_of = next(each for each in BANDS if each.name == band)
        expected = rows.break_rows([rows.ratio_of(step) for step in of], band_of.units(density))
        found, filled, started = [], 0.0, False
        for number, (step, (total, _)) in enumerate(zip(of, classes, strict=True)):
            share = rows.ratio_of(step) / total
            if not started or filled + share > 1:
                found.append(number)
                filled, started = 0.0, True
            filled += share
        assert found == [row.start for row in expected]


@settings(max_examples=50, deadline=None)
@given(of=pictures, density=densities)
def test_the_style_sheet_knows_every_class(of: list[int], density: str) -> None:
    for classes in rows.places(tuple(of), density):
        assert re.match(r"q\d+ ", classes)
        for name in classes.split():
            assert f".{name}{{" in SHEET, name


def test_the_style_sheet_is_what_the_script_writes() -> None:
    assert runpy.run_path(str(ROOT / "scripts" / "build_ratios.py"))["written"]() == SHEET


def _by_band(of: list[int], density: str) -> dict[str, list[tuple[float, bool]]]:
    """For each band, of each picture: `--sum` as the sheet has it, and whether its row is open."""
    found: dict[str, list[tuple[float, bool]]] = {band.name: [] for band in BANDS}
    for classes in rows.places(tuple(of), density):
        names = classes.split()[1:]
        for band in found:
            (name,) = [each for each in names if re.fullmatch(rf"{band}\d+", each)]
            total = re.search(rf"^\.{name}\{{--sum:([\d.]+)\}}$", SHEET, re.MULTILINE)
            assert total is not None
            found[band].append((float(total[1]), f"{band}o" in names))
    return found


@pytest.mark.parametrize(
    ("size", "ratio"),
    [
        ((4000, 3000), 4 / 3),
        ((3000, 2000), 3 / 2),
        ((1920, 1080), 16 / 9),
        ((512, 512), 1),
        ((20_000, 3000), 4),
        ((1, 90_000), 0.42),
        ((0, 0), 1),
    ],
)
def test_usual_shapes_are_nearly_exact_and_extreme_ones_are_cut(size: tuple[int, int], ratio: float) -> None:
    assert rows.ratio_of(rows.ratio_step(*size)) == pytest.approx(ratio, rel=0.003)


@given(width=st.integers(1, 20_000), height=st.integers(1, 20_000))
def test_no_more_than_a_fiftieth_of_a_picture_is_cut_off(width: int, height: int) -> None:
    exact = width / height
    if 0.43 < exact < 3.9:
        assert rows.ratio_of(rows.ratio_step(width, height)) == pytest.approx(exact, rel=0.0147)


def test_bands_follow_each_other_and_wider_ones_hold_more() -> None:
    for one, other in pairwise(BANDS):
        assert one.from_pixels < other.from_pixels and one.wanted < other.wanted
    for band in BANDS:
        assert band.units("comfortable") < band.units("compact") < band.units("dense")


@given(colour=st.integers(0, 0xFFFFFF))
def test_a_colour_is_shown_as_one_near_to_it(colour: int) -> None:
    name = colours.colour_class(colour)
    shown = re.search(rf"\.{name}\{{--colour:#(\w{{6}})\}}", SHEET)
    assert shown is not None
    for shift in (0, 8, 16):
        assert abs((int(shown[1], 16) >> shift & 255) - (colour >> shift & 255)) <= 26


@pytest.mark.parametrize("colour", [None, -1, 1 << 24])
def test_a_photo_without_a_colour_has_no_class_of_one(colour: int | None) -> None:
    assert colours.colour_class(colour) == ""


def test_no_style_sheet_of_other_parts_has_a_class_of_the_rows() -> None:
    made = set(re.findall(r"\.([a-z]\w+)\{", SHEET))
    for sheet in (ROOT / "static" / "css").glob("*.css"):
        if sheet.name not in ("ratios.css", "rows.css"):
            assert not made & set(re.findall(r"\.([a-z]\w+)", sheet.read_text())), sheet.name


@settings(max_examples=150, deadline=None)
@given(of=pictures, density=densities)
def test_what_fills_a_row_leaves_none_half_empty_in_a_wide_window(of: list[int], density: str) -> None:
    ratios = [rows.ratio_of(step) for step in of]
    assume(sum(ratios) >= rows.width_of_a_row(density))
    for band in BANDS[-3:]:
        assert not any(row.is_open for row in rows.break_rows(ratios, band.units(density)))
