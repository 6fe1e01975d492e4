// The API under /v1, with the token. Paths are relative, so that a proxy may put the console below a path of its own.

import { token } from './token.js';

/** An answer that is a problem (RFC 9457), or that there was none. */
export class Problem extends Error {
  constructor({ status = 0, code, detail, title }) {
    super(detail ?? title ?? 'The request failed.');
    Object.assign(this, { status, code, detail: this.message });
  }
}

const unreachable = () =>
  new Problem({ code: 'unreachable', detail: 'The server does not answer. Is `colophon serve` still running?' });

const tell = (name, detail) => window.dispatchEvent(new CustomEvent(name, { detail }));

function refused(status, text, used) {
  let body = {};
  try {
    body = JSON.parse(text);
  } catch {
    body = { code: `http_${status}`, detail: `The server answered ${status} without a reason.` };
  }
  const problem = new Problem({ ...body, status });
  // Not if somebody has brought another token meanwhile.
  if (status === 401 && used === token()) tell('unauthorized', problem);
  return problem;
}

/** Sends a request and gives the answer. Throws a `Problem`. */
export async function request(method, path, { query = {}, body, signal, headers: more = {} } = {}) {
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '' && value != null));
  const used = token();
  const headers = { authorization: `Bearer ${used}`, ...more };
  if (body !== undefined) headers['content-type'] = 'application/json';
  const options = { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) };
  let response;
  try {
    response = await fetch(`v1/${path}${asked.size ? `?${asked}` : ''}`, options);
  } catch (error) {
    if (error.name === 'AbortError') throw error;
    tell('unreachable');
    throw unreachable();
  }
  if (!response.ok) throw refused(response.status, await response.text(), used);
  return response;
}

/** Reads what stands at a path. */
export async function get(path, query, signal) {
  return (await request('GET', path, { query, signal })).json();
}

/** Posts JSON and reads the answer. */
export async function post(path, body) {
  return (await request('POST', path, { body })).json();
}

/** Every row of a list, part by part. */
export async function all(path, query, signal) {
  const rows = [];
  let cursor;
  do {
    const part = await get(path, { ...query, limit: 1000, cursor }, signal);
    rows.push(...part.items);
    cursor = part.next_cursor;
  } while (cursor);
  return rows;
}

/** A file as a URL that this page alone can open, for five minutes. The type is ours: no file may run as a page of ours. */
export async function file(path, type) {
  const bytes = await (await request('GET', path)).arrayBuffer();
  const url = URL.createObjectURL(new Blob([bytes], { type }));
  setTimeout(() => URL.revokeObjectURL(url), 300_000);
  return url;
}

/** Uploads a file as a new document, or as what the path says, and tells how far it is, from 0 to 1. Gives the document. Throws a `Problem`. */
export function upload(file, query, progress, path = 'documents') {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open('POST', `v1/${path}?${new URLSearchParams({ filename: file.name, ...query })}`);
    const used = token();
    xhr.setRequestHeader('authorization', `Bearer ${used}`);
    xhr.setRequestHeader('content-type', 'application/pdf');
    xhr.upload.addEventListener('progress', ({ loaded, total }) => progress(total ? loaded / total : 1));
    xhr.addEventListener('load', () => {
      if (xhr.status < 300) resolve(JSON.parse(xhr.responseText));
      else reject(refused(xhr.status, xhr.responseText, used));
    });
    xhr.addEventListener('error', () => {
      const detail =
        'The connection broke off. Is the server still running? It also breaks off where a file is no PDF or too large.';
      reject(new Problem({ code: 'upload_broken_off', detail }));
    });
    xhr.send(file);
  });
}
