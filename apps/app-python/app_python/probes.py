"""The small HTTP side of a process that is no web server: probes, metrics, fault switches."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import ThreadingHTTPServer

from . import metrics
from .faults import Faults, allowed
from .settings import Settings
from .web import JsonHandler


def serve(settings: Settings, faults: Faults, live: Callable[[], bool], ready: Callable[[], bool]) -> ThreadingHTTPServer:
    """Starts the server in a thread of its own and returns it."""

    class Handler(JsonHandler):
        def do_GET(self) -> None:  # noqa: N802
            path = self.path.partition("?")[0]
            if path == "/healthz/live":
                self.health(live())
            elif path in {"/healthz/ready", "/healthz/startup"}:
                self.health(ready())
            elif path == "/metrics":
                body, content_type = metrics.render(self.headers.get("accept", ""))
                self.answer(200, body, content_type)
            elif path == "/admin/faults":
                if self.guarded():
                    self.answer(200, faults.get())
            else:
                self.answer(404, {"error": "not found"})

        def do_PUT(self) -> None:  # noqa: N802
            try:
                body = self.read_json()
                if self.path != "/admin/faults":
                    self.answer(404, {"error": "not found"})
                elif self.guarded():
                    if not isinstance(body, dict):
                        raise ValueError("an object is needed")
                    self.answer(200, faults.set(body))
            except ValueError as error:
                self.answer(422, {"error": str(error)})

        def health(self, ok: bool) -> None:
            self.answer(200 if ok else 503, {"status": "ok" if ok else "no"})

        def guarded(self) -> bool:
            if not settings.admin_token:
                self.answer(404, {"error": "not found"})
                return False
            if not allowed(settings.admin_token, self.headers.get("authorization")):
                self.answer(401, {"error": "bearer token needed"})
                return False
            return True

    server = ThreadingHTTPServer((settings.host, settings.port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="probes", daemon=True).start()
    return server
