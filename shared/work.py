"""Background work: loops that do a step again and again, and outlive any failure.

A *step* returns how much it did: after some work the next step follows at once, after none the loop rests, or until
another loop of the process, which left it work, *wakes* it.  A step that raises is logged by kind and tried again after a
growing pause, so nothing stops by itself.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from shared import telemetry

Step = Callable[[], Awaitable[int]]
log = structlog.get_logger()


async def repeat(
    service: str,
    name: str,
    step: Step,
    rest: float,
    stop: asyncio.Event,
    woken: asyncio.Event | None = None,
    wakes: Sequence[asyncio.Event] = (),
) -> None:
    """Run ``step`` until ``stop`` is set; ``rest`` is the pause in seconds after an empty step.

    ``woken`` ends a pause early, and is set with ``stop``; ``wakes`` are set after a step that did something.
    """
    failures = 0
    woken = woken or stop
    while not stop.is_set():
        if woken is not stop:
            woken.clear()
        try:
            done = await step()
            failures = 0
        except asyncio.CancelledError:
            raise
        except Exception as error:  # noqa: BLE001  (nothing stops by itself)
            failures += 1
            telemetry.FAILED.labels(service, name).inc()
            log.warning(
                "work.failed",
                work=name,
                error=type(error).__name__,
                where=telemetry.where(error),
                failures=failures,
            )
            await _pause(stop, min(10.0, rest * 2 ** min(failures, 8)))
            continue
        if done:
            telemetry.DONE.labels(service, name).inc(done)
            for other in wakes:
                other.set()
        else:
            await _pause(woken, rest)


async def _pause(until: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(until.wait(), seconds)
    except TimeoutError:
        return


async def run(
    service: str,
    steps: Mapping[str, tuple[Step, float]],
    wakes: Mapping[str, Sequence[str]] | None = None,
) -> None:
    """Run every loop until SIGTERM or SIGINT; the step in hand is finished first.

    ``wakes`` names, for a step, those for which its work makes work.
    """
    stop = asyncio.Event()
    woken = {name: asyncio.Event() for name in steps}

    def end() -> None:
        stop.set()
        for event in woken.values():
            event.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    async with asyncio.TaskGroup() as group:
        for name, (step, rest) in steps.items():
            others = [woken[other] for other in (wakes or {}).get(name, ())]
            group.create_task(repeat(service, name, step, rest, stop, woken[name], others))
