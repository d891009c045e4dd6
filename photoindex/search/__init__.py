"""Search: from what a person asks to a page of photos, best first. Knows storage and the encoder protocol only."""

from photoindex.search.engine import Result, ResultPage, SearchEngine
from photoindex.search.text_tower import TextTower

__all__ = ["Result", "ResultPage", "SearchEngine", "TextTower"]
