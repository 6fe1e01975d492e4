// What every view is built of. The text of documents is untrusted: it only ever becomes a text node or the value of an
// attribute that runs nothing, and never passes through a parser of HTML.

/** An element. A function among the attributes listens to the event of its name; null and false leave one out. */
export function el(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

/** An element of SVG. */
export function svg(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function furnish(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') node.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

const shown = new WeakMap();

/** Shows rows of a list, each made by `make`. A row that did not change stays as it is, with its focus and state. */
export function update(parent, rows, make) {
  const had = shown.get(parent) ?? new Map();
  const has = new Map();
  for (const row of rows) {
    const text = JSON.stringify(row);
    const before = had.get(row.id);
    has.set(row.id, before?.text === text ? before : { text, node: make(row) });
  }
  shown.set(parent, has);
  const nodes = [...has.values()].map(({ node }) => node);
  if (nodes.length === parent.children.length && nodes.every((node, at) => parent.children[at] === node)) return;
  const focused = parent.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
  parent.replaceChildren(...nodes);
  if (focused) [...parent.querySelectorAll('a')].find((link) => link.getAttribute('href') === focused)?.focus();
}

/** A table; on a narrow screen each row becomes a card, so every cell knows its heading. */
export function table(headings, className = '') {
  const body = el('tbody');
  const head = el('thead', {}, el('tr', {}, headings.map((heading) => el('th', { scope: 'col' }, heading))));
  const node = el('table', { class: className }, head, body);
  const row = (...cells) => el('tr', {}, cells.map((cell, at) =>
    el('td', { 'data-heading': headings[at] }, cell === '' ? null : el('div', {}, cell))));
  return { node, body, row };
}

const words = (name) => String(name ?? '').replaceAll('_', ' ');

/** A status, in its colour. */
export function badge(status) {
  return el('span', { class: 'badge', 'data-status': status }, words(status));
}

/** The type of a zone, in its colour. */
export function zoneType(type) {
  return el('span', { class: 'zone-type', 'data-type': type }, words(type));
}

const dateTime = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
const toTheSecond = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const exactly = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });

/** A time as the reader writes it. */
export function time(iso, { seconds = false } = {}) {
  if (!iso) return '';
  const at = new Date(iso);
  return el('time', { datetime: iso, title: exactly.format(at) }, (seconds ? toTheSecond : dateTime).format(at));
}

/** How long something took, between two times. */
export function took(from, to) {
  if (!from || !to) return '';
  const seconds = Math.max(0, (new Date(to) - new Date(from)) / 1000);
  return seconds < 60 ? `${seconds.toLocaleString(undefined, { maximumSignificantDigits: 2 })} s` : `${Math.round(seconds / 60)} min`;
}

/** A number of bytes. */
export function bytes(count) {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'];
  const power = count > 0 ? Math.min(units.length - 1, Math.floor(Math.log10(count) / 3)) : 0;
  const options = { style: 'unit', unit: units[power], unitDisplay: 'short', maximumSignificantDigits: 3 };
  return new Intl.NumberFormat(undefined, options).format(count / 1000 ** power);
}

/** A whole number. */
export const count = (number) => Number(number).toLocaleString();

/** A number and its noun. */
export const counted = (number, noun) => `${count(number)} ${noun}${Number(number) === 1 ? '' : 's'}`;

/** What went wrong: its words and its code. */
export function problem(error) {
  const code = error.code ? el('code', {}, error.code) : null;
  return el('p', { class: 'problem', role: 'alert' }, String(error.detail ?? error.message), ' ', code);
}

/** Nothing to show, and what to do about it. */
export function empty(title, ...advice) {
  return el('div', { class: 'empty' }, el('p', { class: 'empty-title' }, title), advice.length ? el('p', {}, advice) : null);
}

/** A button that can be pressed again once what it does has ended; what goes wrong is shown beside it. */
export function button(label, act, attributes = {}) {
  const node = el('button', { type: 'button', ...attributes }, label);
  node.addEventListener('click', async () => {
    node.parentElement?.querySelector(':scope > .problem')?.remove();
    node.disabled = true;
    try {
      await act(node);
    } catch (error) {
      if (error.name !== 'AbortError') node.parentElement?.append(problem(error));
    } finally {
      node.disabled = false;
    }
  });
  return node;
}

/** Columns and their values. Those without a value are left out. */
export function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== null && value !== undefined && value !== '');
  return el('dl', { class: 'facts' }, known.map(([name, value]) => el('div', {}, el('dt', {}, words(name)), el('dd', {}, value))));
}

/** Looks every two seconds while the page is seen and `look` says that more will come. Gives what starts it anew. */
export function poll(signal, look) {
  let timer = null;
  let looking = false;
  const tick = async () => {
    clearTimeout(timer);
    if (signal.aborted || document.hidden || looking) return;
    looking = true;
    // What the server could not say now, it may say in two seconds.
    const more = await look().catch((error) => error.status !== 401 && error.status !== 404);
    looking = false;
    if (more && !signal.aborted) timer = setTimeout(tick, 2000);
  };
  document.addEventListener('visibilitychange', tick, { signal });
  signal.addEventListener('abort', () => clearTimeout(timer));
  return () => {
    clearTimeout(timer);
    timer = setTimeout(tick, 2000);
  };
}
