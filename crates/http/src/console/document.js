// One document: its facts, its file, its pages with their zones, its jobs, versions and exports.

import { file, get, post, upload } from './api.js';
import { badge, button, bytes, count, el, facts, poll, table, time } from './dom.js';
import { isLive } from './documents.js';
import { jobList } from './jobs.js';
import { pageViewer } from './pages.js';
import { mayShare, shareDialog } from './shares.js';
import { deleteOrRestore } from './trash.js';

const READABLE = (document) => !['password_required', 'damaged'].includes(document.status);

export async function documentView(root, { id, query, signal }) {
  let current = await get(`documents/${id}`, {}, signal);
  document.title = `${current.filename} – Colophon`;

  const about = el('div', { class: 'about' });
  const process = button('Process', async () => {
    await post(`documents/${id}/jobs`, {});
    await look();
    keepLooking();
  });
  const exporting = button('Export as JSON', async () => {
    const record = await post(`documents/${id}/exports`, { formats: ['json'] });
    await showExports();
    for (const made of record.files) await saveExport(record, made);
  });
  const opening = button('Open', async () => open(await file(`documents/${id}/content`, 'application/pdf')), { class: 'primary' });
  const saving = button('Save', async () => save(await file(`documents/${id}/content`, 'application/pdf'), current.filename));
  const tools = el('div', { class: 'tools' }, opening, saving, process, exporting,
    mayShare(current) ? [button('Share', () => shareDialog(root, current, signal)), deleteOrRestore(current)] : null);
  const title = el('h1', { dir: 'auto' }, current.filename);

  const jobs = jobList(signal);
  const jobSection = section('Jobs', jobs.node);
  const exports = el('div');
  const versions = el('div');
  const origin = el('div');
  const viewer = pageViewer({ signal, page: Math.trunc(query.get('page')) || 1, zone: query.get('zone') });
  root.append(el('p', { class: 'back' }, el('a', { href: '#/documents' }, 'Documents')),
    el('div', { class: 'heading' }, title, tools), about, viewer.node, jobSection, section('Versions', versions, origin), section('Exports', exports));

  const show = () => {
    const { status, status_detail: detail, deleted_at: deleted } = current;
    process.hidden = !READABLE(current) || isLive(current) || deleted;
    process.textContent = status === 'uploaded' ? 'Process' : 'Process again';
    about.replaceChildren(
      el('p', { class: 'line' }, badge(status), detail ? el('span', { dir: 'auto' }, detail) : null,
        deleted ? el('strong', {}, 'In the trash since ', time(deleted)) : null),
      facts([
        ['page_count', current.page_count === null ? null : count(current.page_count)], ['file_size', bytes(current.file_size_bytes)],
        ['created_at', time(current.created_at)], ['updated_at', time(current.updated_at)], ['version', String(current.version)],
        ['original_filename', current.original_filename === current.filename ? null : el('span', { dir: 'auto' }, current.original_filename)],
      ]));
    origin.replaceChildren(facts([
      ['id', el('code', {}, current.id)], ['uploaded_by', current.uploaded_by && el('code', {}, current.uploaded_by)],
      ['sha256', current.sha256 && el('code', { class: 'break' }, current.sha256)],
    ]));
  };
  const showJobs = async () => {
    const list = await get('jobs', { document_id: id, limit: 50 }, signal);
    jobs.show(list.items);
    jobSection.hidden = list.items.length === 0;
  };
  const showExports = async () => {
    const list = await get(`documents/${id}/exports`, {}, signal);
    exports.replaceChildren(list.items.length ? exportTable(list.items) : el('p', { class: 'muted' }, 'None yet. Export as JSON makes one, and it is kept here.'));
  };
  const showVersions = async () => {
    const list = await get(`documents/${id}/versions`, {}, signal);
    const makeCurrent = async (version) => {
      await post(`documents/${id}/versions/${version}/make-current`, {});
      await look();
      await showVersions();
    };
    versions.replaceChildren(versionTable(current, list.items, makeCurrent), newVersion(current, async () => {
      await look();
      await showVersions();
      keepLooking();
    }));
  };
  const look = async () => {
    current = await get(`documents/${id}`, {}, signal);
    show();
    await Promise.all([showJobs(), viewer.show(current)]);
    return isLive(current);
  };
  const keepLooking = poll(signal, look);

  show();
  if (isLive(current)) keepLooking();
  await Promise.all([
    viewer.show(current), showJobs(), showExports(),
    showVersions(),
  ]);
}

function section(title, ...children) {
  return el('section', { class: 'part' }, el('h2', {}, title), children);
}

/** Lets somebody choose a file that becomes the document's next version. */
function newVersion(document, added) {
  const input = el('input', { type: 'file', accept: 'application/pdf,.pdf', class: 'visually-hidden', tabindex: '-1', 'aria-hidden': 'true' });
  const choose = button('New version', () => new Promise((resolve, reject) => {
    input.addEventListener('cancel', resolve, { once: true });
    input.addEventListener('change', () => {
      const path = `documents/${document.id}/versions`;
      upload(input.files[0], { process: true }, () => {}, path).then(added).then(resolve, reject);
    }, { once: true });
    input.click();
  }));
  return el('p', { class: 'new-version' }, choose, input);
}

function versionTable({ id, version: current }, items, makeCurrent) {
  const { node, body, row } = table(['Version', 'File', 'Pages', 'Size', 'Added', ''], 'small');
  body.append(...items.map((version) => {
    const path = `documents/${id}/content?version=${version.version}`;
    const notes = [version.title, version.pdf_version && `PDF ${version.pdf_version}`, version.encryption,
      version.repaired && 'repaired', ...(version.warnings ?? [])].filter(Boolean).join(' · ');
    const saving = el('span', {}, button('Save', async () => save(await file(path, 'application/pdf'), version.original_filename), { class: 'quiet' }));
    const reason = version.reason ? el('p', { class: 'muted detail', dir: 'auto' }, version.reason) : null;
    const number = version.version === current ? el('strong', { title: 'the current one' }, `${version.version} (current)`)
      : [String(version.version), button('Make current', () => makeCurrent(version.version), { class: 'quiet' })];
    return row(number, [el('span', { dir: 'auto' }, version.original_filename), reason, el('p', { class: 'muted detail', dir: 'auto' }, notes)],
      version.page_count === null ? '–' : count(version.page_count), bytes(version.file_size_bytes), time(version.created_at), saving);
  }));
  return node;
}

function exportTable(items) {
  const { node, body, row } = table(['Made', 'Status', 'Zones', 'Files'], 'small');
  body.append(...items.map((record) => row(time(record.created_at), badge(record.status), count(record.validation_results?.zones ?? 0),
    el('span', {}, record.files.map((made) => button(`${made.name} (${bytes(made.size_bytes)})`, () => saveExport(record, made), { class: 'quiet' }))))));
  return node;
}

async function saveExport(record, made) {
  save(await file(`exports/${record.id}/files/${encodeURIComponent(made.name)}`, 'application/octet-stream'), made.name);
}

function open(url) {
  el('a', { href: url, target: '_blank' }).click();
}

function save(url, name) {
  el('a', { href: url, download: name }).click();
}
