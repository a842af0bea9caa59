// SPDX-License-Identifier: Apache-2.0
// Keyboard and scanner. A scanner types faster than anybody: keys less than 30 ms apart go to the scan box wherever the
// focus is, so a single letter waits that long before it acts.
const SCANNER_MS = 30;

const bindings = new Map(); // key -> list of handlers, the newest page's last
let last = { at: 0, text: '' }, pending = 0, prefix = 0;

export function bind(key, handler) {
  const list = bindings.get(key) || [];
  list.push(handler);
  bindings.set(key, list);
  return () => bindings.set(key, (bindings.get(key) || []).filter((h) => h !== handler));
}

function act(key, event) {
  const list = bindings.get(key) || [];
  for (let i = list.length - 1; i >= 0; i--) if (list[i](event) !== false) return true;
  return false;
}

export const inText = (element) => !!element && (/^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) || element.isContentEditable);
const scanBox = () => document.getElementById('scan');

function moveRow(step) {
  const rows = [...document.querySelectorAll('[data-row]')];
  if (!rows.length) return false;
  const at = rows.indexOf(document.activeElement);
  const marked = rows.findIndex((row) => row.getAttribute('aria-selected') === 'true');
  const next = at < 0 ? (marked < 0 ? 0 : marked + step) : at + step;
  const row = rows[Math.max(0, Math.min(rows.length - 1, next))];
  row.focus();
  if (row.dataset.row === 'select') row.click();
  return true;
}

function letter(key) {
  if (prefix && Date.now() - prefix < 1500) {
    prefix = 0;
    act(`g ${key}`);
  } else if (key === 'g') prefix = Date.now();
  else if (key === 'j') moveRow(1);
  else if (key === 'k') moveRow(-1);
  else act(key);
}

function onKey(event) {
  if (event.altKey && !event.ctrlKey && !event.metaKey && (event.key === 'l' || event.key === 'L' || event.code === 'KeyL')) {
    event.preventDefault();
    act('alt l', event);
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === 'Escape') {
    clearTimeout(pending);
    prefix = 0;
    if (act('escape', event)) event.preventDefault();
    return;
  }
  if (inText(event.target)) return;
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    if (moveRow(event.key === 'ArrowDown' ? 1 : -1)) event.preventDefault();
    return;
  }
  if (event.key === 'Enter') {
    if (act('enter', event)) event.preventDefault();
    return;
  }
  if (event.key === 'Backspace') {
    if (act('backspace', event)) event.preventDefault();
    return;
  }
  if (event.key === 'PageDown' || event.key === 'PageUp') {
    if (act(event.key.toLowerCase(), event)) event.preventDefault();
    return;
  }
  if (event.key.length !== 1) return;
  const now = event.timeStamp, fast = now - last.at < SCANNER_MS; // when it was pressed, not when the page came round to it
  last = { at: now, text: fast ? last.text + event.key : event.key };
  clearTimeout(pending);
  if (last.text.length >= 3 && scanBox()) {
    event.preventDefault();
    scanBox().value = last.text;
    scanBox().focus();
    return;
  }
  if (event.key === '/' || event.key === ' ') {
    if (event.key === '/') event.preventDefault();
    if (event.key === '/') scanBox()?.focus();
    return;
  }
  const key = event.key.toLowerCase();
  pending = setTimeout(() => letter(key), SCANNER_MS + 5);
}

document.addEventListener('keydown', onKey);
