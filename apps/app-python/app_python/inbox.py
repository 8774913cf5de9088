"""The inbox: where Alertmanager's webhook ends in the lab, so that a person or a test can read what was sent.

Only the standard library: it must come up while everything else is broken. It forgets on restart.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections import deque
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from .logs import setup_logging
from .web import JsonHandler

log = logging.getLogger("app_python.inbox")

SERVICE = "inbox"
KEEP = 500
MAX_BODY = 1024 * 1024


class Inbox:
    def __init__(self, keep: int = KEEP) -> None:
        self._lock = threading.Lock()
        self._alerts: deque[dict[str, Any]] = deque(maxlen=keep)
        self.received = 0

    def take(self, payload: object) -> int:
        """Stores each alert of one Alertmanager notification (webhook version 4)."""
        if not isinstance(payload, dict) or not isinstance(payload.get("alerts"), list):
            raise ValueError("an Alertmanager notification with a list of alerts is needed")
        if not all(isinstance(a, dict) for a in payload["alerts"]):
            raise ValueError("each alert must be an object")
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        with self._lock:
            for alert in payload["alerts"]:
                self._alerts.append(
                    {
                        "receivedAt": now,
                        "receiver": payload.get("receiver", ""),
                        "groupKey": payload.get("groupKey", ""),
                        "status": alert.get("status", payload.get("status", "")),
                        "labels": alert.get("labels", {}),
                        "annotations": alert.get("annotations", {}),
                        "startsAt": alert.get("startsAt", ""),
                        "endsAt": alert.get("endsAt", ""),
                        "fingerprint": alert.get("fingerprint", ""),
                    }
                )
                self.received += 1
        return len(payload["alerts"])

    def find(self, wanted: dict[str, str]) -> list[dict[str, Any]]:
        """Newest first. `status` and `receiver` match the alert, any other key matches a label."""
        with self._lock:
            alerts = list(self._alerts)
        own = {"status", "receiver"}
        return [a for a in reversed(alerts) if all((a[k] if k in own else a["labels"].get(k)) == v for k, v in wanted.items())]

    def clear(self) -> None:
        with self._lock:
            self._alerts.clear()


def handler(inbox: Inbox) -> type[JsonHandler]:
    class Handler(JsonHandler):
        def do_GET(self) -> None:  # noqa: N802
            url = urlsplit(self.path)
            if url.path == "/alerts":
                found = inbox.find({k: v[-1] for k, v in parse_qs(url.query).items()})
                self.answer(200, {"count": len(found), "alerts": found})
            elif url.path == "/healthz":
                self.answer(200, {"status": "ok"})
            elif url.path == "/metrics":
                text = (
                    "# HELP inbox_alerts_received_total Alerts that arrived.\n"
                    "# TYPE inbox_alerts_received_total counter\n"
                    f"inbox_alerts_received_total {inbox.received}\n"
                )
                self.answer(200, text.encode(), "text/plain; version=0.0.4")
            else:
                self.answer(404, {"error": "not found"})

        def do_POST(self) -> None:  # noqa: N802
            try:
                payload = self.read_json(MAX_BODY)
                if self.path != "/alerts":
                    self.answer(404, {"error": "not found"})
                    return
                count = inbox.take(payload)
            except ValueError as error:
                self.answer(400, {"error": str(error)})
                return
            log.info("alerts arrived", extra={"count": count})
            self.answer(202, {"taken": count})

        def do_DELETE(self) -> None:  # noqa: N802
            if self.path != "/alerts":
                self.answer(404, {"error": "not found"})
                return
            inbox.clear()
            self.answer(200, {"status": "empty"})

    return Handler


def main() -> None:
    setup_logging(SERVICE)
    port = int(os.environ.get("PORT", "8080"))
    server = ThreadingHTTPServer((os.environ.get("HOST", "0.0.0.0"), port), handler(Inbox()))  # noqa: S104
    server.daemon_threads = True
    # shutdown() waits for serve_forever, so it cannot be called from the handler that interrupts it.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    log.info("inbox started", extra={"port": port})
    server.serve_forever()


if __name__ == "__main__":
    main()
