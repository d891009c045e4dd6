"""`photoindex search` without a server, and the prompt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest


def test_results_are_lines_with_tabs_when_nobody_looks(invoke, indexed: Path) -> None:
    lines = invoke("search", "--data", indexed, "-k", "3", "a", "photo", "show:all").stdout.splitlines()
    assert len(lines) == 3
    rank, percent, filename, path = lines[0].split("\t")
    assert rank == "1"
    assert 0 <= int(percent.strip("()").removesuffix(" %")) <= 100
    assert Path(path).name == filename
    assert Path(path).is_file()


def test_json_is_the_answer_of_the_api(invoke, indexed: Path) -> None:
    from photoindex.config import load_settings
    from photoindex.web import create_app

    ours = json.loads(invoke("search", "--data", indexed, "-k", "2", "--json", "a photo show:all").stdout)
    app = create_app(load_settings({"data": str(indexed)}, {}))
    stored = app.extensions["photoindex"]
    with stored.database.read() as session:
        from photoindex.embeddings import active_encoder

        stored.text_tower.warm(active_encoder(session))
    theirs = app.test_client().get("/api/v1/search?q=a photo show:all&limit=2").json
    stored.database.close()
    assert {**ours, "took_ms": 0} == {**theirs, "took_ms": 0}
    assert len(ours["results"]) == 2


def test_nothing_is_indexed_yet(invoke) -> None:
    result = invoke("search", "cat")
    assert (result.exit_code, result.stdout) == (0, "nothing is indexed yet; index photos with: photoindex up DIR\n")


def test_search_that_is_too_long(invoke, indexed: Path) -> None:
    result = invoke("search", "--data", indexed, "cat " * 200)
    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 1)


def test_descriptions_can_be_piped_in(invoke, indexed: Path) -> None:
    result = invoke("search", "--data", indexed, "--json", "-k", "1", input="red\n\n  green \n:q\nblue\n")
    assert [json.loads(line)["query"] for line in result.stdout.splitlines()] == ["red", "green"]


def test_one_bad_description_does_not_end_the_prompt(invoke, indexed: Path) -> None:
    result = invoke("search", "--data", indexed, "--json", "-k", "1", input="x" * 600 + "\nred\n")
    assert result.exit_code == 0
    assert [json.loads(line)["query"] for line in result.stdout.splitlines()] == ["red"]
    assert "600 characters" in result.stderr


@pytest.mark.parametrize("end", ["\n", "", ":q\n"])
def test_prompt_ends_at_an_empty_line_or_the_end(invoke, indexed: Path, monkeypatch, end: str) -> None:
    monkeypatch.setattr("photoindex.cli.searching._interactive", lambda: True)
    result = invoke("search", "--data", indexed, "-k", "1", input=f"red show:all\ngreen show:all\n{end}")
    assert result.exit_code == 0
    assert "an empty line ends" in result.stdout
    assert result.stdout.count(".jpg\t") == 2


def test_a_moment_of_a_video_stands_beside_its_name(invoke, indexed: Path, monkeypatch) -> None:
    from photoindex.cli import searching

    found = {
        "percent": 62,
        "match": "strong",
        "filename": "holiday.mp4",
        "path": "/videos/holiday.mp4",
        "moment": "2:31",
    }
    answer = {
        "encoder": "starter",
        "problems": [],
        "language": None,
        "total": 2,
        "results": [found, {**found, "filename": "a.jpg", "moment": None}],
    }
    monkeypatch.setattr(searching, "find_server", lambda _: "http://127.0.0.1:1")
    monkeypatch.setattr(searching, "ask", lambda *_, **__: answer)
    lines = invoke("search", "--data", indexed, "a sunset").stdout.splitlines()
    assert lines[0] == "1\t62 %\tholiday.mp4 at 2:31\t/videos/holiday.mp4"
    assert lines[1].split("\t")[2] == "a.jpg"
