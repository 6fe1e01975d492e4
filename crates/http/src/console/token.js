// The token: it comes in the fragment of the link that `colophon serve` prints (a fragment is sent to no server), leaves
// the address bar at once, and is kept for this tab alone.

import { el } from './dom.js';

const KEY = 'colophon.token';

/** The token, or null. */
export const token = () => sessionStorage.getItem(KEY);

/** Forgets the token. */
export const forget = () => sessionStorage.removeItem(KEY);

/** Takes a token out of the address, if there is one. */
export function takeFromAddress() {
  const found = /^#token=([^&]*)/.exec(location.hash);
  if (!found) return;
  history.replaceState(null, '', `${location.pathname}${location.search}#/documents`);
  keep(found[1]);
}

function keep(text) {
  // Nothing else can stand in a header; a token that was cut or wrapped on its way is refused by the server.
  sessionStorage.setItem(KEY, text.replace(/[^\x21-\x7e]/g, ''));
}

/** What the token says of itself. Only the server verifies it. */
export function claims() {
  try {
    const body = token().split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
    const { sub, role, exp } = JSON.parse(atob(body));
    return { sub, role, exp: Number.isFinite(exp) ? new Date(exp * 1000) : null };
  } catch {
    return {};
  }
}

const MEANING = {
  token_missing: 'No token was sent.',
  token_expired: 'This token has expired.',
  token_not_yet_valid: 'This token is not valid yet. Do the clocks of the two machines agree?',
  token_signature: 'This token was signed by another instance, or a part of it is missing.',
  token_malformed: 'This is no token: it should have three parts with dots between them.',
  token_audience: 'This token was made for another program.',
  token_algorithm: 'This token was signed in a way that is not accepted here.',
  token_role: 'This token has no role that may come in here (authenticated, service_role).',
  token_subject: 'This token names no person.',
  token_claims: 'This token lacks a claim, such as its end.',
};

/** Asks for a token, and says why if one was refused; `then` goes on with it. */
export function ask(refused, then) {
  const input = el('input', {
    type: 'password', id: 'token', name: 'token', autocomplete: 'off', spellcheck: 'false', required: true,
    'aria-describedby': 'token-help',
  });
  const reason = refused
    ? el('p', { class: 'problem', role: 'alert' }, MEANING[refused.code] ?? refused.detail, ' ', el('code', {}, refused.code))
    : null;
  const submit = (event) => {
    event.preventDefault();
    // Somebody may paste the whole link.
    keep(input.value.trim().replace(/^.*#token=/, ''));
    then();
  };
  const help = el('p', { id: 'token-help', class: 'muted' },
    el('code', {}, 'colophon serve'), ' prints a link that brings one along, and ', el('code', {}, 'colophon token'),
    ' makes one for the private instance. On a shared database, use the access token of somebody who is signed in.');
  const form = el('form', { class: 'ask', submit },
    el('h1', {}, 'A token opens the console'), reason,
    el('label', { for: 'token' }, 'Token'), el('div', { class: 'line' }, input, el('button', { class: 'primary' }, 'Open')), help);
  queueMicrotask(() => input.focus());
  return form;
}
