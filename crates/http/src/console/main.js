// The console: one view at a time, named by the address behind the #.

import { el, empty, problem } from './dom.js';
import { documents } from './documents.js';
import { documentView } from './document.js';
import { jobs, jobView } from './jobs.js';
import { search } from './search.js';
import { openLink, takeLink, takeLinkFromAddress } from './shares.js';
import { trash } from './trash.js';
import { acceptFiles } from './uploads.js';
import { ask, claims, forget, takeFromAddress, token } from './token.js';

const VIEWS = [
  [/^\/documents$/, 'Documents', documents],
  [/^\/documents\/([^/]+)$/, 'Document', documentView],
  [/^\/jobs$/, 'Jobs', jobs],
  [/^\/jobs\/([^/]+)$/, 'Job', jobView],
  [/^\/search$/, 'Search', search],
  [/^\/trash$/, 'Trash', trash],
];

const main = document.getElementById('main');
const searchInput = document.querySelector('#search input');
let current = new AbortController();
/** Whether the view lacks what the server could not give. */
let incomplete = false;
let waiting = false;

function go() {
  takeFromAddress();
  takeLinkFromAddress();
  current.abort();
  current = new AbortController();
  incomplete = false;
  if (!token()) return askAgain(null);
  const link = takeLink();
  const [path, query = ''] = (location.hash.slice(1) || '/documents').split('?');
  const [pattern, title, view] = VIEWS.find(([pattern]) => pattern.test(path)) ?? [null, 'Not found', notFound];
  document.title = `${title} – Colophon`;
  showSession();
  for (const link of document.querySelectorAll('.top nav a')) {
    const here = path.startsWith(link.getAttribute('href').slice(1));
    here ? link.setAttribute('aria-current', 'page') : link.removeAttribute('aria-current');
  }
  const root = el('section', { class: 'view' });
  main.replaceChildren(root);
  const asked = { id: pattern?.exec(path)[1], query: new URLSearchParams(query), signal: current.signal };
  searchInput.value = view === search ? asked.query.get('q') ?? '' : '';
  window.scrollTo(0, 0);
  main.focus({ preventScroll: true });
  const shown = link === null ? view(root, asked) : openLink(link);
  shown?.catch?.((error) => {
    if (error.code === 'unreachable') incomplete = true;
    else if (error.name !== 'AbortError' && error.status !== 401) root.append(problem(error));
  });
}

async function notFound(root) {
  root.append(empty('There is no such view.', el('a', { href: '#/documents' }, 'See the documents')));
}

function askAgain(refused) {
  current.abort();
  document.title = 'Colophon';
  showSession();
  main.replaceChildren(ask(refused, go));
}

function showSession() {
  const { sub, role, exp } = claims();
  const session = document.getElementById('session');
  document.body.classList.toggle('signed-out', !token());
  if (!token()) return session.replaceChildren();
  const isToday = exp?.toDateString() === new Date().toDateString();
  const until = exp?.toLocaleString(undefined, isToday ? { timeStyle: 'short' } : { dateStyle: 'medium', timeStyle: 'short' });
  const leave = () => {
    forget();
    askAgain(null);
  };
  session.replaceChildren(
    el('span', { class: 'muted', title: `${role ?? 'unknown role'} ${sub ?? ''}` }, until ? `Token until ${until}` : ''),
    el('button', { type: 'button', class: 'quiet', click: leave }, 'Forget token'));
}

/** Says that the server is away until it is back, then shows what is missing. */
async function waitForServer() {
  if (waiting) return;
  waiting = true;
  const banner = document.getElementById('unreachable');
  banner.hidden = false;
  do await new Promise((resolve) => setTimeout(resolve, 2000));
  while (document.hidden || !(await fetch('healthz').then((answer) => answer.ok, () => false)));
  banner.hidden = true;
  waiting = false;
  if (incomplete) go();
}

document.getElementById('search').addEventListener('submit', (event) => {
  event.preventDefault();
  location.hash = `#/search?${new URLSearchParams({ q: searchInput.value })}`;
});
document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || event.target.closest('input, select, textarea')) return;
  event.preventDefault();
  searchInput.focus();
});
window.addEventListener('hashchange', go);
window.addEventListener('unreachable', waitForServer);
window.addEventListener('unauthorized', ({ detail }) => {
  forget();
  askAgain(detail);
});
acceptFiles();
go();
