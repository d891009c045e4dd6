"""`photoindex link`: an address that lets a browser in."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from photoindex.config import Settings
from photoindex.web import create_app


def test_the_address_lets_in_and_needs_a_server(
    invoke: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = invoke("link")
    assert (refused.exit_code, refused.stderr.count("\n")) == (6, 1) and "no web server runs" in refused.stderr
    (tmp_path / "data").mkdir()
    module = importlib.import_module("photoindex.cli.link")  # the package has the command by that name
    monkeypatch.setattr(module, "find_server", lambda _: "http://127.0.0.1:8460")
    done = invoke("link")
    assert done.exit_code == 0 and "within 10 minutes" in done.stderr
    address = done.stdout.strip().removeprefix("http://127.0.0.1:8460")
    app = create_app(Settings(data=tmp_path / "data"), is_owner=lambda _: False)
    client = app.test_client()
    assert client.get("/libraries/add").status_code == 403
    assert client.get(address).status_code == 303
    assert client.get("/libraries/add").status_code == 200
    app.extensions["photoindex"].close()
