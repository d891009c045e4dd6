"""The tests of media write HEIF files too, so the formats are registered before anything is drawn."""

from photoindex.media import register

register()
