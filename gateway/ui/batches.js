// SPDX-License-Identifier: Apache-2.0
// Batches: what must I do now. What needs a person comes first, then the oldest.
import { html, useEffect, useRef, useState } from './standalone.module.js';
import { Icon } from './icons.js';
import { bind } from './keys.js';
import { useLive } from './live.js';
import { BatchStatus, Empty, Keys, Loading, Status, Verdict, rowProps } from './parts.js';
import { day, grouped } from './text.js';
import { t, pick } from './words.js';

const ORDER = ['awaiting-review', 'awaiting-release', 'testing', 'to-test', 'issued', 'void'];
const OPEN = ['awaiting-review', 'awaiting-release', 'testing', 'to-test'];

const TABS = [
  ['all', () => true], ['open', (b) => OPEN.includes(b.status)],
  ['awaiting-review', (b) => b.status === 'awaiting-review', 'awaiting-review', 'wait'],
  ['awaiting-release', (b) => b.status === 'awaiting-release', 'awaiting-release', 'accent'],
  ['fail', (b) => b.verdict === 'fail', 'fail', 'fail'], ['undetermined', (b) => b.verdict === 'undetermined', 'undetermined', 'und'],
  ['void', (b) => b.status === 'void', 'void', 'off'],
];

export function sorted(batches) {
  const rank = (b) => (ORDER.indexOf(b.status) + ORDER.length + 1) % (ORDER.length + 1);
  return [...batches].sort((a, b) => rank(a) - rank(b) || (a.received < b.received ? -1 : a.received > b.received ? 1 : 0));
}

const fits = (batch, text) => !text || [batch.batch, batch.name, batch.producer, batch.lot, batch.sample, batch.produced, batch.product_zh, batch.product_en,
  t(batch.status), batch.verdict && t(batch.verdict)].some((v) => (v || '').toLowerCase().includes(text.toLowerCase()));

export const openBatch = (batch) => () => {
  location.hash = `#/batches/${encodeURIComponent(batch.batch)}`;
};

const ATTENTION = { fail: ['fail', 'fail'], undetermined: ['undetermined', 'und'] };

export function Attention({ batch }) {
  const words = pick(batch, 'attention');
  if (!words) return '';
  const [icon, tone] = ATTENTION[batch.verdict] || (batch.status === 'awaiting-review' ? ['warn', 'und'] : [null, 'off']);
  return icon ? html`<${Status} icon=${icon} tone=${tone} word=${words} title=${words} />` : html`<span title=${words}>${words}</span>`;
}

function Progress({ done, total }) {
  return html`<span class="progress"><span>${done} / ${total}</span>${done < total ? html`<svg width="80" height="6" viewBox="0 0 80 6" aria-hidden="true">
    <rect class="track" x="0.5" y="0.5" width="79" height="5" /><rect class="part" x="0" width=${total ? (80 * done) / total : 0} height="6" /></svg>` : ''}</span>`;
}

const originWord = (origin) => (origin ? t(`origin-${origin}`).replace(/^origin-/, '') : '');

function Row({ batch }) {
  return html`<tr ...${rowProps(openBatch(batch))} aria-label=${`${batch.batch} ${batch.name}`}>
    <td class="c-batch"><b>${batch.batch}</b></td><td class="c-product">${batch.name || pick(batch, 'product')} <small>${batch.name ? pick(batch, 'product') : ''}</small></td>
    <td class="c-producer">${batch.producer}</td><td class="c-produced">${(batch.produced || '').slice(5)}</td><td class="c-received">${day(batch.received)}</td>
    <td class="c-origin">${originWord(batch.origin)}</td><td class="c-progress"><${Progress} done=${batch.tests_done} total=${batch.tests_total} /></td>
    <td class="c-attention"><${Attention} batch=${batch} /></td><td class="c-status"><${BatchStatus} status=${batch.status} /></td>
    <td class="c-verdict"><${Verdict} verdict=${batch.verdict} /></td></tr>`;
}

export function Batches({ id }) {
  const wanted = id.slice(1);
  const { batches } = useLive();
  const [tab, setTab] = useState('all');
  const [text, setText] = useState(wanted || '');
  const box = useRef(null);
  useEffect(() => setText(wanted || ''), [wanted]);
  useEffect(() => {
    const off = [bind('f', () => box.current?.focus()), bind('escape', () => {
      if (document.activeElement !== box.current && !box.current?.value) return false;
      setText('');
      box.current.blur();
      return true;
    }), bind('t', () => {
      const id = document.activeElement?.closest('tr')?.querySelector('b')?.textContent;
      if (!id) return false;
      location.hash = `#/trail/?${encodeURIComponent(id)}`;
      return true;
    })];
    return () => off.forEach((one) => one());
  }, []);
  const inTab = (TABS.find(([name]) => name === tab) || TABS[0])[1];
  const ofTab = (batches || []).filter(inTab);
  const rows = sorted(ofTab.filter((b) => fits(b, text)));
  return html`<div class="batches">
    <div class="tabs" role="group" aria-label=${t('batches')}>${TABS.map(([name, test, icon, tone]) => html`<button key=${name} aria-pressed=${tab === name} onClick=${() => setTab(name)}>
      ${icon ? html`<${Status} icon=${icon} tone=${tone} word=${t(name)} />` : t(name)}<em>${grouped((batches || []).filter(test).length)}</em></button>`)}</div>
    <div class="filter"><label><${Icon} name="filter" /><input ref=${box} type="text" value=${text} placeholder=${t('filter')} aria-label=${t('filter')}
      autocomplete="off" spellcheck="false" onInput=${(event) => setText(event.target.value)} /><kbd>F</kbd></label><span class="end">${t('order')}</span></div>
    <div class="table-scroll">${!batches ? html`<${Loading} rows=${8} />`
    : !batches.length ? html`<${Empty} title=${t('batches-none')} how=${t('batches-none-how')} command="assay batch new --help" />`
      : !rows.length ? html`<${Empty} title=${t('batches-nothing')} how=${text ? t('batches-nothing-how', text, ofTab.length) : ''} />`
        : html`<table class="list"><thead><tr><th class="c-batch">${t('batch')}</th><th class="c-product">${t('product')}</th><th class="c-producer">${t('producer')}</th>
          <th class="c-produced">${t('produced')}</th><th class="c-received">${t('received')}</th><th class="c-origin">${t('origin')}</th><th class="c-progress">${t('progress')}</th>
          <th class="c-attention">${t('attention')}</th><th class="c-status">${t('status')}</th><th class="c-verdict">${t('verdict')}</th></tr></thead>
          <tbody>${rows.map((batch) => html`<${Row} key=${batch.batch} batch=${batch} />`)}</tbody></table>`}</div>
    <div class="foot"><span>${rows.length ? t('count-of', grouped(rows.length), grouped((batches || []).length)) : ''}</span>
      <span class="end"><span><${Keys} keys=${['J', 'K']} /> ${t('key-updown')}</span><span><${Keys} keys=${['Enter']} /> ${t('key-open')}</span>
      <span><${Keys} keys=${['T']} /> ${t('key-trail')}</span><span><${Keys} keys=${['?']} /> ${t('all-keys')}</span></span></div></div>`;
}
