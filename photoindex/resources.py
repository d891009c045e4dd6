"""Where templates, translations, static files and migrations are: in an installed package, or beside it."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).parent


def resource_folder(name: str) -> Path:
    """The folder `templates`, `translations`, `static` or `migrations`.

    A wheel carries them inside the package; in a checkout they stand at the top level, where people look for them.
    """
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
