"""A JSON handler for the standard library's HTTP server, for processes that are no web servers."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler

MAX_BODY = 64 * 1024


class JsonHandler(BaseHTTPRequestHandler):
    """Answers JSON and keeps quiet in the log."""

    protocol_version = "HTTP/1.1"
    timeout = 10  # a client that stops talking does not keep its thread

    def log_message(self, format: str, *args: object) -> None:
        pass

    def answer(self, status: int, body: object, content_type: str = "application/json") -> None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode() + b"\n"
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(raw)

    def read_json(self, limit: int = MAX_BODY) -> object:
        """The body; ValueError when it is too long or no JSON."""
        try:
            length = int(self.headers.get("content-length", ""))
        except ValueError:
            self.close_connection = True
            raise ValueError("content-length is needed") from None
        if not 0 <= length <= limit:
            self.close_connection = True
            raise ValueError(f"body is larger than {limit} bytes")
        return json.loads(self.rfile.read(length) or b"null")
