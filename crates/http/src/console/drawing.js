// A page drawn from its zones alone: no picture of the page is needed, and none is loaded.

import { svg } from './dom.js';

/** Zones drawn in a thumbnail at most. */
const THUMBNAIL_ZONES = 200;

/** The page with a box for each zone. A box that is chosen is told to `select`. */
export function drawPage(page, zones, select) {
  if (!page) return '';
  const label = `Page ${page.page_number} with ${zones.length} zones`;
  const drawing = svg('svg', { class: 'page', viewBox: `0 0 ${page.width} ${page.height}`, role: 'group', 'aria-label': label });
  const words = svg('g', { class: 'words', 'aria-hidden': 'true' });
  drawing.append(words, ...zones.filter((zone) => isBox(zone.coordinates)).map((zone) => box(zone, select)));
  // The width of a text is known only once it is shown.
  requestAnimationFrame(() => {
    for (const zone of zones.filter((zone) => isBox(zone.coordinates))) words.append(...lines(zone));
    for (const text of words.children) fit(text);
  });
  return drawing;
}

/** The same in small: where something is, and of which type. */
export function drawThumbnail(frame, zones) {
  frame.replaceChildren(...zones.slice(0, THUMBNAIL_ZONES).filter((zone) => isBox(zone.coordinates)).map((zone) =>
    svg('rect', { 'data-type': zone.zone_type, ...rectangle(zone.coordinates) })));
}

function isBox(coordinates) {
  return ['x0', 'y0', 'x1', 'y1'].every((name) => Number.isFinite(coordinates?.[name]));
}

function rectangle({ x0, y0, x1, y1 }) {
  return { x: x0, y: y0, width: Math.max(0, x1 - x0), height: Math.max(0, y1 - y0) };
}

function box(zone, select) {
  const { polygon } = zone.coordinates;
  const isPolygon = Array.isArray(polygon) && polygon.length > 2 && polygon.every((point) => Array.isArray(point) && point.every(Number.isFinite));
  const shape = isPolygon ? svg('polygon', { points: polygon.map((point) => point.join(',')).join(' ') }) : svg('rect', rectangle(zone.coordinates));
  const choose = () => select(zone.id);
  const press = (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return;
    event.preventDefault();
    choose();
  };
  const text = `${zone.zone_type}: ${(zone.content ?? '').slice(0, 200)}`;
  return svg('g', {
    class: 'box', 'data-zone': zone.id, 'data-type': zone.zone_type, tabindex: 0, role: 'button', 'aria-label': text, click: choose, keydown: press,
  }, svg('title', {}, text), shape);
}

/** The lines of a zone's text, spread over its box. Text that runs upwards is left out. */
function lines(zone) {
  const { x0, y0, x1, y1 } = zone.coordinates;
  const rows = (zone.content ?? '').split('\n').filter((row) => row.trim());
  const pitch = (y1 - y0) / Math.max(1, rows.length);
  const size = Math.min(pitch, Number(zone.metadata?.font_size) || pitch * 0.8);
  if (!rows.length || size < 1 || pitch > 4 * size || x1 - x0 < size / 2) return [];
  return rows.map((row, at) => {
    const isRightToLeft = /^[^A-Za-z]*[\u0590-\u08ff]/.test(row);
    const place = { x: isRightToLeft ? x1 : x0, y: y0 + pitch * (at + 0.5) + size * 0.35, 'font-size': size };
    return svg('text', { ...place, direction: isRightToLeft ? 'rtl' : null, 'data-width': x1 - x0 }, row);
  });
}

/** Presses a text into its box, where it is wider than that. */
function fit(text) {
  const width = Number(text.dataset.width);
  if (text.getComputedTextLength() <= width) return;
  text.setAttribute('textLength', width);
  text.setAttribute('lengthAdjust', 'spacingAndGlyphs');
}
