"""Loops of background work: one that found nothing rests, unless another leaves it work; stopping ends any rest."""

import asyncio
import os
import signal

from shared import work


async def test_a_loop_at_rest_is_woken_by_the_one_that_left_it_work() -> None:
    left, taken = [3], asyncio.Event()

    async def leave() -> int:
        return left.pop() if left else 0

    async def take() -> int:
        if not left:
            taken.set()
        return 0

    async with asyncio.timeout(5):
        running = asyncio.create_task(
            work.run("test", {"leave": (leave, 0.01), "take": (take, 60.0)}, {"leave": ("take",)})
        )
        await taken.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        await running


async def test_stopping_ends_every_rest_and_the_step_in_hand_is_finished() -> None:
    begun, finished = asyncio.Event(), []

    async def slow() -> int:
        begun.set()
        await asyncio.sleep(0.2)
        finished.append(True)
        return 1

    async def idle() -> int:
        return 0

    async with asyncio.timeout(5):
        running = asyncio.create_task(work.run("test", {"slow": (slow, 1.0), "idle": (idle, 60.0)}))
        await begun.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        await running

    assert finished == [True]


async def test_a_step_that_fails_is_tried_again() -> None:
    tries, stop = [], asyncio.Event()

    async def fails() -> int:
        tries.append(True)
        if len(tries) == 3:
            stop.set()
        raise ValueError("secret")

    async with asyncio.timeout(5):
        await work.repeat("test", "fails", fails, 0.001, stop)

    assert len(tries) == 3
