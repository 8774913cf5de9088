"""Logs: one JSON object a line on stdout. Only the standard library, so that the inbox stays small."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime

# Attributes that every LogRecord has. Whatever else is on a record came in by `extra=` and belongs in the line.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


class JsonFormatter(logging.Formatter):
    """One JSON object a line. `context` gives what belongs to the moment: the ids of the current span."""

    def __init__(self, service: str, context: Callable[[], dict[str, str]] = dict) -> None:
        super().__init__()
        self.service = service
        self.context = context

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self.service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(self.context())
        line.update({k: v for k, v in vars(record).items() if k not in _STANDARD and not k.startswith("_")})
        if record.exc_info and record.exc_info[0]:
            # One line even for a stack trace: log agents split on newlines.
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, separators=(",", ":"))


class Seldom(logging.Filter):
    """Lets one message a minute through. The exporter complains at each batch while the collector is away."""

    def __init__(self, every: float = 60.0) -> None:
        super().__init__()
        self.every = every
        self.last = -every

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        if now - self.last < self.every:
            return False
        self.last = now
        return True


def setup_logging(service: str, context: Callable[[], dict[str, str]] = dict) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(service, context))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(os.environ.get("LOG_LEVEL", "INFO").upper())
    # A filter on a logger does not see what its children log, so each of the noisy ones gets it.
    for name in (
        "opentelemetry.exporter.otlp.proto.http.trace_exporter",
        "opentelemetry.exporter.otlp.proto.http._common",
        "opentelemetry.sdk._shared_internal",
    ):
        logging.getLogger(name).addFilter(Seldom())
    # What a request did is in our own access line; the connection pools below it say nothing new.
    for name in ("urllib3", "botocore", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.ERROR)
