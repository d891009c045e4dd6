"""Finding and asking the server that runs on a data folder."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from photoindex.cli.running import FILE_NAME, announce, ask, find_server, withdraw
from photoindex.errors import NotReadyError, PhotoIndexError, QueryError


class Answers(BaseHTTPRequestHandler):
    """Says it is well, and answers searches with what the test put into `script`."""

    script: list[tuple[int, dict[str, Any]]]
    asked: list[dict[str, list[str]]]

    def do_GET(self) -> None:
        where = urlsplit(self.path)
        if where.path == "/healthz":
            self.answer(200, {"status": "ok"})
        else:
            type(self).asked.append(parse_qs(where.query))
            self.answer(*self.script.pop(0))

    def answer(self, code: int, body: dict[str, Any]) -> None:
        self.send_response(code)
        if body.get("wait"):
            self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    Answers.script, Answers.asked = [], []
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}"
        httpd.shutdown()
        thread.join()


def test_announced_server_is_found_and_its_file_is_private(tmp_path: Path, server: str) -> None:
    announce(tmp_path, server)
    assert find_server(tmp_path) == server
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600
    withdraw(tmp_path)
    assert find_server(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_stale_file_is_ignored(tmp_path: Path, server: str) -> None:
    announce(tmp_path, "http://127.0.0.1:1")
    assert find_server(tmp_path) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": 3}', '{"url": "file:///etc/passwd"}'])
def test_file_that_is_not_ours_is_ignored(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text)
    assert find_server(tmp_path) is None


def test_file_of_a_later_server_is_left(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text('{"url": "http://127.0.0.1:2", "pid": 1}')
    withdraw(tmp_path)
    assert (tmp_path / FILE_NAME).exists()


def test_data_folder_that_can_not_be_written_is_no_error(tmp_path: Path) -> None:
    announce(tmp_path / "nowhere", "http://127.0.0.1:1")
    withdraw(tmp_path / "nowhere")


def test_question_reaches_the_server_as_it_is(server: str) -> None:
    Answers.script = [(200, {"results": []})]
    assert ask(server, "café & chats + #1", 3) == {"results": []}
    assert Answers.asked == [{"q": ["café & chats + #1"], "limit": ["3"]}]


def test_server_that_gets_ready_is_waited_for(server: str) -> None:
    Answers.script = [(503, {"detail": "loading", "wait": True})] * 2 + [(200, {"results": [1]})]
    assert ask(server, "cat", 3) == {"results": [1]}


@pytest.mark.parametrize(
    ("code", "body", "kind"),
    [
        (400, {"detail": "too long"}, QueryError),
        (503, {"detail": "no weights"}, NotReadyError),
        (503, {"detail": "loading", "wait": True}, NotReadyError),
        (500, {"detail": "something went wrong"}, PhotoIndexError),
        (404, {"what": 1}, PhotoIndexError),
    ],
)
def test_what_the_server_refuses_is_said_in_its_words(server: str, code: int, body: dict, kind: type) -> None:
    Answers.script = [(code, body)] * 3
    with pytest.raises(kind, match=body.get("detail", "the server answered 404")):
        ask(server, "cat", 3, patience_seconds=0)


def test_server_that_went_away(tmp_path: Path) -> None:
    with pytest.raises(PhotoIndexError, match="does not answer"):
        ask("http://127.0.0.1:1", "cat", 3)
