"""The worker: takes orders off the queue and marks them processed."""

from __future__ import annotations

import json
import logging
import signal
import threading
import time
from datetime import UTC, datetime
from typing import Any

from opentelemetry import propagate, trace
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

from . import __version__, metrics, probes
from .faults import FaultError, Faults
from .logs import setup_logging
from .orders import AwsError, OrderMissingError, Orders
from .settings import Settings
from .telemetry import exemplar, log_context, setup_tracing

log = logging.getLogger("app_python.worker")
tracer = trace.get_tracer("app_python.worker", __version__)

SERVICE = "app-python-worker"
# A poll lasts a few seconds and an order some milliseconds. A loop that has not come round for this long hangs.
STUCK_AFTER = 60.0


class PoisonError(Exception):
    """A message that no number of tries will make readable."""


def carrier(message: dict[str, Any]) -> dict[str, str]:
    attributes = message.get("MessageAttributes", {})
    return {name: value["StringValue"] for name, value in attributes.items() if "StringValue" in value}


def reason(error: Exception) -> str:
    """A short, closed list: metric labels must not carry free text."""
    if isinstance(error, PoisonError):
        return "poison"
    if isinstance(error, OrderMissingError):
        return "order_missing"
    if isinstance(error, FaultError):
        return "fault"
    return "aws" if isinstance(error, AwsError) else "bug"


REASONS = ("poison", "order_missing", "fault", "aws", "bug")


class Worker:
    def __init__(self, settings: Settings, orders: Orders, faults: Faults) -> None:
        # From nought, so that the first failure has a rate.
        for why in REASONS:
            metrics.FAILED.labels(why)
        for outcome in ("processed", "failed"):
            metrics.DURATION.labels(outcome)
        self.settings = settings
        self.orders = orders
        self.faults = faults
        self.stopping = threading.Event()
        self.turned = time.monotonic()
        self.polled = 0.0

    def live(self) -> bool:
        return time.monotonic() - self.turned < STUCK_AFTER

    def ready(self) -> bool:
        return self.polled > 0

    def run(self) -> None:
        pause = 0.5
        while not self.stopping.is_set():
            self.turned = time.monotonic()
            try:
                self.turn()
                pause = 0.5
            except AwsError as error:
                log.warning("cannot read the queue", extra={"error": str(error), "again_in_s": pause})
                self.stopping.wait(pause)
                pause = min(pause * 2, 5.0)
            except Exception:
                # A bug in one turn must not end the thread: the process would look alive and do nothing.
                log.exception("a turn of the loop failed")
                self.stopping.wait(1.0)

    def turn(self) -> int:
        """One poll and all it brought; the number of messages."""
        started = time.time_ns()
        messages = self.orders.receive()
        self.polled = time.monotonic()
        metrics.LAST_POLL.set_to_current_time()
        if not messages:
            return 0
        self.trace_receive(messages, started)
        for message in messages:
            # What is left goes back to the queue by itself when its visibility timeout ends.
            if self.stopping.is_set():
                break
            self.turned = time.monotonic()
            self.process(message)
        return len(messages)

    def trace_receive(self, messages: list[dict[str, Any]], started: int) -> None:
        """A receive brings messages of many traces, so it belongs to none: its own trace, linked to each. Polls that
        bring nothing leave no span."""
        contexts = [trace.get_current_span(propagate.extract(carrier(m))).get_span_context() for m in messages]
        tracer.start_span(
            f"receive {self.settings.queue}",
            kind=SpanKind.CLIENT,
            start_time=started,
            links=[Link(c) for c in contexts if c.is_valid],
            attributes={**self.attributes("receive"), "messaging.batch.message_count": len(messages)},
        ).end()

    def attributes(self, operation: str) -> dict[str, Any]:
        return {
            "messaging.system": "aws_sqs",
            "messaging.operation.name": operation,
            "messaging.operation.type": operation,
            "messaging.destination.name": self.settings.queue,
        }

    def process(self, message: dict[str, Any]) -> bool:
        """One message. It is deleted only when done; else it comes again, and in the end goes to the dead letter queue."""
        system = message.get("Attributes", {})
        # Only the first time: a message that failed and comes again has waited for its visibility timeout, not for a worker.
        if "SentTimestamp" in system and int(system.get("ApproximateReceiveCount", 1)) == 1:
            metrics.AGE.observe(max(0.0, time.time() - int(system["SentTimestamp"]) / 1000))
        context = propagate.extract(carrier(message))
        producer = trace.get_current_span(context).get_span_context()
        started = time.perf_counter()
        # Child and link both: as a child it lands in the trace of the request, so one trace shows the whole way; the link
        # is what the messaging conventions ask for and what survives when parents are cut.
        with tracer.start_as_current_span(
            f"process {self.settings.queue}",
            context=context,
            kind=SpanKind.CONSUMER,
            links=[Link(producer)] if producer.is_valid else [],
            attributes={**self.attributes("process"), "messaging.message.id": message["MessageId"]},
            record_exception=False,
        ) as span:
            try:
                order_id = self.work(message)
                self.orders.delete(message["ReceiptHandle"])
            except Exception as error:
                why = reason(error)
                span.set_attribute("error.type", why)
                span.record_exception(error)
                span.set_status(Status(StatusCode.ERROR, str(error)))
                metrics.FAILED.labels(why).inc(exemplar=exemplar())
                metrics.DURATION.labels("failed").observe(time.perf_counter() - started, exemplar=exemplar())
                log.error(
                    "message failed",
                    extra={
                        "reason": why,
                        "error": str(error),
                        "message_id": message["MessageId"],
                        "receive_count": int(system.get("ApproximateReceiveCount", 1)),
                    },
                    exc_info=why == "bug",
                )
                return False
            metrics.PROCESSED.inc(exemplar=exemplar())
            metrics.DURATION.labels("processed").observe(time.perf_counter() - started, exemplar=exemplar())
            log.info("order processed", extra={"order_id": order_id, "message_id": message["MessageId"]})
            return True

    def work(self, message: dict[str, Any]) -> str:
        self.faults.strike()
        try:
            order_id = json.loads(message["Body"])["id"]
            if not isinstance(order_id, str):
                raise TypeError("id is not a string")
        except (ValueError, KeyError, TypeError) as error:
            raise PoisonError(f"not an order: {error}") from error
        time.sleep(self.settings.work_ms / 1000)
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        with tracer.start_as_current_span(
            f"update {self.settings.table}", kind=SpanKind.CLIENT, attributes={"db.system.name": "aws.dynamodb"}
        ):
            if not self.orders.set_state(order_id, "processed", processed_at=now):
                log.info("order was processed before", extra={"order_id": order_id})
        return order_id


def main() -> None:
    setup_logging(SERVICE, log_context)
    provider = setup_tracing(SERVICE)
    settings = Settings.load()
    faults = Faults.from_environment()
    worker = Worker(settings, Orders(settings), faults)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stopping.set())
    probes.serve(settings, faults, worker.live, worker.ready)
    loop = threading.Thread(target=worker.run, name="loop", daemon=True)
    loop.start()
    log.info("worker started", extra={"queue": settings.queue, "port": settings.port})
    worker.stopping.wait()
    # An order in hand is finished; a poll that waits for messages is not worth waiting for.
    loop.join(timeout=2)
    provider.shutdown()
    log.info("worker stopped")


if __name__ == "__main__":
    main()
