"""The wheel: built, installed in an empty place, and serving a page from there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    (built,) = folder.glob("photoindex-*.whl")
    return built


def test_the_wheel_holds_what_the_program_needs_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in (
        "photoindex/templates/base.html",
        "photoindex/static/css/base.css",
        "photoindex/static/vendor/htmx/htmx.min.js",
        "photoindex/translations/fr/LC_MESSAGES/messages.mo",
        "photoindex/migrations/env.py",
        "photoindex/migrations/versions/0001_first_schema.py",
        "photoindex/py.typed",
        "photoindex/data/gazetteer.npz",
        "photoindex/data/concept_labels.tsv",
    ):
        assert needed in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    outside = [name for name in names if not name.startswith(("photoindex/", "photoindex-"))]
    assert outside == []


def test_a_page_is_served_from_the_installed_wheel(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(site), str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    empty = tmp_path / "empty"
    empty.mkdir()
    environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}
    where = [sys.executable, "-c", "import photoindex; print(photoindex.__file__)"]
    found = subprocess.run(where, check=True, capture_output=True, text=True, cwd=empty, env=environment)
    assert found.stdout.startswith(str(site))

    command = [sys.executable, "-m", "photoindex", "serve", "--port", "0", "--data", str(tmp_path / "data")]
    with subprocess.Popen(command, cwd=empty, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = re.search(r"http://\S+?(?=/?\s|/?$)", server.stdout.readline())
            assert address is not None
            page = urllib.request.urlopen(address[0] + "/", timeout=30).read().decode()
            style = re.search(r'href="(/static/[^"]+\.css[^"]*)"', page)
            assert "<title>" in page and style is not None
            assert urllib.request.urlopen(address[0] + style[1], timeout=30).status == 200
        finally:
            server.terminate()
    assert server.returncode == 0
