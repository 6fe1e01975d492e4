"""procrastinate: ten jobs at once, a connection for each; finished jobs and their events are kept, as is its default."""

import asyncio
import contextlib
import importlib.metadata
import logging
import sys

from peer import Peer
from procrastinate import App, PsycopgConnector

CONCURRENCY = 10


class ProcrastinatePeer(Peer):
    def about(self):
        return {"version": importlib.metadata.version("procrastinate")}

    async def prepare(self):
        connector = PsycopgConnector(conninfo=sys.argv[1], min_size=CONCURRENCY + 2, max_size=CONCURRENCY + 2)
        self.app = App(connector=connector)

        @self.app.task(name="noop")
        async def noop(n, **_):
            self.started(n)

        self.noop = noop
        await self.app.open_async()
        await self.app.schema_manager.apply_schema_async()

    async def enqueue(self, payloads):
        await self.noop.batch_defer_async(*payloads)

    async def enqueue_one(self, payload):
        await self.noop.defer_async(**payload)

    @contextlib.asynccontextmanager
    async def work(self):
        worker = self.app.run_worker_async(concurrency=CONCURRENCY, install_signal_handlers=False)
        running = asyncio.create_task(worker)
        try:
            yield
        finally:
            running.cancel()  # Asks it to stop: jobs in hand are finished first.
            with contextlib.suppress(asyncio.CancelledError):
                await running


logging.getLogger("procrastinate").setLevel(logging.ERROR)  # It warns that the app is made in a program.


async def main():
    await ProcrastinatePeer(sys.argv[2]).serve()


asyncio.run(main())
