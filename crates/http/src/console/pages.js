// The pages of a document: a strip, one page as its zones describe it, and the zones in reading order.
//
// Everything is in the page's own frame: points from its top left, as `/pages` and `/zones` give them.

import { all, get } from './api.js';
import { count, el, empty, problem, svg, zoneType } from './dom.js';
import { isLive } from './documents.js';
import { drawPage, drawThumbnail } from './drawing.js';

/** Pages that the strip shows at once. */
const STRIP = 50;

/** The viewer. `show(document)` shows that document as it is now. */
export function pageViewer({ signal, page, zone }) {
  const strip = el('ol', { class: 'strip', 'aria-label': 'Pages' });
  const sheet = el('div', { class: 'sheet' });
  const list = el('ol', { class: 'zones' });
  const number = el('input', { type: 'number', min: 1, 'aria-label': 'Page', change: () => turn(Number(number.value)) });
  const of = el('span');
  const before = el('button', { type: 'button', 'aria-label': 'Previous page', click: () => turn(page - 1) }, '‹');
  const after = el('button', { type: 'button', 'aria-label': 'Next page', click: () => turn(page + 1) }, '›');
  const caption = el('span', { class: 'muted' });
  const bar = el('div', { class: 'line pager' }, before, number, of, after, caption);
  const columns = el('div', { class: 'columns' }, el('div', { class: 'left' }, bar, sheet), list);
  const node = el('section', { class: 'pages' }, strip, columns);

  const zonesOf = new Map();
  let document = null;
  let pages = [];
  let from = 0;
  let drawn = '';
  // Somebody who follows a link to a zone wants to see that zone.
  let arriving = Boolean(zone);

  const seen = new IntersectionObserver((entries) => {
    for (const { target } of entries.filter((entry) => entry.isIntersecting)) {
      seen.unobserve(target);
      zones(Number(target.dataset.page)).then((items) => drawThumbnail(target.querySelector('svg'), items), () => {});
    }
  }, { root: strip, rootMargin: '0px 200px' });
  signal.addEventListener('abort', () => seen.disconnect());

  const zones = (number) => {
    if (!zonesOf.has(number)) {
      const asked = all(`documents/${document.id}/zones`, { page: number }, signal);
      zonesOf.set(number, asked);
      asked.catch(() => zonesOf.delete(number));
    }
    return zonesOf.get(number);
  };

  const showStrip = async () => {
    if (!pages.length || page <= from || page > from + STRIP) {
      from = Math.max(0, Math.min(page - STRIP / 2, document.page_count - STRIP));
      pages = (await get(`documents/${document.id}/pages`, { limit: STRIP, cursor: from }, signal)).items;
      strip.replaceChildren(...pages.map((item) => thumbnail(item, () => turn(item.page_number))));
      for (const item of strip.children) seen.observe(item);
    }
    strip.hidden = pages.length < 2;
    for (const item of strip.children) {
      const button = item.firstElementChild;
      Number(item.dataset.page) === page ? button.setAttribute('aria-current', 'page') : button.removeAttribute('aria-current');
    }
    const here = strip.querySelector('[aria-current]')?.parentElement;
    // Sideways only: scrollIntoView would move the whole page.
    if (here) strip.scrollLeft = here.offsetLeft - strip.offsetLeft - strip.clientWidth / 2 + here.clientWidth / 2;
  };

  const showPage = async () => {
    const [asked, here] = [page, pages.find((item) => item.page_number === page)];
    const items = await zones(page);
    if (asked !== page || signal.aborted) return;
    // What did not change is left alone, so that nobody who reads is disturbed.
    const text = JSON.stringify([here, items]);
    if (text === drawn) return;
    drawn = text;
    list.replaceChildren(...items.map((item, at) => zoneItem(item, at, () => select(item.id))));
    sheet.replaceChildren(drawPage(here, items, select));
    if (!items.length) list.replaceChildren(el('li', {}, noZones(document)));
    caption.textContent = here ? `${Math.round(here.width)} × ${Math.round(here.height)} pt${here.rotation ? `, turned by ${here.rotation}°` : ''}` : '';
    if (zone) select(zone);
    if (arriving) columns.scrollIntoView();
    arriving = false;
  };

  const select = (id) => {
    zone = id;
    for (const item of node.querySelectorAll('[data-zone]')) {
      const chosen = item.dataset.zone === id;
      item.classList.toggle('selected', chosen);
      if (item.matches('button')) chosen ? item.setAttribute('aria-current', 'true') : item.removeAttribute('aria-current');
    }
    list.querySelector('.selected')?.scrollIntoView({ block: 'nearest' });
    remember();
  };

  const remember = () => {
    const asked = new URLSearchParams({ page, ...(zone ? { zone } : {}) });
    if (!signal.aborted) history.replaceState(null, '', `#/documents/${document.id}?${asked}`);
  };

  const turn = async (to) => {
    page = Math.max(1, Math.min(document.page_count, Math.trunc(to) || 1));
    zone = null;
    remember();
    await showAll();
  };

  const showAll = async () => {
    [number.value, number.max, of.textContent] = [page, document.page_count, `of ${count(document.page_count)}`];
    [before.disabled, after.disabled] = [page <= 1, page >= document.page_count];
    try {
      await showStrip();
      await showPage();
    } catch (error) {
      if (error.name !== 'AbortError') sheet.replaceChildren(problem(error));
    }
  };

  list.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 'nextElementSibling', ArrowUp: 'previousElementSibling' }[event.key];
    const next = step && event.target.closest('li')?.[step]?.querySelector('button');
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.click();
  });

  const show = async (fresh) => {
    const changed = document && fresh.status !== document.status;
    document = fresh;
    if (!document.page_count) return node.replaceChildren(noPages(document));
    page = Math.min(Math.max(1, page), document.page_count);
    // While a worker reads, there may be more zones each time; the strip follows at the end.
    zonesOf.delete(page);
    if (changed) {
      zonesOf.clear();
      pages = [];
    }
    await showAll();
  };
  return { node, show };
}

function thumbnail(item, turn) {
  const frame = svg('svg', { viewBox: `0 0 ${item.width} ${item.height}`, 'aria-hidden': 'true' });
  const label = { type: 'button', 'aria-label': `Page ${item.page_number}`, click: turn };
  return el('li', { 'data-page': item.page_number }, el('button', label, frame, el('span', {}, count(item.page_number))));
}

function zoneItem(zone, at, choose) {
  const text = zone.content ? el('p', { class: 'content', dir: 'auto' }, zone.content) : el('p', { class: 'content muted' }, 'no text');
  const confidence = zone.confidence === null ? null : el('span', { class: 'muted' }, `${Math.round(zone.confidence * 100)} %`);
  const line = el('span', { class: 'line' }, el('span', { class: 'muted order' }, String(at + 1)), zoneType(zone.zone_type), confidence);
  return el('li', {}, el('button', { type: 'button', class: 'zone', 'data-zone': zone.id, click: choose }, line, text));
}

function noZones(document) {
  if (document.status === 'uploaded') return empty('No zones yet.', 'Process reads the text of this document.');
  if (isLive(document)) return empty('A worker reads this document.', 'The zones appear here as they come.');
  return empty('No zones on this page.', 'A page without any may be a scan: the strategy text-layer reads only text that the PDF itself carries; ocr and auto read scans, too.');
}

function noPages(document) {
  if (document.status === 'password_required') return empty('This PDF needs a password.', 'Its file is kept. Upload a copy without a password to read its text.');
  return empty('No page can be read.', document.status_detail ?? '', ' The file itself is kept; Save gives it back.');
}
