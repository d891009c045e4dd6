"""Templates are compiled once for all applications that tests make, which takes half the time of a test of a page."""

from __future__ import annotations

from flask import Flask
from jinja2 import FileSystemBytecodeCache


def keep_compiled() -> None:
    """From now on applications of this process take what another has compiled, unless the template has changed."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": FileSystemBytecodeCache()}
