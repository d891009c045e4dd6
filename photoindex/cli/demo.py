"""`photoindex demo`: a small sample library, made of pictures with a free licence that scikit-image ships."""

from __future__ import annotations

import contextlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path

import click

from photoindex.cli.options import FOLDER, data_option, encoder_option, web_options
from photoindex.cli.terminal import printable
from photoindex.config import load_settings
from photoindex.errors import LibraryError, PhotoIndexError


@dataclass(frozen=True)
class Picture:
    """A picture of skimage/data, and who made it, as skimage.data documents it."""

    source: str
    name: str
    credit: str


# Only pictures whose makers gave them to the public domain or under CC0; skimage/data holds others too.
PICTURES = (
    Picture("astronaut.png", "astronaut.png", "Eileen Collins; NASA Great Images; public domain"),
    Picture("brick.png", "brick-wall.png", "Bricks25, CC0Textures; CC0"),
    Picture("camera.png", "man-with-camera.png", "Lav Varshney; CC0"),
    Picture("cell.png", "cell.png", "Dayane Machado; CC0"),
    Picture("chelsea.png", "chelsea.png", "Chelsea the cat; Stefan van der Walt; CC0"),
    Picture("clock_motion.png", "clock.png", "Stefan van der Walt; public domain"),
    Picture("coffee.png", "coffee.png", "Rachel Michetti, courtesy of Pikolo Espresso Bar; CC0"),
    Picture("grass.png", "grass.png", "Grass 01, linolafett; CC0"),
    Picture("gravel.png", "gravel.png", "Gravel04, CC0Textures; CC0"),
    Picture("horse.png", "horse.png", "Andreas Preuss (marauder); CC0"),
    Picture("hubble_deep_field.jpg", "hubble-deep-field.jpg", "NASA; public domain"),
    Picture("retina.jpg", "retina.jpg", "Häggström, WikiJournal of Medicine 1 (2), 2014; CC0"),
    Picture("rocket.jpg", "rocket.jpg", "Launch of DSCOVR on Falcon 9; SpaceX; public domain"),
)
CREDITS = "CREDITS.txt"


@click.command(short_help="Make a small sample library.")
@click.argument("folder", required=False, type=FOLDER, metavar="[DIR]")
@click.option("--up", "start_up", is_flag=True, help="Go on with `photoindex up DIR`.")
@web_options
@data_option
@encoder_option
def demo(
    folder: Path | None,
    start_up: bool,
    host: str | None,
    port: str | None,
    insecure_no_auth: bool,
    data: str | None,
    encoder: str | None,
) -> None:
    """Make a small sample library, in ~/PhotoIndex-demo unless DIR says where.

    The pictures come with the package scikit-image; who made them is in CREDITS.txt beside them.
    """
    settings = load_settings({"data": data, "encoder": encoder, "host": host, "port": port})
    folder = (folder or Path("~/PhotoIndex-demo")).expanduser()
    copied = make_sample(folder)
    click.echo(f"{copied} sample photos are in {printable(str(folder))}")
    if start_up:
        from photoindex.cli.up import start

        start(settings, (folder,), insecure_no_auth)
    else:
        click.echo(f"next: photoindex up {printable(str(folder))}")


def make_sample(folder: Path) -> int:
    """Put the pictures and their credits into `folder`; how many. What is there already stays as it is.

    Raises PhotoIndexError without scikit-image, LibraryError when the folder can't be written.
    """
    spec = importlib.util.find_spec("skimage")  # the pictures are files: importing it would take a second
    if spec is None or not spec.submodule_search_locations:
        raise PhotoIndexError("the sample photos come with scikit-image; run: pip install 'photoindex[demo]'")
    source = Path(spec.submodule_search_locations[0]) / "data"
    present = [picture for picture in PICTURES if (source / picture.source).is_file()]
    if not present:
        raise PhotoIndexError("this scikit-image has no sample photos; run: pip install --force-reinstall scikit-image")
    credits_text = "Sample photos, as shipped by scikit-image.\n\n" + "".join(
        f"{picture.name}: {picture.credit}\n" for picture in present
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for picture in present:
            _write_new(folder / picture.name, (source / picture.source).read_bytes())
        _write_new(folder / CREDITS, credits_text.encode())
    except OSError as error:
        reason = f"{folder} can't take the sample photos ({error.strerror}); choose another folder"
        raise LibraryError(reason) from error
    return len(present)


def _write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet: the folder may be one of the user's own."""
    with contextlib.suppress(FileExistsError), path.open("xb") as file:
        file.write(content)
