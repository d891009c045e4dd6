"""The README: every command and example in it is run, every setting is in it, and its links lead somewhere."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from daemon.conftest import eventually
from drawing import draw_photo

from photoindex.config import Settings, load_settings
from photoindex.web.server import bind_socket

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
COMMANDS = [line for block in re.findall(r"```bash\n(.*?)```", README, re.S) for line in block.splitlines()]
SERVERS = [line for line in COMMANDS if line.startswith("scripts/run")]
TESTED_ELSEWHERE = {
    "scripts/test": "this is running it",
    ".venv/bin/pip install --quiet -c constraints.txt -e '.[demo]'": "scripts/test has installed the extra",
}


@pytest.fixture(scope="module")
def port() -> int:
    with bind_socket("127.0.0.1", 0) as found:
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, port: int) -> dict[str, str]:
    """A home with two photos, and the README's paths and port led to this test's."""
    home = tmp_path_factory.mktemp("home")
    draw_photo(
        home / "Pictures" / "dog playing outside, an orange bird, a.jpg", seed=1
    )  # found by its name, whatever it looks like
    draw_photo(home / "Pictures" / "b.jpg", colour="blue", seed=2)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PHOTOINDEX_", "XDG_"))}
    return {
        **inherited,
        "HOME": str(home),
        "PHOTOINDEX_PORT": str(port),
        "VENV": sys.prefix,
        "HF_HUB_OFFLINE": "1",
    }


@pytest.fixture(scope="module")
def server(environment: dict[str, str], port: int) -> Iterator[str]:
    """What the README starts first, ended as it says: with Ctrl-C."""
    (line,) = SERVERS
    command = ["bash", "-c", f"exec {line}"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        try:
            assert f"http://127.0.0.1:{port}/" in process.stdout.readline()
            address = f"http://127.0.0.1:{port}"
            eventually(lambda: _status(address)["files"]["indexed"] == 2)
            yield address
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
        said = process.stderr.read()
    assert process.returncode == 0
    notices = [line for line in said.splitlines() if "starter" in line]
    assert len(notices) == 1 and "--encoder siglip2-base" in notices[0]


def _status(address: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = json.load(urllib.request.urlopen(address + "/api/v1/status", timeout=60))
    return found


@pytest.mark.parametrize("line", [line for line in COMMANDS if line not in SERVERS and line not in TESTED_ELSEWHERE])
def test_every_command_of_the_readme_works(line: str, server: str, environment: dict[str, str], port: int) -> None:
    if "--encoder" in line or line.endswith("demo"):
        environment = {**environment, "PHOTOINDEX_DATA": environment["HOME"] + "/other"}
    local = line.replace(".venv/bin/", f"{sys.prefix}/bin/").replace("127.0.0.1:8460", f"127.0.0.1:{port}")
    done = subprocess.run(["bash", "-c", local], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    if "search" in line:
        assert "a.jpg" in done.stdout
    if "curl" in shlex.split(line):
        assert set(json.loads(done.stdout)) >= set(_json_example())


def test_commands_left_to_others_are_in_the_readme() -> None:
    assert set(TESTED_ELSEWHERE) <= set(COMMANDS)
    assert len(SERVERS) == 1


def _json_example() -> dict[str, object]:
    (block,) = re.findall(r"```json\n(.*?)```", README, re.S)
    example: dict[str, object] = json.loads(block)
    return example


def test_the_python_example_runs_as_it_stands(tmp_path: Path) -> None:
    draw_photo(tmp_path / "photos" / "dog playing outside.jpg")
    (example,) = re.findall(r"```python\n(.*?)```", README, re.S)
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r" *\d+ %  dog playing outside\.jpg  \S+/photos/dog playing outside\.jpg\n", done.stdout)


def test_every_setting_is_in_the_table_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", README, re.M))
    defaults = load_settings({"data": "/nowhere"}, {})
    for name, setting in Settings.__dataclass_fields__.items():
        if not setting.metadata:
            continue
        shown = rows[name]
        if setting.type in ("int", "float", "str"):
            assert (
                shown == f"`{getattr(defaults, name):g}`" if setting.type != "str" else f"`{getattr(defaults, name)}`"
            )
        if name != "ignore" and name != "data":
            assert setting.metadata["help"].removeprefix("Encoder: ") in README


@pytest.mark.parametrize("target", re.findall(r"\]\((?!http)([^)#]+)", README))
def test_links_and_pictures_lead_to_files(target: str) -> None:
    assert (ROOT / target).is_file()
