"""Work that takes seconds does not keep what must be written waiting."""

import asyncio
import os
import threading

from papercoder.concurrency import run_in_thread


def test_a_file_is_written_while_all_slow_threads_are_busy() -> None:
    gate = threading.Event()

    def slow(number: int) -> int:
        assert gate.wait(timeout=60)
        return number

    async def both() -> None:
        many = 4 * (os.cpu_count() or 1) + 40
        work = [asyncio.create_task(run_in_thread(slow, number)) for number in range(many)]
        await asyncio.to_thread(gate.set)  # would wait for ever, were the threads shared
        assert await asyncio.gather(*work) == list(range(many))

    asyncio.run(both())
