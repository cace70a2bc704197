"""One pipeline for our logs and the libraries': JSON lines on stdout and, where configured, OTLP.

structlog hands its events to the standard library, so that both handlers see one record: message = event,
fields = attributes, exception = exception. Trace ids come from the span that is current when the record is
made.
"""

import logging
import sys

import structlog
from opentelemetry import trace
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider

# Both say at INFO what our spans and metrics say already, for every request.
_CHATTY = ("httpx2", "httpcore2")


def configure(*, service: str, instance: str, logger_provider: LoggerProvider | None) -> None:
    """Send every log record of this process to stdout as JSON and, if given, to the OTLP logger provider."""
    console = logging.StreamHandler(sys.stdout)
    console.setFormatter(_json_lines(service, instance))
    handlers: list[logging.Handler] = [console]
    if logger_provider is not None:
        handlers.append(LoggingHandler(logger_provider=logger_provider))
    # Not basicConfig: it gives every handler a formatter, and OTLP records would get "INFO:logger:event" for
    # a body.
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.handlers[:] = handlers
    logging.captureWarnings(capture=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.render_to_log_kwargs,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def _json_lines(service: str, instance: str) -> logging.Formatter:
    def identity(
        _logger: object, _method: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        event.update(service=service, instance=instance)
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            event.update(trace_id=f"{span.trace_id:032x}", span_id=f"{span.span_id:016x}")
        return event

    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            identity,
        ],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )
