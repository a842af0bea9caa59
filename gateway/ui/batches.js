// SPDX-License-Identifier: Apache-2.0
// Batches: what must I do now. What needs a person comes first, then the oldest. The gateway filters, sorts and counts; a page is
// fifty rows however many there are.
import { html, useEffect, useRef, useState } from './standalone.module.js';
import { CsvLink } from './csv.js';
import { useAtMost, useFetched, useSettled } from './fetched.js';
import { Icon } from './icons.js';
import { bind } from './keys.js';
import { useLive } from './live.js';
import { BatchStatus, Empty, Failed, Keys, Loading, Status, Verdict, rowProps } from './parts.js';
import { day, grouped } from './text.js';
import { t, pick, current } from './words.js';

const TABS = [
  ['all', ''], ['open', 'open'], ['awaiting-review', 'awaiting-review', 'awaiting-review', 'wait'], ['awaiting-release', 'awaiting-release', 'awaiting-release', 'accent'],
  ['fail', 'fail', 'fail', 'fail'], ['undetermined', 'undetermined', 'undetermined', 'und'], ['released', 'released', 'released', 'off'], ['void', 'void', 'void', 'off'],
];

const PAGE = 50;

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

// A head that sorts: pressed again, the other way round; a third time, what needs a person first again.
function Sort({ name, column, order, setOrder, children }) {
  const on = order === column || order === `-${column}`;
  const next = column === 'need' ? 'need' : order === `-${column}` ? column : order === column ? 'need' : `-${column}`;
  return html`<th class=${name} aria-sort=${on ? (order[0] === '-' || column === 'need' ? 'descending' : 'ascending') : undefined}>
    <button class="sort" aria-pressed=${on} onClick=${() => setOrder(next)}>${children}${on ? html`<${Icon} name=${order[0] === '-' || column === 'need' ? 'falling' : 'rising'} />` : ''}</button></th>`;
}

// Pages are walked by the key of the last row: before holds where each page that was left began.
function usePages(path, version) {
  const [at, set] = useState({ path, before: [], after: '' });
  const own = at.path === path ? at : { path, before: [], after: '' };
  const { data, error, retry } = useFetched(`${path}&after=${encodeURIComponent(own.after)}`, version);
  const last = useRef({ path: '', data: null });
  if (data) last.current = { path, data };
  const shown = data || (last.current.path === path ? last.current.data : null);
  return {
    data: shown, error, retry, from: own.before.length * PAGE,
    next: data?.next ? () => set({ path, before: [...own.before, own.after], after: data.next }) : null,
    previous: own.before.length ? () => set({ path, before: own.before.slice(0, -1), after: own.before[own.before.length - 1] }) : null,
  };
}

function Table({ rows, order, setOrder }) {
  const sort = { order, setOrder };
  return html`<table class="list"><thead><tr><${Sort} name="c-batch" column="batch" ...${sort}>${t('batch')}</${Sort}><th class="c-product">${t('product')}</th><th class="c-producer">${t('producer')}</th>
    <th class="c-produced">${t('produced')}</th><${Sort} name="c-received" column="received" ...${sort}>${t('received')}</${Sort}><th class="c-origin">${t('origin')}</th><th class="c-progress">${t('progress')}</th>
    <th class="c-attention">${t('attention')}</th><${Sort} name="c-status" column="need" ...${sort}>${t('status')}</${Sort}><th class="c-verdict">${t('verdict')}</th></tr></thead>
    <tbody>${rows.map((batch) => html`<${Row} key=${batch.batch} batch=${batch} />`)}</tbody></table>`;
}

export function Batches({ id }) {
  const wanted = id.slice(1);
  const { batches, gateway } = useLive();
  const counts = batches?.counts;
  const [tab, setTab] = useState('all');
  const [text, setText] = useState(wanted || '');
  const [order, setOrder] = useState('need');
  const box = useRef(null), turn = useRef({});
  const typed = useSettled(text.trim());
  const kind = (TABS.find(([name]) => name === tab) || TABS[0])[1];
  const pages = usePages(`/api/v1/batches?limit=${PAGE}&status=${kind}&order=${order}&q=${encodeURIComponent(typed)}`, JSON.stringify([counts, useAtMost(gateway?.applied, 3000)]));
  turn.current = pages;
  useEffect(() => setText(wanted || ''), [wanted]);
  useEffect(() => {
    const go = (which) => () => {
      if (!turn.current[which]) return false;
      turn.current[which]();
      return true;
    };
    const off = [bind('f', () => box.current?.focus()), bind('n', () => {
      location.hash = '#/intake';
    }), bind('pagedown', go('next')), bind('pageup', go('previous')), bind('escape', () => {
      if (document.activeElement !== box.current && !box.current?.value) return false;
      setText('');
      box.current.blur();
      return true;
    }), bind('t', () => {
      const batch = document.activeElement?.closest('tr')?.querySelector('b')?.textContent;
      if (!batch) return false;
      location.hash = `#/trail/?${encodeURIComponent(batch)}`;
      return true;
    })];
    return () => off.forEach((one) => one());
  }, []);
  const rows = pages.data?.batches || [], total = pages.data?.total ?? -1;
  const whole = total >= 0 ? grouped(total) : t('many');
  return html`<div class="batches">
    <div class="tabs" role="group" aria-label=${t('batches')}>${TABS.map(([name, of, icon, tone]) => html`<button key=${name} aria-pressed=${tab === name} onClick=${() => setTab(name)}>
      ${icon ? html`<${Status} icon=${icon} tone=${tone} word=${t(name)} />` : t(name)}<em>${counts ? grouped(counts[of || 'all']) : ''}</em></button>`)}</div>
    <div class="filter"><label><${Icon} name="filter" /><input ref=${box} type="text" value=${text} placeholder=${t('filter')} aria-label=${t('filter')} maxlength="20"
      autocomplete="off" spellcheck="false" onInput=${(event) => setText(event.target.value)} /><kbd>F</kbd></label><span class="end">${order === 'need' ? t('order') : ''}<a href="#/certificate">${t('certificate')}</a><${CsvLink} path=${`/api/v1/batches?status=${kind}&order=${order}&q=${encodeURIComponent(typed)}`} /></span></div>
    <div class="table-scroll">${pages.error && !pages.data ? html`<${Failed} error=${pages.error} retry=${pages.retry} />` : !pages.data ? html`<${Loading} rows=${8} />`
    : counts && !counts.all ? html`<${Empty} title=${t('batches-none')} how=${t('batches-none-how')} command="assay batch new --help" />`
      : !rows.length ? html`<${Empty} title=${t('batches-nothing')} how=${typed ? t('batches-nothing-how', typed, grouped(counts?.[kind || 'all'] ?? 0)) : ''} />`
        : html`<${Table} rows=${rows} order=${order} setOrder=${setOrder} />`}</div>
    <div class="foot"><span role="status">${rows.length ? t('count-of', `${grouped(pages.from + 1)}${current() === 'zh' ? '～' : '–'}${grouped(pages.from + rows.length)}`, whole) : ''}</span>
      ${pages.data?.took_us ? html`<span class="third">${t('took', Math.max(1, Math.round(pages.data.took_us / 1000)))}</span>` : ''}
      <span class="turns"><button class="button" disabled=${!pages.previous} onClick=${pages.previous}>${t('page-before')}</button><button class="button" disabled=${!pages.next} onClick=${pages.next}>${t('page-next')}</button></span>
      <span class="end"><span><${Keys} keys=${['J', 'K']} /> ${t('key-updown')}</span><span><${Keys} keys=${['Enter']} /> ${t('key-open')}</span>
      <span><${Keys} keys=${['T']} /> ${t('key-trail')}</span><span><${Keys} keys=${['PgDn']} /> ${t('page-next')}</span><span><${Keys} keys=${['?']} /> ${t('all-keys')}</span></span></div></div>`;
}
