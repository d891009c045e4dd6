"""Downloads from a stand-in for the hub on this machine, which fails in every way a hub can."""

from __future__ import annotations

import hashlib
import json
import logging
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar
from urllib.parse import unquote

import pytest

from photoindex import encoders
from photoindex.encoders import download
from photoindex.errors import EncoderError, EncoderUnavailableError

COMMIT = "a" * 40


class _Hub(BaseHTTPRequestHandler):
    """Serves one folder as every repository: `api/models/…/revision/…` and `…/resolve/…/FILE`."""

    folder: ClassVar[Path]
    main: ClassVar[Path | None] = None
    fault: ClassVar[str] = ""
    stop: ClassVar[threading.Event]
    requests: ClassVar[list[str]]

    def do_GET(self) -> None:
        path = unquote(self.path.split("?")[0])
        self.requests.append(f"{self.command} {path}")
        if self.fault.isdecimal():
            self.send_error(int(self.fault))
        elif self.fault == "stall" or (self.fault == "stall on files" and "/resolve/" in path):
            self.stop.wait(30)
        elif path.startswith("/api/models/"):
            self._answer(json.dumps(self._repository(path)).encode())
        elif (self.folder / path.rsplit("/", 1)[-1]).is_file():
            self._send_file(self.folder / path.rsplit("/", 1)[-1])
        else:
            self.send_error(404)

    do_HEAD = do_GET  # noqa: N815 - http.server's name

    def _repository(self, path: str) -> dict[str, object]:
        folder = self.main if self.main and path.endswith("/main") else self.folder
        files = [{"rfilename": file.name, "size": file.stat().st_size} for file in sorted(folder.iterdir())]
        files.append({"rfilename": "onnx/model.onnx", "size": 10**9})
        return {"id": path.split("/revision/")[0].removeprefix("/api/models/"), "sha": COMMIT, "siblings": files}

    def _send_file(self, file: Path) -> None:
        content = file.read_bytes()
        cut = self.fault == "truncate" and file.suffix == ".safetensors"
        self._answer(content, sent=len(content) // 2 if cut else len(content))

    def _answer(self, content: bytes, sent: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content[:sent])

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def hub(clip_folder, hub_cache, monkeypatch) -> Iterator[type[_Hub]]:
    class Hub(_Hub):
        folder = clip_folder
        stop = threading.Event()
        requests: ClassVar[list[str]] = []

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("no_proxy", "*")
    hurried = SimpleNamespace(**{**vars(time), "sleep": lambda _: None})
    monkeypatch.setattr("huggingface_hub.file_download.time", hurried)  # it waits a second before it tries again
    yield Hub
    Hub.stop.set()
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_download_arrives_whole_and_is_done_once(hub, hub_cache):
    seen: list[tuple[int, int]] = []
    resolved = encoders.resolve("someone/their-clip", progress=lambda done, total: seen.append((done, total)))
    assert resolved.commit == COMMIT
    assert seen and seen[-1][0] == seen[-1][1] > 10_000
    assert not any("onnx" in request for request in hub.requests)
    encoder = encoders.load(resolved, parts="text")
    assert encoder.info.fingerprint == encoders.fingerprint(resolved)
    hub.requests.clear()
    assert encoders.resolve("someone/their-clip").folder == resolved.folder
    assert hub.requests == []


def test_the_recommended_encoder_is_downloaded_by_itself(hub):
    resolved = encoders.resolve("auto")
    assert (resolved.spec.name, resolved.notice) == ("siglip2-base", None)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("404", "no such repository"),
        ("401", "log in"),
        ("500", "answered with the status 500"),
        ("truncate", "broke off"),
        ("stall", "did not answer"),
        ("stall on files", "did not answer"),
    ],
)
def test_a_hub_that_fails_ends_in_one_line(hub, fault, reason, monkeypatch, caplog):
    monkeypatch.setattr(download, "FIRST_BYTE_SECONDS", 1.0)
    monkeypatch.setattr(download, "SILENCE_SECONDS", 1.0 if "stall" in fault else 20.0)
    hub.fault = fault
    began = time.monotonic()
    with caplog.at_level(logging.WARNING), pytest.raises(EncoderUnavailableError, match=reason) as caught:
        encoders.resolve("clip-vit-b-32")
    assert "\n" not in str(caught.value) and "openai/clip-vit-base-patch32" in str(caught.value)
    assert time.monotonic() - began < 18
    assert caplog.records == []


@pytest.mark.parametrize("fault", ["404", "500", "truncate"])
def test_automatic_falls_back_on_the_starter_when_the_hub_fails(hub, fault):
    hub.fault = fault
    resolved = encoders.resolve("auto")
    assert resolved.spec.name == "starter"
    assert resolved.notice is not None and "\n" not in resolved.notice


def test_a_download_cut_short_is_taken_up_later(hub):
    hub.fault = "truncate"
    with pytest.raises(EncoderUnavailableError):
        encoders.resolve("someone/their-clip")
    assert encoders.available(encoders.find("someone/their-clip")) == "download"
    hub.fault = ""
    encoders.load("someone/their-clip", parts="text")


def test_refused_connection_fails_at_once(hub_cache, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "0")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "*")
    began = time.monotonic()
    with pytest.raises(EncoderUnavailableError, match="no connection to 127"):
        encoders.resolve("clip-vit-b-16")
    assert time.monotonic() - began < 18


def test_repository_without_safetensors_is_refused_before_anything_is_downloaded(hub, tmp_path):
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "config.json").write_text("{}")
    (tmp_path / "repo" / "pytorch_model.bin").write_bytes(b"pickle")
    hub.folder = tmp_path / "repo"
    with pytest.raises(EncoderError, match="no weights in safetensors"):
        encoders.resolve("someone/pickled")
    assert len(hub.requests) == 1


def test_weights_are_taken_from_the_revision_that_has_safetensors(hub, tmp_path):
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "pytorch_model.bin").write_bytes(b"pickle")
    hub.main = tmp_path / "repo"
    resolved = encoders.resolve("clip-vit-b-32")
    assert (resolved.folder / "model.safetensors").is_file()
    assert encoders.available(resolved.spec) == "cached"
