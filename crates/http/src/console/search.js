// Full-text search over all zones; each hit leads to its page and box.

import { get } from './api.js';
import { button, el, empty, zoneType } from './dom.js';

const PART = 20;

export async function search(root, { query, signal }) {
  const q = (query.get('q') ?? '').trim();
  const list = el('ol', { class: 'hits' });
  const below = el('div', { class: 'below', 'aria-live': 'polite' });
  root.append(el('div', { class: 'heading' }, el('h1', {}, q ? `Zones with ${q}` : 'Search')), list, below);
  if (!q) return below.append(howTo('Nothing was asked for.'));
  let cursor = null;
  const load = async () => {
    const part = await get('search', { q, limit: PART, cursor }, signal);
    list.append(...part.items.map((hit) => hitItem(hit, q)));
    cursor = part.next_cursor;
    const more = cursor ? button('More', load) : null;
    below.replaceChildren(...[list.children.length ? more : howTo('No zone fits.')].filter(Boolean));
  };
  await load();
}

function howTo(title) {
  return empty(title, 'All words must be there; ', el('code', {}, '"a phrase"'), ', ', el('code', {}, 'this or that'), ' and ',
    el('code', {}, '-without'), ' work too. Only documents that were processed are found.');
}

function hitItem(hit, q) {
  const link = el('a', { href: `#/documents/${hit.document_id}?page=${hit.page_number}&zone=${hit.zone_id}` },
    el('span', { class: 'name', dir: 'auto' }, hit.filename), el('span', { class: 'muted' }, ` page ${hit.page_number}`));
  return el('li', {}, el('p', { class: 'line' }, link, zoneType(hit.zone_type)), el('p', { class: 'excerpt', dir: 'auto' }, highlighted(hit.excerpt, q)));
}

/** The server puts « » around what it found. A document may hold such quotes of its own: those are left alone. */
function highlighted(excerpt, q) {
  const asked = q.toLowerCase();
  return excerpt.split(/(«[^»]*»)/).map((part) => {
    const inner = part.slice(1, -1);
    const isMark = part.startsWith('«') && part.endsWith('»') && inner && asked.includes(inner.toLowerCase());
    return isMark ? el('mark', {}, inner) : part;
  });
}
