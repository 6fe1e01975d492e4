// The trash: what was deleted, with the way back, and the way out for good.

import { get, post, request } from './api.js';
import { button, bytes, count, el, empty, table, time } from './dom.js';

const PART = 50;

export async function trash(root, { signal }) {
  let [rows, cursor] = [[], null];
  const { node, body, row } = table(['Name', 'Pages', 'Size', 'Deleted', ''], 'documents trash');
  const below = el('div', { class: 'below', 'aria-live': 'polite' });
  const show = () => {
    body.replaceChildren(...rows.map((document) => trashRow(row, document, gone)));
    node.hidden = rows.length === 0;
    const more = cursor ? button('More', load) : null;
    below.replaceChildren(...[rows.length ? more : empty('The trash is empty.')].filter(Boolean));
  };
  const gone = (document) => {
    rows = rows.filter((other) => other !== document);
    show();
  };
  const load = async () => {
    const part = await get('documents', { trash: true, limit: PART, cursor }, signal);
    [rows, cursor] = [[...rows, ...part.items], part.next_cursor];
    show();
  };
  root.append(el('div', { class: 'heading' }, el('h1', {}, 'Trash')), node, below);
  node.hidden = true;
  await load();
}

function trashRow(row, document, gone) {
  const name = el('a', { href: `#/documents/${document.id}`, dir: 'auto' }, document.filename);
  const held = document.legal_hold ? el('p', { class: 'muted detail', dir: 'auto' }, `Legal hold: ${document.legal_hold}`) : null;
  const back = button('Restore', async () => {
    await restore(document);
    gone(document);
  });
  const forever = button('Delete for good', async () => {
    if (!confirm(`Delete ${document.filename} for good, with its versions, zones and corrections?`)) return;
    await request('DELETE', `documents/${document.id}`, { query: { purge: true } });
    gone(document);
  }, { class: 'quiet' });
  const pages = document.page_count === null ? '–' : count(document.page_count);
  return row([name, held], pages, bytes(document.file_size_bytes), time(document.deleted_at), el('span', { class: 'tools' }, back, forever));
}

const restore = (document) => post(`documents/${document.id}/restore`, {});

/** The button that puts a document into the trash, or takes it back. */
export function deleteOrRestore(document) {
  if (document.deleted_at) {
    return button('Restore', async () => {
      await restore(document);
      location.hash = '#/documents';
    }, { class: 'primary' });
  }
  return button('Delete', async () => {
    await request('DELETE', `documents/${document.id}`);
    location.hash = '#/trash';
  }, { class: 'quiet' });
}
