"""What a search asks for, without the words that only ask."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photoindex.search.phrasing import content


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("a dog", "a dog"),
        ("a photo of a dog", "a dog"),
        ("pictures with snow", "snow"),
        ("I am looking for a dog", "a dog"),
        ("I'm looking for a dog", "a dog"),
        ("I’m looking for a dog", "a dog"),
        ("show me the dog", "dog"),
        ("please show me all of my pictures of dogs", "dogs"),
        ("find my dog photos", "dog"),
        ("where is the cat?", "cat"),
        ("do we have any cats", "cats"),
        ("can you find pictures of grandma?", "grandma"),
        ("je cherche une plage", "une plage"),
        ("montre-moi des photos de la plage", "plage"),
        ("photos d'enfants", "enfants"),
        ("ich suche einen Hund", "einen Hund"),
        ("busco un perro", "un perro"),
    ],
)
def test_the_asking_is_taken_off(asked: str, meant: str) -> None:
    assert content(asked) == meant


@pytest.mark.parametrize(
    "text",
    ["show dogs", "search engine", "get together at home", "give way sign", "photo booth", "picture frame", "photos",
     "find", "find me one", "some pictures", "my dog in the garden", "the sea", "lost and found", "?!", ""],
)  # fmt: skip
def test_what_is_not_asking_stays(text: str) -> None:
    assert content(text) == text


@given(st.text(max_size=80))
def test_something_is_always_left_and_asking_again_changes_little(text: str) -> None:
    left = content(text)
    assert bool(left) == bool(text.strip())
    assert len(left) <= len(text)
