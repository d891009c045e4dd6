"""The names of what lies in the data folder and is looked for by more than the settings."""

from __future__ import annotations

DATABASE = "photoindex.db"
DAEMON_LOCK = "daemon.lock"
"""Beside the database."""
