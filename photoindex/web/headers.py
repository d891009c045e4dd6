"""Security and caching headers of every response."""

from __future__ import annotations

from flask import Flask, Response

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self'",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "manifest-src 'self'",
    )
)

_DEFAULTS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Pages change while photos are indexed, and what they show is nobody else's business.
    "Cache-Control": "private, no-store",
}


def register(app: Flask) -> None:
    """Set each header on every response whose view has not set it otherwise."""

    @app.after_request
    def add_headers(response: Response) -> Response:
        for name, value in _DEFAULTS.items():
            response.headers.setdefault(name, value)
        return response
