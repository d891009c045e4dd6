"""Numbers in addresses and forms: whole ones that SQLite can hold, and nothing else."""

from __future__ import annotations

from werkzeug.routing import BaseConverter, ValidationError

_LARGEST = (1 << 63) - 1


class PhotoId(BaseConverter):
    """`<photo_id:name>`: 1 to 2⁶³-1 in ASCII digits; any other text is an address that does not exist."""

    regex = "[1-9][0-9]{0,18}"

    def to_python(self, value: str) -> int:
        number = int(value)
        if number > _LARGEST:
            raise ValidationError
        return number


def whole_number(text: str, digits: int = 18) -> int | None:
    """The number that at most so many ASCII digits write; None for any other text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None
