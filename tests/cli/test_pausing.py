"""`photoindex pause` and `photoindex resume`."""

from __future__ import annotations

import json


def test_pause_and_resume(invoke) -> None:
    assert invoke("pause").output == "indexing is paused; to go on: photoindex resume\n"
    assert "indexing is paused; to go on: photoindex resume" in invoke("status").stdout
    assert json.loads(invoke("status", "--json").stdout)["pause"]["until"] is None
    assert invoke("resume").output == "indexing goes on\n"
    assert invoke("resume").output == "indexing was not paused\n"
    assert json.loads(invoke("status", "--json").stdout)["pause"] is None


def test_pause_for_some_time(invoke) -> None:
    assert invoke("pause", "--for", "2h").output.startswith("indexing is paused until 2")
    assert "indexing is paused until 2" in invoke("status").stdout


def test_a_pause_of_no_length_is_refused(invoke) -> None:
    done = invoke("pause", "--for", "later")
    assert done.exit_code == 2
    assert "'later' is no length of time; say 30m, 2h or 1d" in done.output
