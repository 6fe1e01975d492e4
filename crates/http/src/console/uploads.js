// Uploads: dropped anywhere or chosen, one after another, in a tray that stays while views change.

import { upload } from './api.js';
import { el, problem } from './dom.js';
import { token } from './token.js';

const tray = document.getElementById('uploads');
const drop = document.getElementById('drop');
const list = el('ul');
let waiting = Promise.resolve();
let unfinished = 0;

/** A button that lets somebody choose files. */
export function chooseFiles() {
  const input = el('input', { type: 'file', accept: 'application/pdf,.pdf', multiple: true, class: 'visually-hidden', tabindex: '-1', 'aria-hidden': 'true' });
  input.addEventListener('change', () => {
    add([...input.files]);
    input.value = '';
  });
  return [el('button', { type: 'button', class: 'primary', click: () => input.click() }, 'Upload PDFs'), input];
}

/** Lets files be dropped on the window. */
export function acceptFiles() {
  const hasFiles = (event) => token() && event.dataTransfer?.types.includes('Files');
  window.addEventListener('dragover', (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    drop.hidden = false;
  });
  window.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) drop.hidden = true;
  });
  window.addEventListener('drop', (event) => {
    drop.hidden = true;
    if (!hasFiles(event)) return;
    event.preventDefault();
    add([...event.dataTransfer.files]);
  });
  window.addEventListener('beforeunload', (event) => {
    if (unfinished > 0) event.preventDefault();
  });
  const close = () => {
    tray.hidden = true;
    list.replaceChildren();
  };
  const closing = el('button', { type: 'button', class: 'quiet', click: close }, 'Clear');
  tray.append(el('header', {}, el('h2', {}, 'Uploads'), closing), list);
}

function add(files) {
  tray.hidden = files.length === 0 && tray.hidden;
  for (const file of files) {
    const bar = el('progress', { max: 1, value: 0, 'aria-label': `Upload of ${file.name}` });
    const entry = el('li', {}, el('span', { class: 'name', dir: 'auto' }, file.name), bar);
    list.append(entry);
    unfinished += 1;
    waiting = waiting.then(() => send(file, entry, bar)).finally(() => (unfinished -= 1));
  }
}

async function send(file, entry, bar) {
  try {
    const document = await upload(file, { process: true }, (done) => (bar.value = done));
    const link = el('a', { href: `#/documents/${document.id}`, dir: 'auto' }, document.filename);
    entry.replaceChildren(link, el('span', { class: 'muted' }, 'stored'));
    window.dispatchEvent(new CustomEvent('uploaded'));
  } catch (error) {
    bar.remove();
    entry.append(problem(error));
  }
}
