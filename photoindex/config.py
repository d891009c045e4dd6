"""Settings: command-line flags over PHOTOINDEX_* variables over config.toml in the data folder over the defaults.

A few can also be chosen on the pages (`chosen.py`); that counts where none of the first three says anything.
"""

from __future__ import annotations

import contextlib
import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import platformdirs

from photoindex import layout
from photoindex.errors import ConfigError

IGNORED_BY_DEFAULT = (
    ".*",  # hidden files and folders, and the temporary names of rsync and syncthing
    "*.part",
    "*.crdownload",
    "*.tmp",
    "*.partial",
    "*.filepart",
    "*.download",
    "~*",
    "@eaDir",
    "@Recycle",
    "@Recently-Snapshot",
    "#recycle",
    "#snapshot",
    "$RECYCLE.BIN",
    "System Volume Information",
    "lost+found",
)
CHOSEN_ON_PAGES = ("encoder", "ignore")
"""The settings that can be chosen on the pages."""


class Origin(StrEnum):
    """Where a setting comes from. What comes first here counts most."""

    FLAG = "flag"
    VARIABLE = "variable"
    FILE = "file"
    PAGE = "page"
    DEFAULT = "default"


_HOURS = r"([01]?\d|2[0-4])(:[0-5]\d)?-([01]?\d|2[0-4])(:[0-5]\d)?"


def setting(
    default: Any,
    help_text: str,
    *,
    low: float | None = None,
    high: float | None = None,
    form: tuple[str, str] | None = None,
) -> Any:
    """One setting: its default, what it does, and its bounds where it is a number.

    `form` is for texts: the regular expression that they fit, and what they may be in words.
    """
    return field(default=default, metadata={"help": help_text, "low": low, "high": high, "form": form})


@dataclass(frozen=True)
class Settings:
    """Everything a user may set. Read once, at the start of a command; inner modules take plain values."""

    data: Path = setting(None, "Folder of the database, thumbnails and settings")  # noqa: RUF009
    encoder: str = setting("auto", "Encoder: `auto`, a name of `photoindex encoder list`, a repository or a folder")
    device: str = setting("auto", "Where encoders run: `auto`, `cpu`, `cuda`, `cuda:1` or `mps`")
    host: str = setting("127.0.0.1", "Address the web server listens on")
    port: int = setting(8460, "Port the web server listens on; 0 picks a free one", low=0, high=65535)
    web_threads: int = setting(8, "Requests the web server answers at once", low=1, high=64)
    trusted_hosts: tuple[str, ...] = setting((), "Further host names the web server may be called by")
    batch_size: int = setting(0, "Photos encoded and stored at a time; 0 measures what is best", low=0, high=1024)
    workers: int = setting(0, "Threads that decode and encode photos; 0 measures what is best", low=0, high=64)
    scan_interval_seconds: float = setting(
        3600.0, "Seconds between full scans, which find what no event told", low=1, high=604800
    )
    poll_interval_seconds: float = setting(
        300.0, "Seconds between scans of a library in which events don't tell all changes", low=1, high=604800
    )
    settle_seconds: float = setting(
        2.0, "How long a file that is being written must be quiet before it is read", low=0, high=3600
    )
    ignore: tuple[str, ...] = setting(IGNORED_BY_DEFAULT, "Names of files and folders to leave out (`*` and `?` match)")
    missing_days: int = setting(
        90,
        "Days after which a file that is gone is forgotten, if it was not marked; 0 never forgets",
        low=0,
        high=36500,
    )
    max_file_mb: int = setting(200, "Larger files are not read", low=1, high=100_000)
    max_megapixels: int = setting(100, "Photos of more megapixels are not decoded", low=1, high=400)
    nice: int = setting(10, "How far the daemon's computing stands back for other programs", low=0, high=19)
    io_priority: str = setting(
        "low",
        "How the daemon reads disks that others use: `normal`, `low` or `idle`",
        form=("normal|low|idle", "`normal`, `low` or `idle`"),
    )
    index_hours: str = setting(
        "always",
        "When the daemon may encode photos: `always`, or hours such as `22-6` or `12:30-14,22-6`",
        form=(rf"always|{_HOURS}(\s*,\s*{_HOURS})*", "`always` or hours such as `22-6`"),
    )
    min_battery_percent: int = setting(
        30,
        "On battery below this charge the daemon encodes nothing; 0 never minds, 100 waits for mains",
        low=0,
        high=100,
    )
    max_celsius: int = setting(
        90, "When a part of the machine is hotter the daemon lets it cool by 10 degrees; 0 never minds", low=0, high=125
    )
    isolation: str = setting(
        "on",
        "Decode photos in confined processes: `on` (as far as the system can), or `off` where it can't start any",
        form=("on|off", "`on` or `off`"),
    )
    origins: Mapping[str, Origin] = field(default_factory=dict, compare=False, repr=False)
    """No setting: where those come from that are not the default."""

    @property
    def database(self) -> Path:
        return self.data / layout.DATABASE

    @property
    def thumbnails(self) -> Path:
        return self.data / "thumbnails"

    @property
    def snapshots(self) -> Path:
        return self.data / "snapshots"

    @property
    def daemon_lock(self) -> Path:
        return self.data / layout.DAEMON_LOCK


def default_data_folder() -> Path:
    """Where the data folder is when nobody says: the user's data directory of the platform."""
    return platformdirs.user_data_path("photoindex", appauthor=False)


def load_settings(overrides: Mapping[str, Any] | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings. `overrides` are the flags given, None standing for "not given".

    Raises ConfigError naming the setting, where it was set and what it may be.
    """
    given = {name: value for name, value in (overrides or {}).items() if value is not None}
    environment = os.environ if environment is None else environment
    variables = {
        name.removeprefix("PHOTOINDEX_").lower(): value
        for name, value in environment.items()
        if name.startswith("PHOTOINDEX_") and value != ""
    }
    data = Path(given.get("data") or variables.get("data") or default_data_folder()).expanduser().absolute()
    if data.exists() and not data.is_dir():
        raise ConfigError(f"the data folder {data} is a file; choose a folder with --data")
    file = data / "config.toml"
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for origin, source, entries in (
        (Origin.FILE, str(file), _read_toml(file)),
        (Origin.VARIABLE, "the environment", variables),
        (Origin.FLAG, "the command line", given),
    ):
        for name, value in entries.items():
            values[name], origins[name] = _checked(name, value, source), origin
    return Settings(**{**values, "data": data, "origins": origins})


def with_chosen(settings: Settings, chosen: Mapping[str, Any]) -> Settings:
    """The settings, with what was chosen on the pages where nothing that counts more says anything.

    What can't be, such as what a newer PhotoIndex wrote, is passed over.
    """
    values: dict[str, Any] = {}
    for name in CHOSEN_ON_PAGES:
        if name in chosen and name not in settings.origins:
            with contextlib.suppress(ConfigError):
                values[name] = _checked(name, chosen[name], "the settings of the pages")
    return replace(settings, **values, origins={**settings.origins, **dict.fromkeys(values, Origin.PAGE)})


_SETTINGS = {each.name: each for each in fields(Settings) if each.name != "origins"}


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{file} can't be read as TOML: {error}") from error


def _checked(name: str, value: Any, source: str) -> Any:
    if name not in _SETTINGS:
        shown = f"PHOTOINDEX_{name.upper()}" if source == "the environment" else name
        close = difflib.get_close_matches(name, _SETTINGS, n=1)
        hint = f"; did you mean {close[0]}?" if close else f"; the settings are: {', '.join(_SETTINGS)}"
        raise ConfigError(f"unknown setting {shown} in {source}{hint}")
    where = f"{name} in {source}"
    kind = str(_SETTINGS[name].type)
    if kind == "Path":
        return value
    if kind.startswith("tuple"):
        return _texts(where, value)
    if kind == "str":
        if not isinstance(value, str) or not value.strip():
            raise ConfigError(f"{where} must be text, not {value!r}")
        return _formed(where, value.strip(), _SETTINGS[name].metadata["form"])
    return _number(where, value, int if kind == "int" else float, _SETTINGS[name].metadata)


def _formed(where: str, value: str, form: tuple[str, str] | None) -> str:
    if form is not None and not re.fullmatch(form[0], value):
        raise ConfigError(f"{where} must be {form[1]}, not {value!r}")
    return value


def _texts(where: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple) or not all(isinstance(part, str) for part in value):
        raise ConfigError(f"{where} must be a list of texts, not {value!r}")
    return tuple(value)


def _number(where: str, value: Any, kind: type[int] | type[float], bounds: Mapping[str, Any]) -> int | float:
    low, high = bounds["low"], bounds["high"]
    what = "a whole number" if kind is int else "a number"
    try:
        if isinstance(value, bool) or (kind is int and isinstance(value, float)):
            raise ValueError
        number = kind(value)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{where} must be {what} from {low} to {high}, not {value!r}") from error
    if not low <= number <= high:
        raise ConfigError(f"{where} must be {what} from {low} to {high}, not {value!r}")
    return number
