"""Photo ids in addresses: whole numbers that SQLite can hold, and nothing else."""

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
