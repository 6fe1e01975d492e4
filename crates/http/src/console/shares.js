// Who else may see a document: shared with a person or by a link, seen, revoked; and what became of it. And the other end:
// opening a link.

import { all, get, post, request } from './api.js';
import { badge, button, el, problem, table, time } from './dom.js';
import { claims } from './token.js';

const KEY = 'colophon.share';
const DAY = 86_400;
const ENDS = [['', 'without end'], [3600, 'for an hour'], [DAY, 'for a day'], [7 * DAY, 'for a week'], [30 * DAY, 'for 30 days']];
const DID = { opened: 'opened the link', downloaded: 'downloaded', signed_url: 'made a signed address', signed_url_used: 'used a signed address' };

/** Whether whoever is signed in may share a document. The server decides; this only spares them a button. */
export function mayShare(document) {
  const { sub, role } = claims();
  return role === 'service_role' || (sub !== undefined && document.uploaded_by === sub);
}

/** Opens the dialog of a document's shares, within `root`. */
export async function shareDialog(root, document, signal) {
  const path = `documents/${document.id}`;
  const [list, log, made] = [el('div'), el('div'), el('div', { 'aria-live': 'polite' })];

  const link = option('link', 'whoever opens a link', true);
  const named = option('person', 'a person', false);
  const person = el('input', {
    name: 'user_id', 'aria-label': 'The person’s id', placeholder: 'The person’s id', autocomplete: 'off', spellcheck: 'false', hidden: true,
  });
  const role = choice('role', 'Role', [['viewer', 'may read'], ['editor', 'may edit']]);
  const end = choice('expires_in', 'Until', ENDS);
  const uses = el('input', { name: 'max_uses', type: 'number', min: 1, max: 1_000_000, 'aria-label': 'For how many people', placeholder: 'for any number' });
  const by = () => {
    const toPerson = named.firstChild.checked;
    [person.hidden, person.required, uses.hidden] = [!toPerson, toPerson, toPerson];
  };
  const sharing = el('button', { class: 'primary' }, 'Share');
  const submit = async (event) => {
    event.preventDefault();
    const toPerson = named.firstChild.checked;
    const asked = { role: role.value };
    if (toPerson) asked.user_id = person.value.trim();
    else if (uses.value) asked.max_uses = Number(uses.value);
    if (end.value) asked.expires_in = Number(end.value);
    sharing.disabled = true;
    try {
      const share = await post(`${path}/shares`, asked);
      made.replaceChildren(share.url ? linkOnce(share.url) : el('p', {}, 'Shared.'));
      await show();
    } catch (error) {
      made.replaceChildren(problem(error));
    } finally {
      sharing.disabled = false;
    }
  };
  const form = el('form', { class: 'sharing', submit, change: by },
    el('fieldset', {}, el('legend', {}, 'With'), link, named), person,
    el('div', { class: 'line' }, role, end, uses, sharing));

  const show = async () => {
    const [shares, accesses] = await Promise.all([all(`${path}/shares`, {}, signal), get(`${path}/accesses`, { limit: 50 }, signal)]);
    list.replaceChildren(shares.length ? shareTable(path, shares, show) : el('p', { class: 'muted' }, 'With nobody so far.'));
    log.replaceChildren(accesses.items.length ? logTable(accesses.items) : el('p', { class: 'muted' }, 'Nothing so far.'));
  };

  const dialog = el('dialog', { class: 'share', 'aria-label': 'Share', close: () => dialog.remove() },
    el('div', { class: 'heading' }, el('h2', { dir: 'auto' }, `Share ${document.filename}`), button('Close', () => dialog.close())),
    form, made, el('h3', {}, 'Shared'), list, el('h3', {}, 'What others did'), log);
  root.append(dialog);
  dialog.showModal();
  await show().catch((error) => error.name !== 'AbortError' && list.replaceChildren(problem(error)));
}

function option(value, label, checked) {
  return el('label', {}, el('input', { type: 'radio', name: 'with', value, checked }), ` ${label}`);
}

function choice(name, label, options) {
  return el('select', { name, 'aria-label': label }, options.map(([value, text]) => el('option', { value }, text)));
}

/** A link is told this once: the server keeps no copy. */
function linkOnce(url) {
  const field = el('input', { class: 'made', readonly: true, value: url, 'aria-label': 'The link' });
  const copy = button('Copy', async () => {
    field.select();
    await navigator.clipboard.writeText(url);
    copy.textContent = 'Copied';
  });
  return el('div', {}, el('p', {}, 'The link, told this once:'), el('div', { class: 'line' }, field, copy));
}

function shareTable(path, shares, show) {
  const { node, body, row } = table(['With', 'Role', 'State', 'Uses', 'Until', ''], 'small');
  body.append(...shares.map((share) => {
    const uses = share.user_id ? '' : share.max_uses ? `${share.uses} of ${share.max_uses}` : String(share.uses);
    const revoke = async () => {
      await request('DELETE', `${path}/shares/${share.id}`);
      await show();
    };
    const over = ['revoked', 'expired'].includes(share.state);
    return row(share.user_id ? el('code', {}, share.user_id) : 'a link', share.role, badge(share.state), uses,
      share.expires_at ? time(share.expires_at) : '', over ? '' : el('span', {}, button('Revoke', revoke, { class: 'quiet' })));
  }));
  return node;
}

function logTable(lines) {
  const { node, body, row } = table(['When', 'Who', 'What'], 'small');
  body.append(...lines.map((line) => row(time(line.created_at), line.user_id ? el('code', {}, line.user_id) : 'the platform', DID[line.action] ?? line.action)));
  return node;
}

const keep = (link) => sessionStorage.setItem(KEY, link);

/** Takes a link out of the address, if there is one, and keeps it until somebody is signed in. */
export function takeLinkFromAddress() {
  const found = /^#share=([^&]*)/.exec(location.hash);
  if (!found) return;
  history.replaceState(null, '', `${location.pathname}${location.search}#/documents`);
  keep(found[1]);
}

/** The link that waits to be opened, once; or null. */
export function takeLink() {
  const link = sessionStorage.getItem(KEY);
  sessionStorage.removeItem(KEY);
  return link;
}

/** Opens a link for whoever is signed in, and goes to its document. */
export async function openLink(link) {
  try {
    const opened = await post('share-links/open', { token: link });
    location.replace(`#/documents/${opened.id}`);
  } catch (error) {
    // It waits for another token.
    if (error.status === 401) keep(link);
    throw error;
  }
}
