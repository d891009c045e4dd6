"""`photoindex demo`."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from PIL import Image

from photoindex.cli.demo import CREDITS, PICTURES

without_skimage = importlib.util.find_spec("skimage") is None


@pytest.fixture
def sample_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for scikit-image with two of its pictures: its real ones are an extra."""
    package = tmp_path / "site" / "skimage"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('must not be imported')")
    for name in ("coffee.png", "chelsea.png", "motorcycle_left.png"):
        Image.new("RGB", (8, 6), "brown").save(package / "data" / name)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return package / "data"


def test_sample_holds_pictures_and_who_made_them(invoke, tmp_path: Path, sample_source: Path) -> None:
    folder = tmp_path / "sample"
    result = invoke("demo", folder)
    assert result.stdout.splitlines() == [f"2 sample photos are in {folder}", f"next: photoindex up {folder}"]
    assert {path.name for path in folder.iterdir()} == {"coffee.png", "chelsea.png", CREDITS}
    assert "coffee.png: Rachel Michetti" in (folder / CREDITS).read_text("utf-8")


def test_pictures_are_put_into_the_home_folder_unless_told_otherwise(
    invoke, tmp_path: Path, sample_source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert invoke("demo").exit_code == 0
    assert (tmp_path / "home" / "PhotoIndex-demo" / "chelsea.png").is_file()


def test_what_is_there_is_not_overwritten(invoke, tmp_path: Path, sample_source: Path) -> None:
    (tmp_path / "coffee.png").write_text("the user's own")
    assert invoke("demo", tmp_path).exit_code == 0
    assert (tmp_path / "coffee.png").read_text() == "the user's own"


def test_folder_that_can_not_be_made(invoke, tmp_path: Path, sample_source: Path) -> None:
    (tmp_path / "file").write_text("")
    result = invoke("demo", tmp_path / "file" / "sample")
    assert (result.exit_code, len(result.stderr.splitlines())) == (3, 1)


def test_without_scikit_image_it_says_what_to_install(invoke, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    result = invoke("demo", tmp_path / "sample")
    assert (result.exit_code, "pip install 'photoindex[demo]'" in result.stderr) == (1, True)
    assert not (tmp_path / "sample").exists()


def test_every_picture_has_a_credit_with_a_free_licence() -> None:
    assert all(picture.credit.endswith(("CC0", "public domain")) for picture in PICTURES)
    assert len({picture.name for picture in PICTURES}) == len(PICTURES)


if not without_skimage:

    def test_scikit_image_ships_every_picture(invoke, tmp_path: Path) -> None:
        assert invoke("demo", tmp_path).stdout.startswith(f"{len(PICTURES)} sample photos")
        for picture in PICTURES:
            with Image.open(tmp_path / picture.name) as image:
                image.load()
