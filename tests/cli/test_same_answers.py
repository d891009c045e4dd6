"""The same query has the same answer in the form, the API, the command line and Python."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from click.testing import Result

from photoindex import PhotoIndex
from photoindex.config import load_settings
from photoindex.web import create_app

QUERIES = (
    "red", "a green thing", "something blue in the sky", "yellow show:all", "white show:strong",
    "black +white show:all",
    "-red show:all", 'red -"blue thing" show:all', "+2*green +0.5*blue show:all", "like:1 show:all",
    "like:1|2 -like:3 show:all", "red +like:4 show:all", "+2*like:2 white show:all", "name:red.jpg", "name:*e*",
    "-name:b*", "type:photo", "type:video", "format:jpeg", "width:320", "width:>400", "is:favourite", "-is:favourite",
    "has:gps", "-has:gps sort:oldest", "id:2|4", "red id:2|4 show:all", "after:2000 sort:oldest", "before:1990",
    "blue after:2000 show:all sort:newest", "folder:photos", "camera:canon", "red iso:many", "camra:x red",
    "unique:yes show:all red", "photos of a lecture", "plage en été 2019", "snow last winter", "red.jpg",
    '"after:2019"',
)  # fmt: skip


@pytest.fixture(scope="module")
def answers(indexed: Path) -> dict[str, dict[str, object]]:
    """What the API says to each query."""
    app = create_app(load_settings({"data": str(indexed)}, {}), patience_seconds=None)
    client = app.test_client()
    found = {query: client.get("/api/v1/search", query_string={"q": query, "limit": 100}).json for query in QUERIES}
    pages = {query: client.get("/search", query_string={"q": query}).text for query in QUERIES}
    app.extensions["photoindex"].close()
    return {query: {"api": found[query], "page": pages[query]} for query in QUERIES}


def test_there_are_forty_queries_and_they_differ_in_what_they_find(answers: dict[str, dict[str, object]]) -> None:
    assert len(set(QUERIES)) == 40
    found = [tuple(each["id"] for each in answers[query]["api"]["results"]) for query in QUERIES]  # type: ignore[index]
    assert len(set(found)) > 12 and () in found


def test_the_form_shows_what_the_api_finds(answers: dict[str, dict[str, object]]) -> None:
    for query, both in answers.items():
        shown = re.findall(r'class="picture" href="/photos/(\d+)', html.unescape(str(both["page"])))
        expected = [str(each["id"]) for each in both["api"]["results"]]  # type: ignore[index]
        assert shown == expected, query


def test_python_finds_the_same(indexed: Path, answers: dict[str, dict[str, object]]) -> None:
    with PhotoIndex(indexed) as index:
        for query, both in answers.items():
            found = [(each.id, each.percent, each.match) for each in index.search(query, 100)]
            expected = [(each["id"], each["percent"], each["match"]) for each in both["api"]["results"]]  # type: ignore[index]
            assert found == expected, query


def test_the_command_line_answers_the_same(invoke, indexed: Path, answers: dict[str, dict[str, object]]) -> None:
    done: Result = invoke("search", "--data", indexed, "--json", "-k", "100", input="\n".join(QUERIES))
    for query, line in zip(QUERIES, done.stdout.splitlines(), strict=True):
        assert {**json.loads(line), "took_ms": 0} == {**answers[query]["api"], "took_ms": 0}, query


@pytest.mark.parametrize("words", [["white", "-black"], ["-black"], ["-cake", "show:all"], ["--", "--json"]])
def test_a_part_that_begins_with_a_dash_is_a_part_of_the_query(invoke, indexed: Path, words: list[str]) -> None:
    done = invoke("search", "--data", indexed, "--json", *words)
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["query"] == " ".join(word for word in words if word != "--")


def test_a_picture_is_searched_by(invoke, indexed: Path, photos: Path) -> None:
    done = invoke("search", "--data", indexed, "--json", "--image", photos / "blue.jpg")
    assert json.loads(done.stdout)["results"][0]["filename"] == "blue.jpg"
    done = invoke("search", "--data", indexed, "--image", photos / "text.jpg")
    assert done.exit_code == 2 and "can't be read" in done.stderr
    done = invoke("search", "--data", indexed, "--image", photos / "none.jpg")
    assert done.exit_code == 2 and "No such file" in done.stderr
