"""Traces, and what ties logs and metrics to them.

Two rules hold everywhere: telemetry never blocks a request, and a missing collector never ends the process.
"""

from __future__ import annotations

import os

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from . import __version__


def setup_tracing(service: str) -> TracerProvider:
    """The SDK reads OTEL_* itself; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES win over what is set here."""
    os.environ.setdefault("OTEL_SERVICE_NAME", service)
    provider = TracerProvider(resource=Resource.create({"service.version": __version__}))
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        # Imported late: without a collector the exporter and protobuf cost start time and memory for nothing.
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        # A full queue drops spans and never waits. One second between batches, so that a lab sees its trace at once.
        provider.add_span_processor(
            BatchSpanProcessor(OTLPSpanExporter(timeout=3), schedule_delay_millis=1000, max_queue_size=2048)
        )
    trace.set_tracer_provider(provider)
    return provider


def current_trace_id() -> str:
    context = trace.get_current_span().get_span_context()
    return trace.format_trace_id(context.trace_id) if context.is_valid else ""


def exemplar() -> dict[str, str] | None:
    """The label set that ties a metric sample to the trace it came from; nothing when the trace is not kept."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid or not context.trace_flags.sampled:
        return None
    return {"trace_id": trace.format_trace_id(context.trace_id), "span_id": trace.format_span_id(context.span_id)}


def log_context() -> dict[str, str]:
    """For JsonFormatter: the ids of the current span, so that logs and traces join."""
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    return {"trace_id": trace.format_trace_id(context.trace_id), "span_id": trace.format_span_id(context.span_id)}
