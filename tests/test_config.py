"""Settings: where they come from, and what is said of wrong ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from photoindex.config import Settings, load_settings
from photoindex.errors import ConfigError


def test_flags_win_over_variables_over_the_file_over_defaults(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('port = 1\nhost = "file"\nencoder = "file"\nignore = ["*.bak"]\n')
    settings = load_settings(
        {"data": str(tmp_path), "port": 3, "host": None}, {"PHOTOINDEX_PORT": "2", "PHOTOINDEX_HOST": "variable"}
    )
    assert (settings.port, settings.host, settings.encoder) == (3, "variable", "file")
    assert settings.ignore == ("*.bak",)
    assert settings.batch_size == Settings.batch_size
    assert settings.database == tmp_path / "photoindex.db"


def test_the_data_folder_comes_from_the_environment_and_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings({}, {"PHOTOINDEX_DATA": "d"}).data == tmp_path / "d"
    assert load_settings({}, {}).data.is_absolute()


def test_lists_may_be_given_with_commas(tmp_path: Path) -> None:
    settings = load_settings({"data": tmp_path}, {"PHOTOINDEX_TRUSTED_HOSTS": "photos.home, nas"})
    assert settings.trusted_hosts == ("photos.home", "nas")


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"PHOTOINDEX_PORT": "banana"}, "port in the environment must be a whole number from 0 to 65535, not 'banana'"),
        ({"PHOTOINDEX_PORT": "65536"}, "must be a whole number from 0 to 65535"),
        ({"PHOTOINDEX_PROT": "80"}, "unknown setting PHOTOINDEX_PROT in the environment; did you mean port?"),
        ({"PHOTOINDEX_SETTLE_SECONDS": "-1"}, "settle_seconds"),
        ({"PHOTOINDEX_SETTLE_SECONDS": "nan"}, "settle_seconds"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, variables: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load_settings({"data": tmp_path}, variables)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("port = 1.5", "port in .*config.toml must be a whole number"),
        ("port = true", "must be a whole number"),
        ("colour = 1", "unknown setting colour"),
        ("port =", "can't be read as TOML"),
        ("ignore = 3", "ignore in .* must be a list of texts"),
        ("encoder = ''", "must be text"),
    ],
)
def test_a_wrong_entry_of_the_file_is_named(tmp_path: Path, content: str, says: str) -> None:
    (tmp_path / "config.toml").write_text(content)
    with pytest.raises(ConfigError, match=says) as caught:
        load_settings({"data": tmp_path}, {})
    assert "config.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_data_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="is a file"):
        load_settings({"data": tmp_path / "file"}, {})
