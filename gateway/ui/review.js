// SPDX-License-Identifier: Apache-2.0
// Review: what is wrong, by how much, can I trust it, what do I sign.
import { html, useEffect, useState } from './standalone.module.js';
import { useBatch, trailOf } from './batch.js';
import { BytesInShort, inOrder } from './bytes.js';
import { Duplicates, ResultSeries } from './charts.js';
import { useFetched } from './fetched.js';
import { instrumentName } from './instruments.js';
import { Icon } from './icons.js';
import { Decision } from './decision.js';
import { bind } from './keys.js';
import { gatewayNow, useLive } from './live.js';
import { BatchStatus, Empty, Failed, Keys, Loading, Ruler, Status, Symbol, Verdict, limitOf } from './parts.js';
import { SlotGrid, rowName } from './slots.js';
import { Containers } from './containers.js';
import { clauseText, grouped, lasted, range, stepText } from './text.js';
import { t, pick, said, brackets, more } from './words.js';

const ICONS = { fail: ['fail', 'fail'], undetermined: ['undetermined', 'und'], pass: ['pass', 'pass'] };

// The list's line without the verdict's own word, which stands before it.
function whyShort(batch) {
  const words = pick(batch, 'attention'), verdict = t(batch.verdict);
  return words.toLowerCase().startsWith(verdict.toLowerCase()) ? words.slice(verdict.length).replace(/^[：: ]+/, '') : words;
}

function QueueItem({ batch, chosen, choose }) {
  const [icon, tone] = ICONS[batch.verdict] || ['awaiting-review', 'wait'];
  return html`<button class="queue-item" data-row="select" aria-selected=${chosen} role="option" onClick=${choose}>
    <span class="line"><b>${batch.name || pick(batch, 'product')}</b><span class="third">${lasted(batch.received, gatewayNow())}</span></span>
    <span class="second">${batch.batch}</span>
    <span class="line"><${Status} icon=${icon} tone=${tone} word=${batch.verdict ? t(batch.verdict) : t('awaiting-review')} />
    <span class="second reason">${whyShort(batch)}</span></span></button>`;
}

const CHECK = { in: ['check', 'pass'], missing: ['warn', 'und'], low: ['cross', 'fail'], high: ['cross', 'fail'] };

function Checks({ test }) {
  const { lines } = useLive();
  const evidence = (test.evidence || []).filter((e) => e.status);
  if (!evidence.length) return '';
  const failed = (e) => (e.status === 'in' ? 1 : 0);
  return html`<div class="checks"><b>${t('evidence')}</b>${[...evidence].sort((a, b) => failed(a) - failed(b)).map((e) => {
    const [icon, tone] = CHECK[e.status] || ['warn', 'und'];
    return html`<${Status} key=${e.role} icon=${icon} tone=${tone} word=${[instrumentName(lines, e.instrument) || e.role, e.min ? range(e.min, e.max, e.unit) : '', t(e.status === 'missing' ? 'evidence-missing' : e.status),
      t('band', range(e.low, e.high, e.unit))].filter(Boolean).join('　')} />`;
  })}</div>`;
}

// The row of the standard that the verdict rests on, in Standards.
export const clauseOf = (test) => `#/standards/${encodeURIComponent(test.result?.verdict?.standard || test.limit?.standard || '')}/${encodeURIComponent(test.analyte)}`;

export function Steps({ steps }) {
  return html`<ol class="steps">${(steps || []).map((step, i) => html`<li key=${i}><span class="third">${i + 1}</span><span>${stepText(said(step))}</span></li>`)}</ol>`;
}

// Tabs for each reading of the result, and its bytes.
function ReviewBytes({ result, test }) {
  const { data: trace } = useFetched(`/api/v1/results/${encodeURIComponent(result.result)}/trace`, '');
  const [index, set] = useState(0);
  const readings = inOrder(trace?.readings);
  useEffect(() => {
    const step = (by) => () => set((i) => Math.max(0, Math.min(readings.length - 1, i + by)));
    const off = [bind('[', step(-1)), bind(']', step(1))];
    return () => off.forEach((one) => one());
  }, [readings.length]);
  if (!readings.length) return '';
  const chosen = readings[Math.min(index, readings.length - 1)];
  return html`<section class="review-bytes"><h3>${t('raw-bytes')}<span class="small-tabs" role="group" aria-label=${t('readings')}>${readings.map((r, i) => html`<button key=${i} aria-pressed=${r === chosen}
      onClick=${() => set(i)} title=${rowName(test, r.replicate)}><${Symbol} name=${r.slot} /> ${r.value}</button>`)}</span>
    <span class="end">${chosen.exchange ? `#${grouped(chosen.exchange.seq)}` : ''}</span></h3><${BytesInShort} reading=${chosen} /></section>`;
}

// The producer's last results for this item, against the limit, and how the duplicates lie.
function Drawings({ test }) {
  const { data: review } = useFetched(test.result ? `/api/v1/results/${encodeURIComponent(test.result.result)}/review` : '', test.result?.seq);
  return html`<div class="review-two drawings"><section><h3>${t('v-series')}</h3>${review ? html`<${ResultSeries} review=${review} />` : html`<${Loading} rows=${3} />`}</section><${Duplicates} test=${test} /></div>`;
}

function Evidence({ batch, test }) {
  const result = test.result, verdict = result?.verdict;
  const tone = verdict?.verdict === 'fail' ? 'fail' : verdict?.verdict === 'undetermined' ? 'und' : '';
  return html`<div class="review-test">
    <div class="review-head"><div><p class="second"><${BatchStatus} status=${batch.status} />　<a href=${`#/batches/${encodeURIComponent(batch.batch)}`}>${batch.batch}</a>${batch.sample && batch.sample !== batch.batch ? `　${batch.sample}` : ''}　${batch.producer}</p>
      <p class="second"><b>${batch.name}</b>${brackets(pick(batch, 'product'))}　${t('produced')} ${batch.produced}</p>
      <div class=${`big ${tone}`}><span class="name">${pick(test, 'analyte')}</span>${result ? html`<span class=${test.plan ? 'value list' : result.value ? 'value' : 'value none'}>${result.value || t('no-value')}</span><span class="unit">${result.value ? result.unit : ''}</span>` : html`<span class="value">—</span>`}
        <${Verdict} verdict=${verdict?.verdict} /></div>
      ${more(verdict) ? html`<p class="said">${more(verdict)}</p>` : ''}</div>
      ${result?.value && verdict?.limit && !test.plan ? html`<${Ruler} value=${result.value} bounded=${verdict.limit} unit=${result.unit} verdict=${verdict.verdict} />` : ''}</div>
    <${Checks} test=${test} />
    <${Containers} test=${test} />
    <div class="review-two"><section><h3>${t('limit')}${test.limit || verdict?.standard ? html`<a class="end" href=${clauseOf(test)}>${t('open-clause')} <kbd>L</kbd></a>` : ''}</h3><dl class="pairs"><dt>${t('standard')}</dt><dd><b>${verdict?.standard || test.limit?.standard || '—'}</b></dd>
      <dt>${t('clause')}</dt><dd>${clauseText(verdict?.clause || test.limit?.clause) || '—'}</dd><dt>${t('limit')}</dt><dd><b>${limitOf(test)}</b></dd>
      <dt>${t('compared')}</dt><dd>${verdict?.compared || '—'}</dd><dt>${t('method')}</dt><dd>${test.method_standard}　${pick(test, 'method')}</dd></dl></section>
      <section><h3>${t('derivation')}</h3><${Steps} steps=${[...(result?.derivation || []), ...(verdict?.derivation || [])]} /></section></div>
    ${result && !test.plan ? html`<${Drawings} key=${`d${result.result}`} test=${test} />` : ''}
    ${result ? html`<${ReviewBytes} key=${result.result} result=${result} test=${test} />` : ''}
    <section class="review-slots"><h3>${t('readings')}${result ? html`<a class="end" href=${trailOf(result)}>${t('to-trail')}<${Icon} name="arrow" /></a>` : ''}</h3><${SlotGrid} test=${test} /></section></div>`;
}

export function Review({ id }) {
  const { batches } = useLive();
  const queue = batches?.waiting || [];
  const chosen = queue.find((b) => b.batch === id) || queue[0];
  const { data: batch, error, retry } = useBatch(chosen?.batch || '');
  useEffect(() => {
    const first = batch?.tests?.find((test) => test.result);
    const go = (address) => () => {
      if (!first) return false;
      location.hash = address(first);
      return true;
    };
    const off = [bind('t', go((test) => trailOf(test.result))), bind('l', go(clauseOf))];
    return () => off.forEach((one) => one());
  }, [batch]);
  if (!batches) return html`<div class="review none"><${Loading} rows=${6} /></div>`;
  if (!queue.length) return html`<div class="review none"><section class="panel"><${Empty} title=${t('review-none')} how=${t('review-none-how')}><a class="button" href="#/release">${t('awaiting-release')}${batches.counts['awaiting-release'] ? ` ${batches.counts['awaiting-release']}` : ''}<${Icon} name="arrow" /></a></${Empty}></section></div>`;
  return html`<div class="review"><div class="queue"><div class="queue-head"><h2>${t('review-queue')}</h2><span class="end"><a href="#/release">${t('awaiting-release')}${batches.counts['awaiting-release'] ? ` ${batches.counts['awaiting-release']}` : ''}</a><${Keys} keys=${['J', 'K']} /></span></div>
      <div role="listbox" aria-label=${t('review-queue')}>${queue.map((one) => html`<${QueueItem} key=${one.batch} batch=${one} chosen=${one === chosen} choose=${() => {
    history.replaceState(null, '', `#/review/${encodeURIComponent(one.batch)}`);
    dispatchEvent(new HashChangeEvent('hashchange'));
  }} />`)}</div></div>
    <div class="review-evidence" tabindex="0" role="region" aria-label=${t('evidence')}>${batch ? batch.tests.map((test) => html`<${Evidence} key=${test.test} batch=${batch} test=${test} />`)
    : error ? html`<${Failed} error=${error} retry=${retry} />` : html`<${Loading} rows=${8} />`}</div>
    <${Decision} key=${chosen.batch} batch=${batch || chosen} tests=${batch?.tests} /></div>`;
}
