"""Logs and metrics.  Logs are event names plus ids, as JSON lines; metrics are labelled by route template.

Neither ever holds a personal value: no query string, no body, no exception message.
"""

import logging
import sys

import structlog
from prometheus_client import REGISTRY, Counter, Histogram

REQUESTS = Counter(
    "hutong_requests_total", "Requests answered", ["service", "method", "route", "status"]
)
SECONDS = Histogram("hutong_request_seconds", "Time to answer", ["service", "route"])
DONE = Counter("hutong_work_total", "Units of background work done", ["service", "work"])
FAILED = Counter("hutong_work_failed_total", "Background steps that failed", ["service", "work"])

__all__ = ["DONE", "FAILED", "REGISTRY", "REQUESTS", "SECONDS", "configure", "where"]


def configure(service: str, level: str = "info") -> None:
    """JSON lines on standard output; the libraries' own loggers only from warnings on."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level.upper())),
        # One write a line: lines of several threads must not run together.
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(
        level=logging.WARNING, stream=sys.stdout, format='{"event":"library","logger":"%(name)s"}'
    )


def where(error: BaseException) -> str:
    """File and line of our own code nearest to the error: what a log may say of it without quoting a value."""
    found = ""
    trace = error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename
        if "/services/" in name or "/shared/" in name:
            found = f"{name.rsplit('/', 3)[-2]}/{name.rsplit('/', 1)[-1]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found
