"""The orders API."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

from anyio import to_thread
from fastapi import FastAPI, Header, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind, Status, StatusCode
from pydantic import BaseModel, ConfigDict, Field

from . import __version__, metrics
from .faults import FaultError, Faults, allowed
from .logs import setup_logging
from .orders import AwsError, Orders
from .settings import Settings
from .telemetry import current_trace_id, exemplar, log_context, setup_tracing

log = logging.getLogger(__name__)
tracer = trace.get_tracer("app_python", __version__)

SERVICE = "app-python"
# Probes and scrapes come every second or two. They would bury the requests that matter, so they leave no span and no line.
QUIET = ("/healthz/", "/metrics")


class OrderIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    item: str = Field(default="book", min_length=1, max_length=64)
    quantity: int = Field(default=1, ge=1, le=100)


class Observe:
    """One server span, one access line and the RED metrics per request. Plain ASGI: no body is buffered."""

    def __init__(self, app: Callable[..., Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"].startswith(QUIET):
            await self.app(scope, receive, send)
            return
        method = scope["method"]
        headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
        status = 500  # what the client sees when nothing was sent before an exception

        async def watch(message: dict[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        started = time.perf_counter()
        metrics.HTTP_IN_FLIGHT.inc()
        with tracer.start_as_current_span(
            method,
            context=propagate.extract(headers),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": method, "url.path": scope["path"], "url.scheme": scope["scheme"]},
        ) as span:
            try:
                await self.app(scope, receive, watch)
            finally:
                elapsed = time.perf_counter() - started
                # The template, never the path: a path with ids in it would make a new series per order.
                route = getattr(scope.get("route"), "path", "unmatched")
                span.update_name(f"{method} {route}")
                span.set_attribute("http.route", route)
                span.set_attribute("http.response.status_code", status)
                if status >= 500:
                    span.set_status(Status(StatusCode.ERROR))
                metrics.HTTP_IN_FLIGHT.dec()
                metrics.HTTP_REQUESTS.labels(method, route, str(status)).inc(exemplar=exemplar())
                metrics.HTTP_DURATION.labels(method, route).observe(elapsed, exemplar=exemplar())
                log.info(
                    "request",
                    extra={"method": method, "route": route, "status": status, "duration_ms": round(elapsed * 1000, 2)},
                )


def create_app(settings: Settings | None = None, orders: Orders | None = None, faults: Faults | None = None) -> FastAPI:
    settings = settings or Settings.load()
    orders = orders or Orders(settings)
    faults = faults or Faults.from_environment()

    async def keep_watch() -> None:
        """Makes queue and table at start, then reads the queue depth every five seconds."""
        said = ""
        while True:
            try:
                for (queue, state), count in (await to_thread.run_sync(orders.depths)).items():
                    metrics.QUEUE_MESSAGES.labels(queue, state).set(count)
                said = ""
                await asyncio.sleep(5)
            except AwsError as error:
                # A gauge that cannot be read must be missing, not old.
                metrics.QUEUE_MESSAGES.clear()
                if said != type(error).__name__:
                    log.warning("cannot reach the queue", extra={"error": str(error)})
                    said = type(error).__name__
                await asyncio.sleep(1)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Each busy thread holds one AWS call. Eight are plenty for a lab and keep the memory small.
        to_thread.current_default_thread_limiter().total_tokens = 8
        watch = asyncio.create_task(keep_watch())
        yield
        watch.cancel()

    # No /docs page: it would load its parts from a public network the lab may not have. /openapi.json is there.
    # FastAPI's own telemetry is off: Observe makes the one span and the one count per request, and probes leave none.
    quiet = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
    app = FastAPI(title="app-python", version=__version__, lifespan=lifespan, docs_url=None, redoc_url=None, telemetry=quiet)
    app.add_middleware(Observe)

    @app.exception_handler(FaultError)
    async def on_fault(_: Request, error: FaultError) -> JSONResponse:
        return JSONResponse({"error": str(error), "trace_id": current_trace_id()}, status_code=500)

    async def on_aws(_: Request, error: Exception) -> JSONResponse:
        log.error("the cloud side failed", extra={"error": str(error)})
        return JSONResponse({"error": "the store or the queue is away", "trace_id": current_trace_id()}, status_code=503)

    for kind in AwsError:
        app.add_exception_handler(kind, on_aws)

    @app.post("/orders", status_code=202)
    def post_order(order: OrderIn | None = None) -> dict[str, Any]:
        faults.strike()
        order = order or OrderIn()
        order_id = str(uuid.uuid4())
        trace_id = current_trace_id()
        with tracer.start_as_current_span(
            f"put {settings.table}", kind=SpanKind.CLIENT, attributes={"db.system.name": "aws.dynamodb"}
        ):
            orders.put(
                {
                    "id": order_id,
                    "state": "accepted",
                    "item": order.item,
                    "quantity": order.quantity,
                    "trace_id": trace_id,
                    "created_at": datetime.now(UTC).isoformat(timespec="milliseconds"),
                }
            )
        body = "this is not json" if faults.poisons() else json.dumps({"id": order_id, "item": order.item})
        with tracer.start_as_current_span(
            f"send {settings.queue}",
            kind=SpanKind.PRODUCER,
            attributes={
                "messaging.system": "aws_sqs",
                "messaging.operation.name": "send",
                "messaging.operation.type": "send",
                "messaging.destination.name": settings.queue,
            },
        ) as span:
            carrier: dict[str, str] = {}
            propagate.inject(carrier)  # traceparent of this producer span travels as a message attribute
            try:
                span.set_attribute("messaging.message.id", orders.send(body, carrier))
            except AwsError:
                # Nobody would ever process it; do not let it look as if somebody might.
                orders.set_state(order_id, "rejected")
                raise
        metrics.ORDERS_CREATED.inc(exemplar=exemplar())
        log.info("order accepted", extra={"order_id": order_id})
        return {"id": order_id, "state": "accepted", "trace_id": trace_id}

    @app.get("/orders/{order_id}")
    def get_order(order_id: str) -> dict[str, Any]:
        faults.strike()
        found = orders.get(order_id)
        if found is None:
            raise HTTPException(404, "no such order")
        return found

    # Live: the event loop turns. It asks nothing outside, because a restart of this process heals nothing outside.
    @app.get("/healthz/live", include_in_schema=False)
    async def live() -> dict[str, str]:
        return {"status": "ok"}

    # Ready and startup: queue and table were seen once. Later outages answer 503 per request; taking all replicas out
    # of the Service for a shared dependency would only hide which part is down.
    async def started() -> Response:
        ok = orders.ensured
        return JSONResponse({"status": "ok" if ok else "waiting for queue and table"}, status_code=200 if ok else 503)

    app.add_api_route("/healthz/ready", started, include_in_schema=False)
    app.add_api_route("/healthz/startup", started, include_in_schema=False)

    @app.get("/metrics", include_in_schema=False)
    async def scrape(accept: Annotated[str, Header()] = "") -> Response:
        body, content_type = metrics.render(accept)
        return Response(body, headers={"content-type": content_type})

    # A counter that first appears as 1 has no rate: the first error would not be seen. So all start at nought.
    for method, route, statuses in (
        ("POST", "/orders", ("202", "500", "503")),
        ("GET", "/orders/{order_id}", ("200", "404", "500", "503")),
    ):
        metrics.HTTP_DURATION.labels(method, route)
        for status in statuses:
            metrics.HTTP_REQUESTS.labels(method, route, status)

    def guard(authorization: str | None) -> None:
        if not settings.admin_token:
            raise HTTPException(404, "Not Found")
        if not allowed(settings.admin_token, authorization):
            raise HTTPException(401, "bearer token needed")

    @app.get("/admin/faults", include_in_schema=False)
    async def get_faults(authorization: Annotated[str | None, Header()] = None) -> dict[str, float]:
        guard(authorization)
        return faults.get()

    @app.put("/admin/faults", include_in_schema=False)
    async def put_faults(values: dict[str, float], authorization: Annotated[str | None, Header()] = None) -> dict[str, float]:
        guard(authorization)
        try:
            return faults.set(values)
        except ValueError as error:
            raise HTTPException(422, str(error)) from None

    return app


def main() -> None:
    import uvicorn

    setup_logging(SERVICE, log_context)
    provider = setup_tracing(SERVICE)
    settings = Settings.load()
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,  # ours is set up already
        access_log=False,  # Observe writes the line, with the trace id
        server_header=False,
        timeout_graceful_shutdown=8,
    )
    provider.shutdown()
