"""Scores: from a cosine distance to the 0–1 that people see."""

from __future__ import annotations


def score(distance: float, shown_range: tuple[float, float]) -> float:
    """A cosine distance (0 to 2) as a score of 0 to 1.

    Encoders differ in the cosines they give: a CLIP's best match has .35, the starter's .9. Each encoder therefore
    names the cosines to show as 0 and as 1 (`EncoderInfo.text_range`), and the score is linear between them.
    """
    low, high = shown_range
    return min(1.0, max(0.0, (1.0 - distance - low) / (high - low)))


def percent(value: float) -> int:
    """A score as whole percents."""
    return round(100 * value)
