// graphile-worker. Orders come as lines of JSON, each is answered by one line (see peer.py).
// node peer_graphile.mjs NODE_MODULES URL PAYLOAD default|batched|history

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const [folder, connectionString, text, mode] = process.argv.slice(2);
const main = createRequire(join(folder, "none.js")).resolve("graphile-worker");
const { Logger, makeWorkerUtils, run } = await import(pathToFileURL(main));

const BATCH = 1_000;
const WARM_UP = 25;
// `default`: ten jobs at once and nothing in batches. `batched`: as in the project's own performance test. `history`: the
// same, and what it does not keep by itself: a line for each transition of a job, in the transaction that makes it.
const modes = {
  default: { concurrentJobs: 10, maxPoolSize: 11 },
  batched: {
    concurrentJobs: 24,
    maxPoolSize: 25,
    localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
    completeJobBatchDelay: 0,
    failJobBatchDelay: 0,
  },
};
modes.history = modes.batched;
const HISTORY = `
create table public.job_history (
  id bigint generated always as identity primary key,
  job_id bigint not null,
  action text not null,
  details jsonb,
  created_at timestamptz not null default clock_timestamp()
);
create index on public.job_history (job_id);
create function public.keep_history() returns trigger language plpgsql as $$
begin
  insert into public.job_history (job_id, action, details)
  select id, tg_argv[0], jsonb_build_object('attempt', attempts, 'worker', locked_by) from changed;
  return null;
end
$$;
create trigger enqueued after insert on graphile_worker._private_jobs referencing new table as changed
  for each statement execute function public.keep_history('enqueued');
create trigger claimed after update on graphile_worker._private_jobs referencing new table as changed
  for each statement execute function public.keep_history('claimed');
create trigger completed after delete on graphile_worker._private_jobs referencing old table as changed
  for each statement execute function public.keep_history('completed');`;
const logger = new Logger(() => () => {});
const preset = { worker: { connectionString, logger, ...modes[mode] } };
const payload = JSON.parse(text);

let utils;
let next = 0;
let starts, first, count, wanted, enough;

function begin(jobs) {
  [starts, first, count, wanted] = [new Map(), undefined, 0, jobs];
  return new Promise((resolve) => (enough = resolve));
}

const taskList = {
  noop: ({ n }) => {
    const now = performance.now();
    starts.set(n, now);
    first ??= now;
    if (++count === wanted) enough(true);
  },
};
const work = () => run({ preset, taskList, logger, noHandleSignals: true, crontab: "" });
const numbered = () => ({ n: next++, ...payload });

async function setup() {
  utils = await makeWorkerUtils({ connectionString, logger });
  await utils.migrate();
  if (mode === "history") await utils.withPgClient((client) => client.query(HISTORY));
  const described = JSON.parse(readFileSync(join(folder, "graphile-worker/package.json"), "utf8"));
  return { version: described.version };
}

async function enqueue({ jobs }) {
  const batches = [];
  for (let left = jobs; left > 0; left -= BATCH) {
    batches.push(Array.from({ length: Math.min(left, BATCH) }, () => ({ identifier: "noop", payload: numbered() })));
  }
  const begun = performance.now();
  for (const batch of batches) await utils.addJobs(batch);
  return { seconds: (performance.now() - begun) / 1e3 };
}

async function burnDown({ jobs, seconds }) {
  const all = begin(jobs);
  const limit = new AbortController();
  const runner = await work();
  await Promise.race([all, sleep(seconds * 1e3, false, { signal: limit.signal }).catch(() => false)]);
  limit.abort();
  const last = performance.now();
  await runner.stop();
  const end = performance.now();
  return { done: count, seconds: (end - (first ?? last)) / 1e3, stopping: (end - last) / 1e3 };
}

async function latency({ jobs, seconds, every_ms }) {
  const runner = await work();
  const waits = [];
  const giveUp = performance.now() + seconds * 1e3;
  for (let number = -WARM_UP; number < jobs && performance.now() < giveUp; number++) {
    const job = numbered();
    const started = begin(1);
    const begun = performance.now();
    await utils.addJob("noop", job);
    const limit = new AbortController();
    const late = sleep(30_000, false, { signal: limit.signal }).catch(() => false);
    if (!(await Promise.race([started, late]))) throw new Error("a job was not started within 30 seconds");
    limit.abort();
    if (number >= 0) waits.push(starts.get(job.n) - begun);
    await sleep(Math.max(every_ms - (performance.now() - begun), 0));
  }
  await runner.stop();
  return { milliseconds: waits };
}

const orders = { setup, enqueue, work: burnDown, latency };
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  const answer = await orders[order.do](order).catch((error) => ({ error: String(error) }));
  console.log(JSON.stringify(answer));
}
await utils?.release();
