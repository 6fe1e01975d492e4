"""pgqueuer: batches of 50, on one asyncpg connection for the work and one for what is enqueued; uvloop, as its `pgq`."""

import asyncio
import contextlib
import importlib.metadata
import json
import sys

import asyncpg
import uvloop
from peer import Peer
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries


class PgqueuerPeer(Peer):
    def about(self):
        return {"version": importlib.metadata.version("pgqueuer")}

    async def prepare(self):
        self.producer = await asyncpg.connect(sys.argv[1])
        self.queries = Queries(AsyncpgDriver(self.producer))
        await self.queries.install()

    async def enqueue(self, payloads):
        count = len(payloads)
        await self.queries.enqueue(["noop"] * count, [json.dumps(p).encode() for p in payloads], [0] * count)

    async def enqueue_one(self, payload):
        await self.queries.enqueue("noop", json.dumps(payload).encode())

    @contextlib.asynccontextmanager
    async def work(self):
        connection = await asyncpg.connect(sys.argv[1])
        worker = PgQueuer.from_asyncpg_connection(connection)

        @worker.entrypoint("noop")
        async def noop(job):
            self.started(json.loads(job.payload)["n"])

        running = asyncio.create_task(worker.qm.run(batch_size=50))
        try:
            yield
        finally:
            worker.shutdown.set()
            await running
            await connection.close()


async def main():
    await PgqueuerPeer(sys.argv[2]).serve()


uvloop.run(main())
