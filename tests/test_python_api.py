"""The Python API, and that its documentation tells the truth."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from colour_encoder import ColourEncoder
from drawing import draw_photo

import photoindex
from photoindex import LibraryError, NotFoundError, PhotoIndex, PhotoIndexError, QueryError, SearchResult, encoders

DOCUMENT = (Path(__file__).parents[1] / "docs" / "python.md").read_text("utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL)


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PHOTOINDEX_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    for seed, colour in enumerate(("red", "green", "blue")):
        draw_photo(tmp_path / "photos" / f"{colour}.jpg", colour=colour, seed=seed)
    (tmp_path / "photos" / "broken.jpg").write_text("no photo")
    return tmp_path / "photos"


@pytest.fixture
def index(tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PhotoIndex]:
    """An open index with the photos added, and an encoder that knows colours."""
    monkeypatch.setattr(encoders, "resolve", lambda *_, **__: encoders.Resolved(encoders.EncoderSpec("colour"), None))
    monkeypatch.setattr(encoders, "load", lambda *_, **__: ColourEncoder())
    with PhotoIndex(tmp_path / "data") as opened:
        opened.add(photos)
        yield opened


def test_photos_are_marked_and_hidden(index: PhotoIndex) -> None:
    index.index()
    (red,) = index.search("red show:strong")
    index.mark(red.id, favourite=True, rating=5)
    assert [each.id for each in index.search("is:favourite rating:5")] == [red.id]
    index.mark(red.id, hidden=True)
    assert index.search("is:favourite") == []
    index.mark(red.id, hidden=False, rating=0)
    assert [each.id for each in index.search("is:favourite")] == [red.id]
    assert index.search("rating:5") == []
    with pytest.raises(QueryError):
        index.mark(red.id, rating=6)
    with pytest.raises(NotFoundError):
        index.mark(99, favourite=True)


def test_photos_are_found_by_description(index: PhotoIndex, photos: Path) -> None:
    counts = index.index()
    assert (counts.indexed, counts.failed, counts.pending) == (3, 1, 0)
    found = index.search("a red car show:all", limit=2)
    assert len(found) == 2
    assert [each.match for each in found] == ["strong", "other"]
    assert isinstance(found[0], SearchResult)
    assert (found[0].filename, found[0].path) == ("red.jpg", photos / "red.jpg")
    assert 1 >= found[0].score > found[1].score >= 0
    assert found[0].percent == round(100 * found[0].score)
    assert found[0].moment_seconds is None


def test_similar_photos_leave_the_photo_itself_out(index: PhotoIndex) -> None:
    index.index()
    red = index.search("red")[0]
    assert {each.filename for each in index.similar(red.id)} == {"green.jpg", "blue.jpg"}
    with pytest.raises(NotFoundError):
        index.similar(12345)


def test_index_is_kept_without_saving(index: PhotoIndex, tmp_path: Path) -> None:
    index.index()
    with PhotoIndex(tmp_path / "data") as again:
        assert [each.filename for each in again.search("green", limit=1)] == ["green.jpg"]


def test_progress_is_told(index: PhotoIndex) -> None:
    told = []
    index.index(progress=told.append)
    assert isinstance(told[-1], photoindex.Progress)
    assert told[-1].counts.indexed == 3


def test_status_counts(index: PhotoIndex, photos: Path) -> None:
    assert index.status().photos == 0
    index.index()
    shown = index.status().as_dict()
    assert shown["files"] == {"pending": 0, "indexed": 3, "failed": 1, "missing": 0}
    assert [each["path"] for each in shown["libraries"]] == [str(photos)]


def test_nothing_is_found_before_anything_is_indexed(index: PhotoIndex) -> None:
    assert index.search("red") == []


def test_errors_are_ours(index: PhotoIndex, tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="there is no folder"):
        index.add(tmp_path / "nowhere")
    with pytest.raises(LibraryError, match="data folder"):
        index.add(tmp_path / "data")
    with pytest.raises(QueryError):
        index.index()
        index.search("x" * 600)
    assert issubclass(LibraryError, PhotoIndexError)


def test_encoder_whose_weights_have_changed_is_refused(index: PhotoIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    index.index()
    monkeypatch.setattr(encoders, "load", lambda *_, **__: ColourEncoder(fingerprint="another"))
    with pytest.raises(photoindex.EncoderError, match="weights have changed"):
        index.search("red")


def test_name_that_is_not_utf8_keeps_its_path(index: PhotoIndex, photos: Path) -> None:
    odd = os.fsencode(photos) + b"/caf\xe9.jpg"
    os.link(photos / "red.jpg", odd)
    (photos / "red.jpg").unlink()
    index.index()
    assert index.search("red", limit=1)[0].path == Path(os.fsdecode(odd))


def test_everything_exported_is_there() -> None:
    assert all(getattr(photoindex, name) is not None for name in photoindex.__all__)
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = photoindex.nothing_like_it


def test_examples_of_the_documentation_run(tmp_path: Path) -> None:
    for seed, colour in enumerate(("red", "green", "blue", "white")):
        name = f"flower, a dog playing outside, {colour}.jpg"  # found by their names, whatever they look like
        draw_photo(tmp_path / "photos" / name, colour=colour, size=(300, 200), seed=seed)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", "\n".join(EXAMPLES)],
        cwd=tmp_path,
        env=os.environ | {"PHOTOINDEX_ENCODER": "starter"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "4 photos are indexed, 0 could not be read"
    assert all(re.fullmatch(r"\d+ % [\w, ]+\.jpg /.*/photos/[\w, ]+\.jpg", line) for line in lines[1:5])
    assert len(lines) >= 8


def test_docstring_and_document_show_the_same_example() -> None:
    assert EXAMPLES[0] in textwrap.dedent(photoindex.__doc__.split("\n", 1)[1].split("The folder")[0])


def test_document_names_everything_public() -> None:
    methods = [name for name in vars(PhotoIndex) if not name.startswith("_")]
    for name in [*methods, *SearchResult.__dataclass_fields__]:
        assert re.search(rf"[`.]{name}\b", DOCUMENT), name
