"""The few colours that stand in the places of pictures until they are there, as classes: a page has no styles."""

from __future__ import annotations

_LEVELS = 5
COUNT = _LEVELS**3
_STEP = 256 / _LEVELS


def colour_class(colour: int | None) -> str:
    """The class of the colour (0xRRGGBB) nearest to this one, as `k62`; nothing for a photo without any."""
    if colour is None or not 0 <= colour <= 0xFFFFFF:
        return ""
    red, green, blue = (int((colour >> shift & 255) / _STEP) for shift in (16, 8, 0))
    return class_name((red * _LEVELS + green) * _LEVELS + blue)


def class_name(number: int) -> str:
    return f"k{number}"


def css(number: int) -> str:
    """What a class stands for: `#4d8019`, the middle of the colours that it is told for."""
    red, rest = divmod(number, _LEVELS**2)
    levels = (red, *divmod(rest, _LEVELS))
    return "#" + "".join(f"{int((level + 0.5) * _STEP):02x}" for level in levels)
