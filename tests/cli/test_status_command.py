"""`photoindex status` and `photoindex encoder list`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from command_line import read_status

from photoindex.cli.info import _lines


def test_json_is_the_status_of_the_api(invoke, indexed: Path) -> None:
    assert json.loads(invoke("status", "--json", "--data", indexed).stdout) == read_status(indexed).as_dict()


def test_status_for_people(invoke, indexed: Path, photos: Path) -> None:
    shown = invoke("status", "--data", indexed).stdout
    for text in ("6, 6 of them searchable", "6 indexed, 0 pending, 1 failed", "starter (384", "stopped", str(photos)):
        assert text in shown


def test_status_tells_how_far_decoders_are_confined(indexed: Path) -> None:
    found = read_status(indexed)
    running = replace(found, daemon=replace(found.daemon, state="idle", isolation="no seccomp"))
    assert "isolation  no seccomp" in list(_lines(running, None))
    assert not [line for line in _lines(found, None) if line.startswith("isolation")]


def test_status_of_an_empty_data_folder_says_how_to_begin(invoke) -> None:
    shown = invoke("status").stdout
    assert "none yet" in shown
    assert "photoindex library add DIR" in shown


def test_failed_files_are_listed_with_their_reason(invoke, indexed: Path, photos: Path) -> None:
    (line,) = invoke("status", "--failed", "--data", indexed).stdout.splitlines()
    reason, path, _ = line.split("\t")
    assert path == str(photos / "text.jpg")
    (listed,) = json.loads(invoke("status", "--failed", "--json", "--data", indexed).stdout)
    assert (listed["reason"], listed["path"]) == (reason, path)


def test_no_failed_file(invoke) -> None:
    assert invoke("status", "--failed").stdout == "no file failed\n"
    assert json.loads(invoke("status", "--failed", "--json").stdout) == []


def test_encoders_and_which_one_is_in_use(invoke, indexed: Path) -> None:
    listed = json.loads(invoke("encoder", "list", "--json", "--data", indexed).stdout)
    by_name = {each["name"]: each for each in listed}
    assert by_name["starter"]["availability"] == "installed"
    assert [name for name, each in by_name.items() if each["in_use"]] == ["starter"]
    assert [name for name, each in by_name.items() if each["recommended"]] == ["siglip2-base"]
    assert by_name["siglip2-base"]["dim"] == 768
    lines = invoke("encoder", "list", "--data", indexed).stdout.splitlines()
    assert len(lines) == len(listed)
    assert lines[0].startswith("*\tstarter\t384\t")


def test_nothing_is_in_use_before_the_first_photo(invoke) -> None:
    assert not any(each["in_use"] for each in json.loads(invoke("encoder", "list", "--json").stdout))
