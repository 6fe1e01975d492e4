// The list of documents: newest first, part by part.

import { get } from './api.js';
import { badge, bytes, count, el, empty, poll, problem, button, table, time, update } from './dom.js';
import { chooseFiles } from './uploads.js';

const STATUS = ['uploaded', 'queued', 'processing', 'processed', 'partially_processed', 'password_required', 'damaged', 'failed'];
const PART = 50;
/** The most rows the API gives at once, and so the most that are kept up to date. */
const MOST = 1000;

/** Whether more will happen to a document by itself. */
export const isLive = (document) => ['queued', 'processing'].includes(document.status);

/** A choice among statuses. */
export function chooseStatus(statuses, chosen, change) {
  const options = statuses.map((status) => el('option', { value: status, selected: status === chosen }, status.replaceAll('_', ' ')));
  return el('select', { 'aria-label': 'Status', change }, el('option', { value: '' }, 'every status'), options);
}

export async function documents(root, { query, signal }) {
  const filter = { status: query.get('status') ?? '', q: query.get('q') ?? '', tag: query.get('tag') ?? '' };
  let [rows, cursor, request] = [[], null, 0];

  const { node, body, row } = table(['Name', 'Status', 'Pages', 'Size', 'Added'], 'documents');
  const below = el('div', { class: 'below', 'aria-live': 'polite' });
  const show = () => {
    update(body, rows, (document) => documentRow(row, document));
    node.hidden = rows.length === 0;
    const more = cursor ? button('More', () => load(true)) : null;
    below.replaceChildren(...[rows.length ? more : nothing(filter)].filter(Boolean));
    if (rows.some(isLive) && rows.length <= MOST) keepLooking();
  };
  const load = async (append) => {
    const mine = ++request;
    const part = await get('documents', { ...filter, limit: PART, cursor: append ? cursor : null }, signal);
    // A filter that was changed meanwhile has asked for another list.
    if (mine !== request) return;
    rows = append ? [...rows, ...part.items] : part.items;
    cursor = part.next_cursor;
    show();
  };
  const refresh = async () => {
    const mine = ++request;
    const part = await get('documents', { ...filter, limit: Math.min(MOST, Math.max(PART, rows.length)) }, signal);
    if (mine !== request || rows.length > MOST) return false;
    [rows, cursor] = [part.items, part.next_cursor];
    show();
    return rows.some(isLive);
  };
  const keepLooking = poll(signal, refresh);

  const apply = () => {
    const asked = new URLSearchParams(Object.entries(filter).filter(([, value]) => value));
    history.replaceState(null, '', `#/documents${asked.size ? `?${asked}` : ''}`);
    load(false).catch((error) => error.name !== 'AbortError' && below.replaceChildren(problem(error)));
  };
  let typing;
  const name = el('input', {
    type: 'search', placeholder: 'Filter by name', 'aria-label': 'Filter by name', value: filter.q, autocomplete: 'off',
    input: () => {
      clearTimeout(typing);
      typing = setTimeout(() => {
        filter.q = name.value;
        apply();
      }, 250);
    },
  });
  signal.addEventListener('abort', () => clearTimeout(typing));
  const status = chooseStatus(STATUS, filter.status, () => {
    filter.status = status.value;
    apply();
  });
  window.addEventListener('uploaded', () => refresh().catch(() => {}), { signal });
  const tag = filter.tag ? button(`Tag: ${filter.tag} ×`, () => {
    filter.tag = '';
    tag.remove();
    apply();
  }, { 'aria-label': `Stop filtering by the tag ${filter.tag}` }) : null;
  const tools = el('div', { class: 'tools' }, ...[tag, name, status, chooseFiles()].filter(Boolean));
  const heading = el('div', { class: 'heading' }, el('h1', {}, 'Documents'), tools);
  root.append(heading, node, below);
  node.hidden = true;
  await load(false);
}

function documentRow(row, document) {
  const detail = document.status_detail ? el('p', { class: 'muted detail', dir: 'auto' }, document.status_detail) : null;
  const name = el('a', { href: `#/documents/${document.id}`, dir: 'auto' }, document.filename);
  const links = document.tags.map((tag) => el('a', { href: `#/documents?${new URLSearchParams({ tag })}`, class: 'tag', dir: 'auto' }, tag));
  const tags = links.length ? el('p', { class: 'tags' }, ...links) : null;
  const pages = document.page_count === null ? '–' : count(document.page_count);
  return row([name, detail, tags], badge(document.status), pages, bytes(document.file_size_bytes), time(document.created_at));
}

function nothing(filter) {
  if (filter.status || filter.q || filter.tag) {
    return empty('No document fits this filter.', el('a', { href: '#/documents' }, 'See all documents'));
  }
  return empty('No documents yet.', 'Drop PDFs anywhere on this page, use the button above, or run ',
    el('code', {}, 'colophon import FOLDER'), '.');
}
