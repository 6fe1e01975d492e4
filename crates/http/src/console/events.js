// What happens to jobs, as the server tells it while it happens (docs/events.md). `EventSource` cannot send a token.

import { request } from './api.js';

const RETRY = 2000;

/** Calls `tell(event, data)` for everything that happens, until the stream is over. It goes on where it broke off. */
export async function watch(path, signal, tell) {
  let last = null;
  while (!signal.aborted) {
    try {
      const response = await request('GET', path, { signal, headers: last ? { 'last-event-id': last } : {} });
      // There is no more.
      if (response.status === 204) return;
      for await (const fields of blocks(response.body)) {
        last = fields.id ?? last;
        if (fields.data) tell(fields.event, JSON.parse(fields.data));
      }
    } catch (error) {
      if (error.name === 'AbortError' || (error.status >= 400 && error.status < 500)) return;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY));
  }
}

/** The fields of each block of a stream. */
async function* blocks(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const whole = (text + part.value).split('\n\n');
    text = whole.pop();
    for (const block of whole) {
      const lines = block.split('\n').filter((line) => line && !line.startsWith(':'));
      yield Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trimStart()]));
    }
  }
}
