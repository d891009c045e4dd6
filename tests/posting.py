"""Forms as a browser sends them from a page of ours: with the token that each page carries."""

from __future__ import annotations

import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse


def token(client: FlaskClient) -> str:
    """The token of the session that the client has, or now begins."""
    found = re.search(r'<meta name="csrf-token" content="(.+?)">', client.get("/settings").text)
    assert found is not None
    return found[1]


def post(client: FlaskClient, address: str, **fields: object) -> TestResponse:
    """Send a form of ours."""
    return client.post(address, data={"csrf_token": token(client), **fields})
