"""Folding: case and accents make no difference."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoindex.folding import fold, fold_path


@pytest.mark.parametrize(
    "forms",
    [
        ("Été", "ÉTÉ", "ete", "E\u0301te\u0301"),
        ("Straße", "STRASSE"),
        ("Œuvre", "oeuvre"),
        ("Łódź", "lodz"),
        ("L’été", "l'ete"),
        ("İstanbul", "istanbul"),
        ("Ｆｕｌｌ", "full"),
        ("𝐁old", "bold"),
    ],
)
def test_forms_of_a_word_fold_to_one(forms: tuple[str, ...]) -> None:
    assert len({fold(form) for form in forms}) == 1


@given(st.text())
def test_folding_twice_changes_nothing_and_case_and_composition_do_not_matter(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))
    assert fold(text.casefold()) == folded


def test_a_path_folds_as_it_is_shown() -> None:
    assert fold_path("Été/IMG_1.JPG".encode()) == "ete/img_1.jpg"
    assert fold_path(b"caf\xe9") == "caf\ufffd"
