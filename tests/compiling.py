"""What each application and each database would compile anew is compiled once for all that tests make of them.

Templates are kept from run to run, until they change; statements as long as the process lives.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import LRUCache

from photoindex import connections

_STATEMENTS = 5000


def keep_compiled() -> None:
    """To be called once in a process, before it makes an application or opens a database."""
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": FileSystemBytecodeCache()}
    statements: Any = LRUCache(_STATEMENTS)

    def create_engine(*arguments: Any, **named: Any) -> Engine:
        return sqlalchemy.create_engine(*arguments, **named).execution_options(compiled_cache=statements)

    # A statement is compiled for a dialect, which each engine has of its own although all are the same.
    SQLiteDialect_pysqlite.__eq__ = lambda one, other: type(one) is type(other)  # type: ignore[method-assign]
    SQLiteDialect_pysqlite.__hash__ = lambda one: hash(type(one))  # type: ignore[method-assign]
    connections.create_engine = create_engine  # type: ignore[attr-defined]
