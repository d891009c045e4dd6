"""The libraries that others wrote: what is here is what is pinned, with its licence."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("folder", ["static/vendor", "tests/vendor"])
def test_vendored_files_are_what_is_pinned_and_nothing_else(folder):
    manifest = json.loads((ROOT / folder / "manifest.json").read_text("utf-8"))
    pinned = {file["to"]: file["sha256"] for package in manifest["packages"] for file in package["files"]}
    found = {
        str(path.relative_to(ROOT / folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert found == pinned


@pytest.mark.parametrize("folder", ["static/vendor", "tests/vendor"])
def test_each_has_its_licence_and_is_named_in_the_notice(folder):
    notice = (ROOT / "NOTICE").read_text("utf-8").lower()
    for package in json.loads((ROOT / folder / "manifest.json").read_text("utf-8"))["packages"]:
        assert any(file["from"] == "LICENSE" for file in package["files"]), package["name"]
        assert package["integrity"].startswith("sha512-")
        assert f"{package['name'].removesuffix('.org')} {package['version']}" in notice
