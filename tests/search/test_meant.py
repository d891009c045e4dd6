"""Words that were likely meant."""

from __future__ import annotations

import pytest

from photoindex.search.meant import corrected

NAMES = ("Grenoble", "New York", "Genève", "Musical instrument", "X100")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sunset in grenobel", "sunset in Grenoble"),
        ("geneve", None),
        ("genevve la nuit", "Genève la nuit"),
        ("musicl instrumnet", "Musical instrument"),
        ("yrok", "York"),
        ("new", None),
        ("X10", None),
        ("a beach", None),
        ("", None),
    ],
)
def test_words_that_are_almost_a_name_are_replaced_by_it(text: str, expected: str | None) -> None:
    assert corrected(text, NAMES) == expected
