// Jobs: the list, and one job with its attempts, pages and history.

import { get, post } from './api.js';
import { badge, button, count, counted, el, empty, facts, poll, problem, table, time, took, update } from './dom.js';
import { chooseStatus } from './documents.js';
import { watch } from './events.js';

const STATUS = ['queued', 'running', 'paused', 'retrying', 'completed', 'partially_completed', 'failed', 'cancelled'];
const PART = 50;
const MOST = 1000;

/** Whether more will happen to a job by itself. */
export const isLive = (job) => ['queued', 'running', 'retrying'].includes(job.status);

const names = new Map();

/** The name of a document, asked for once. */
function filename(id) {
  const node = el('a', { href: `#/documents/${id}`, dir: 'auto' }, id.slice(0, 8));
  if (!names.has(id)) names.set(id, get(`documents/${id}`).then((document) => document.filename));
  names.get(id).then((name) => (node.textContent = name), () => names.delete(id));
  return node;
}

export async function jobs(root, { query, signal }) {
  const filter = { status: query.get('status') ?? '' };
  let [rows, cursor, request] = [[], null, 0];
  const { node, body, row } = table(['Job', 'Document', 'Status', 'Progress', 'Attempt', 'Took'], 'jobs');
  const below = el('div', { class: 'below', 'aria-live': 'polite' });
  const show = () => {
    update(body, rows, (job) => row(
      el('a', { href: `#/jobs/${job.id}` }, time(job.created_at)), filename(job.document_id), [badge(job.status), failure(job)],
      progress(job), `${job.attempt} of ${job.max_attempts}`, took(job.started_at, job.completed_at)));
    node.hidden = rows.length === 0;
    const more = cursor ? button('More', () => load(true)) : null;
    below.replaceChildren(...[rows.length ? more : nothing(filter)].filter(Boolean));
    if (rows.some(isLive) && rows.length <= MOST) keepLooking();
  };
  const load = async (append) => {
    const mine = ++request;
    const part = await get('jobs', { ...filter, limit: PART, cursor: append ? cursor : null }, signal);
    if (mine !== request) return;
    rows = append ? [...rows, ...part.items] : part.items;
    cursor = part.next_cursor;
    show();
  };
  const keepLooking = poll(signal, async () => {
    const mine = ++request;
    const part = await get('jobs', { ...filter, limit: Math.min(MOST, Math.max(PART, rows.length)) }, signal);
    if (mine !== request || rows.length > MOST) return false;
    [rows, cursor] = [part.items, part.next_cursor];
    show();
    return rows.some(isLive);
  });
  const status = chooseStatus(STATUS, filter.status, () => {
    filter.status = status.value;
    history.replaceState(null, '', `#/jobs${filter.status ? `?status=${filter.status}` : ''}`);
    load(false).catch((error) => error.name !== 'AbortError' && below.replaceChildren(problem(error)));
  });
  root.append(el('div', { class: 'heading' }, el('h1', {}, 'Jobs'), el('div', { class: 'tools' }, status)), node, below);
  node.hidden = true;
  await load(false);
}

function nothing(filter) {
  if (filter.status) return empty('No job has this status.', el('a', { href: '#/jobs' }, 'See all jobs'));
  return empty('No jobs yet.', 'A job reads a document: ', el('a', { href: '#/documents' }, 'upload one'), ', or open one and process it.');
}

function progress(job) {
  const of = job.total_pages === null ? '' : `${count(job.completed_pages)} of ${counted(job.total_pages, 'page')}`;
  const percent = Math.round(job.progress ?? 0);
  return el('span', { class: 'progress' }, el('progress', { max: 100, value: percent, 'aria-label': 'Progress' }), of || `${percent} %`);
}

function failure(job) {
  if (!job.error_code && !job.error_message) return null;
  return el('p', { class: 'problem' }, job.error_message ?? '', ' ', job.error_code ? el('code', {}, job.error_code) : null);
}

/** Whether nothing will happen to a job unless somebody asks for it. */
const isOver = (job) => ['completed', 'partially_completed', 'failed', 'cancelled'].includes(job.status);

export async function jobView(root, { id, signal }) {
  const body = el('div');
  const live = el('p', { class: 'line', 'aria-live': 'polite' });
  root.append(body);
  let [job, again] = [null, null];
  const show = (told) => live.replaceChildren(badge(told.status), progress(told), pace(told));
  const look = async () => {
    job = await get(`jobs/${id}`, {}, signal);
    const details = await jobDetails(job, signal);
    const cancel = isOver(job) ? null : button('Cancel', async () => {
      await post(`jobs/${id}/cancel`, {});
      await look();
    });
    show(job);
    body.replaceChildren(el('div', { class: 'heading' }, el('h1', {}, 'Job of ', filename(job.document_id)), el('div', { class: 'tools' }, cancel)),
      summary(job, live), details);
  };
  await look();
  if (isOver(job)) return;
  watch(`jobs/${id}/events`, signal, (event, told) => {
    if (event === 'progress') show(told);
    // Several may come at once, and those of before are among them.
    if (event !== 'state' || told.created_at < job.updated_at) return;
    clearTimeout(again);
    again = setTimeout(() => look().catch(() => {}), 100);
  });
}

function pace({ eta_seconds: eta = null, pages_per_second: rate = null }) {
  const said = [rate && `${rate.toLocaleString(undefined, { maximumSignificantDigits: 2 })} pages a second`, eta !== null && `about ${duration(eta)} left`];
  return el('span', { class: 'muted' }, said.filter(Boolean).join(', '));
}

const duration = (seconds) => (seconds < 90 ? `${Math.max(1, Math.round(seconds))} s` : `${Math.round(seconds / 60)} min`);

function summary(job, live) {
  return el('div', { class: 'card' }, live, failure(job), facts([
    ['strategy', job.strategy], ['attempt', `${job.attempt} of ${job.max_attempts}`], ['created_at', time(job.created_at, { seconds: true })],
    ['started_at', time(job.started_at, { seconds: true })], ['completed_at', time(job.completed_at, { seconds: true })], ['took', took(job.started_at, job.completed_at)],
    ['priority', String(job.priority)], ['created_by', job.created_by && el('code', {}, job.created_by)], ['id', el('code', {}, job.id)]]));
}

async function jobDetails(job, signal) {
  const read = (what) => get(`jobs/${job.id}/${what}`, {}, signal);
  const [attempts, history] = await Promise.all([read('attempts'), read('history')]);
  const failed = job.pages.filter((page) => page.outcome === 'failed');
  return el('div', { class: 'details' },
    el('h2', {}, 'Attempts'), attempts.items.length ? attemptTable(attempts.items) : el('p', { class: 'muted' }, 'None has ended yet.'),
    el('h2', {}, 'Pages'), el('p', {}, counted(job.pages.length - failed.length, 'page'), ' read', failed.length ? ', ' : '.',
      failed.length ? `${counted(failed.length, 'page')} failed:` : null), failed.length ? failedPages(failed) : null,
    el('h2', {}, 'History'), historyList(history.items));
}

function attemptTable(attempts) {
  const { node, body, row } = table(['Attempt', 'Outcome', 'Started', 'Took', 'Worker', 'Error'], 'small');
  body.append(...attempts.map((attempt) => row(String(attempt.attempt), badge(attempt.outcome), time(attempt.started_at, { seconds: true }),
    took(attempt.started_at, attempt.finished_at), el('span', { class: 'muted break' }, attempt.worker ?? ''), failure(attempt))));
  return node;
}

function failedPages(pages) {
  const { node, body, row } = table(['Page', 'Attempt', 'Error'], 'small');
  body.append(...pages.map((page) => row(count(page.page_number), String(page.attempt), failure(page))));
  return node;
}

function historyList(entries) {
  return el('ol', { class: 'history' }, entries.map((entry) => el('li', {}, time(entry.created_at, { seconds: true }), ' ',
    el('strong', {}, String(entry.action).replaceAll('_', ' ')), ' ', entry.status ? badge(entry.status) : null,
    entry.error_message ? el('p', { class: 'problem' }, entry.error_message) : null)));
}

/** The jobs of one document, each to be opened. Gives the element and what shows rows anew. */
export function jobList(signal) {
  const list = el('div', { class: 'job-list' });
  const opened = new Set();
  const make = (job) => {
    const inside = el('div');
    const node = el('details', { open: opened.has(job.id) },
      el('summary', {}, badge(job.status), ' ', job.strategy ?? '', ' ', progress(job), ' ', time(job.created_at)), failure(job), inside);
    const fill = async () => {
      node.open ? opened.add(job.id) : opened.delete(job.id);
      if (!node.open) return;
      const details = await jobDetails(await get(`jobs/${job.id}`, {}, signal), signal).catch(problem);
      inside.replaceChildren(details, el('p', {}, el('a', { href: `#/jobs/${job.id}` }, 'This job alone')));
    };
    node.addEventListener('toggle', fill);
    return node;
  };
  return { node: list, show: (rows) => update(list, rows, make) };
}
