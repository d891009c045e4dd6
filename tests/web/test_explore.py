"""The page Explore, and concepts in the API."""

from __future__ import annotations

import numpy as np
import pytest

from photoindex import concepts, embeddings
from photoindex.concepts import NewConcept
from photoindex.database import Database


def find(database: Database, *found: NewConcept) -> None:
    """Store concepts as the daemon does."""
    with database.write() as session:
        stored = embeddings.active_encoder(session)
        assert stored is not None
        concepts.replace_all(session, stored.id, found, 12, "labels")


def concept(name: str, query: str, *examples: int, photos: int = 7) -> NewConcept:
    return NewConcept(
        f"label:{name}", "label", name, f"{name}-fr", query, photos, examples, np.ones(16, dtype=np.float32)
    )


@pytest.fixture
def client(gallery, make_app):
    gallery.fill(12)
    return make_app().test_client()


def test_concepts_lead_to_their_search(client, gallery):
    find(
        gallery.database, concept("Blue things", "blue", 3, 5), concept("Trip", 'place:"Aix" date:2020-07', 4, photos=1)
    )
    assert client.get("/api/v1/concepts").json["concepts"][0] == {
        "id": 1, "kind": "label", "name": "Blue things", "names": {"en": "Blue things", "fr": "Blue things-fr"},
        "query": "blue", "photos": 7, "cover_photo_id": 3, "examples": [3, 5],
        "thumbnail_url": "/api/v1/photos/3/thumbnail", "url": "/search?q=blue",
    }  # fmt: skip
    page = client.get("/explore").text
    assert 'href="/search?q=blue"' in page
    assert "about 7 photos" in page
    assert "about 1 photo<" in page
    assert "/search?q=place:%22Aix%22+date:2020-07" in page
    assert 'src="/api/v1/photos/3/thumbnail"' in page


def test_saved_searches_stand_first_with_what_is_new(client, gallery):
    find(gallery.database, concept("Blue things", "blue", 3))
    client.post("/api/v1/saved-searches", json={"name": "Reds", "query": "red"})
    for seed in (900, 901):
        gallery.draw(f"more/{seed}.jpg", "red", seed=seed)
    page = client.get("/explore").text
    assert page.index("Saved searches") < page.index("Reds") < page.index("Blue things")
    assert "2 new" in page


def test_a_library_without_concepts_says_when_they_come(client):
    assert "appears here by itself" in client.get("/explore").text
    assert client.get("/api/v1/concepts").json == {"concepts": []}


def test_an_empty_library_says_how_to_begin(make_app):
    page = make_app().test_client().get("/explore")
    assert (page.status_code, "How to begin" in page.text) == (200, True)


def test_hostile_names_are_shown_and_never_run(client, gallery):
    find(gallery.database, concept("<script>alert(1)</script>", '"><script>', 3))
    page = client.get("/explore").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
