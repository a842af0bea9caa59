// SPDX-License-Identifier: Apache-2.0
// The scan box: a batch, sample, lot, result, card, certificate, producer or instrument by its number, from any page. A page that
// has a use of its own for what was scanned says so with takeScans.
import { html, useEffect, useRef, useState } from './standalone.module.js';
import { Icon } from './icons.js';
import { bind } from './keys.js';
import { live, read } from './live.js';
import { may } from './session.js';
import { t } from './words.js';

let taker = null;

// take(text) answers true when the page has used it. Returns what ends it.
export function takeScans(take) {
  taker = take;
  return () => {
    if (taker === take) taker = null;
  };
}

const same = (value, wanted) => (value || '').toLowerCase() === wanted.toLowerCase();
const one = (path) => read(path).catch(() => null);

// What a QR code holds is an address that ends in the number.
export const bare = (text) => decodeURIComponent(text.trim().split(/[/=#?]/).pop() || '');

export async function batchOf(wanted) {
  const { batches } = await read(`/api/v1/batches?limit=20&q=${encodeURIComponent(wanted.slice(0, 20))}`);
  return { batch: batches.find((b) => same(b.batch, wanted) || same(b.sample, wanted) || same(b.lot, wanted) || wanted.toLowerCase().startsWith(`${b.batch.toLowerCase()}-`) || wanted.toLowerCase().startsWith(`${b.batch.toLowerCase()}/`)), any: batches.length };
}

// The page of whatever has this number; '' when nothing has.
export async function find(text) {
  const wanted = bare(text), path = encodeURIComponent(wanted);
  for (const test of live.bench?.tests || []) if (same(test.result?.result, wanted)) return `#/trail/${encodeURIComponent(test.result.result)}`;
  if ((live.lines || []).some((line) => (line.instruments || []).some((i) => same(i.instrument, wanted)))) return `#/instrument/${path}`;
  const { batch, any } = await batchOf(wanted);
  if (batch) return `#/batches/${encodeURIComponent(batch.batch)}`;
  if (any) return `#/batches/?${path}`;
  if (/^C\d{4}-/i.test(wanted) && may('certificate.show') && await one(`/api/v1/certificates/${path}`)) return `#/certificate/${path}`;
  if (await one(`/api/v1/results/${path}/trace`)) return `#/trail/${path}`;
  const card = may('card.show') && await one(`/api/v1/cards/${path}`);
  if (card) return `#/producers/${encodeURIComponent(card.producer)}/${path}`;
  if (may('producer.show') && await one(`/api/v1/producers/${path}`)) return `#/producers/${path}`;
  return '';
}

export function ScanBox() {
  const box = useRef(null);
  const [missing, setMissing] = useState('');
  useEffect(() => bind('escape', () => {
    if (document.activeElement !== box.current) return false;
    box.current.value = '';
    setMissing('');
    box.current.blur();
    return true;
  }), []);
  const onKeyDown = async (event) => {
    const typed = box.current.value;
    if (event.key !== 'Enter' || !typed.trim()) return;
    const taken = taker ? await taker(bare(typed)).catch(() => false) : false;
    const target = taken ? '' : await find(typed).catch(() => '');
    if (!box.current || box.current.value !== typed) return;
    if (!taken && !target) {
      setMissing(typed.trim());
      return;
    }
    box.current.value = '';
    setMissing('');
    box.current.blur();
    if (target) location.hash = target;
  };
  return html`<label class=${`scan${missing ? ' wrong' : ''}`}><${Icon} name="scan" />
    <input id="scan" ref=${box} type="text" autocomplete="off" spellcheck="false" enterkeyhint="search" placeholder=${t('scan')}
      aria-label=${t('scan')} onKeyDown=${onKeyDown} onInput=${() => setMissing('')} /><kbd>/</kbd>
    ${missing && html`<span class="scan-error" role="alert"><${Icon} name="warn" />${t('scan-none', missing)}</span>`}</label>`;
}
