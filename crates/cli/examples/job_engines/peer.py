"""What the engines in Python have in common: orders come as lines of JSON, each is answered by one line.

An engine has `prepare`, `enqueue` (payloads in bulk), `enqueue_one`, `work` (an asynchronous context in which it works,
left only when what was worked is stored) and `about`. It calls `started(n)` when the job with that number starts.
"""

import asyncio
import json
import sys
import time

BATCH = 1_000
WARM_UP = 25


class Peer:
    def __init__(self, payload):
        self.payload = json.loads(payload)
        self.next = 0
        self.begin(0)

    def begin(self, jobs):
        """Counts anew, up to `jobs`."""
        self.starts, self.first, self.count, self.wanted = {}, None, 0, jobs
        self.enough = asyncio.Event()

    def started(self, n):
        """A job starts."""
        now = time.perf_counter()
        self.starts[n] = now
        if self.first is None:
            self.first = now
        self.count += 1
        if self.count == self.wanted:
            self.enough.set()

    def payloads(self, count):
        """As many, each with a number of its own."""
        self.next += count
        return [{"n": n, **self.payload} for n in range(self.next - count, self.next)]

    async def setup(self, _):
        await self.prepare()
        return self.about()

    async def do_enqueue(self, order):
        batches = [self.payloads(min(BATCH, order["jobs"] - at)) for at in range(0, order["jobs"], BATCH)]
        begun = time.perf_counter()
        for batch in batches:
            await self.enqueue(batch)
        return {"seconds": time.perf_counter() - begun}

    async def do_work(self, order):
        self.begin(order["jobs"])
        async with self.work():
            await self.wait(order["seconds"])
            last = time.perf_counter()
        end = time.perf_counter()
        return {"done": self.count, "seconds": end - (self.first or last), "stopping": end - last}

    async def do_latency(self, order):
        waits = []
        self.begin(0)
        async with self.work():
            for _ in range(WARM_UP):
                await self.one(order)
            give_up = time.perf_counter() + order["seconds"]
            while len(waits) < order["jobs"] and time.perf_counter() < give_up:
                waits.append(await self.one(order))
        return {"milliseconds": waits}

    async def one(self, order):
        """From the call that enqueues a job to its start."""
        [payload] = self.payloads(1)
        self.wanted, self.count = 1, 0
        self.enough.clear()
        begun = time.perf_counter()
        await self.enqueue_one(payload)
        if not await self.wait(30):
            raise TimeoutError("a job was not started within 30 seconds")
        rest = order["every_ms"] / 1e3 - (time.perf_counter() - begun)
        await asyncio.sleep(max(rest, 0))
        return (self.starts.pop(payload["n"]) - begun) * 1e3

    async def wait(self, seconds):
        try:
            await asyncio.wait_for(self.enough.wait(), seconds)
            return True
        except asyncio.TimeoutError:
            return False

    async def serve(self):
        orders = {
            "setup": self.setup,
            "enqueue": self.do_enqueue,
            "work": self.do_work,
            "latency": self.do_latency,
        }
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            order = json.loads(line)
            try:
                answer = await orders[order["do"]](order)
            except Exception as error:  # what went wrong belongs in the report
                answer = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps(answer), flush=True)
