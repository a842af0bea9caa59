// SPDX-License-Identifier: Apache-2.0
// Trail: from a printed figure to the bytes it came from.
import { html, useEffect, useState } from './standalone.module.js';
import { useBatch, trailOf } from './batch.js';
import { useFetched } from './fetched.js';
import { Bytes, inOrder } from './bytes.js';
import { instrumentName } from './instruments.js';
import { bind } from './keys.js';
import { useLive } from './live.js';
import { Empty, Failed, Loading, Symbol, Verdict, limitOf, rowProps, short } from './parts.js';
import { Proof } from './proof.js';
import { Steps } from './review.js';
import { Search, Story } from './story.js';
import { bytesOf, clauseText, clock, day, grouped, limitText, withUnit } from './text.js';
import { t, pick, more } from './words.js';

// A result can be entered by its number, or as ?BATCH from the list.
function Chooser({ wanted }) {
  const { data: latest } = useFetched('/api/v1/batches?order=-received&limit=50', '');
  const { data, error } = useBatch(wanted);
  const first = data?.tests?.map((test) => test.result).find(Boolean);
  useEffect(() => {
    if (first) location.replace(trailOf(first));
  }, [first]);
  const rows = (latest?.batches || []).filter((b) => b.tests_done > 0);
  if (wanted && !data && !error) return html`<div class="trail-none"><${Loading} rows=${6} /></div>`;
  return html`<div class="trail-none"><${Search} /><section class="panel"><${Empty} title=${t('trail-none')} how=${t('trail-none-how')} />
    <ul class="choices">${rows.map((b) => html`<li key=${b.batch} ...${rowProps(() => {
    location.hash = `#/trail/?${encodeURIComponent(b.batch)}`;
  })}><b>${b.batch}</b><span>${b.name}</span><span class="third">${b.producer}</span><${Verdict} verdict=${b.verdict} /></li>`)}</ul></section></div>`;
}

const at = (entry) => (entry ? html`<span class="seq">#${grouped(entry.seq)}<br />${entry.at ? `${day(entry.at)} ${clock(entry.at)}` : ''}</span>` : html`<span class="seq"></span>`);

// One step of the chain; pressed, the proof of its entry is shown.
function Node({ name, entry, node, chosen, choose, children }) {
  const on = !!node && chosen === node;
  return html`<li class=${`node${on ? ' on' : ''}`}><span class="dot"></span><span class="k">${entry ? html`<button class="node-name" aria-pressed=${on} onClick=${() => choose(node)}>${name}</button>` : name}</span><div class="m">${children}</div>${at(entry)}</li>`;
}

// One group for each replicate, in the order they were weighed.
function Choices({ readings, index, choose }) {
  const replicates = [...new Set(readings.map((r) => r.replicate))].sort((a, b) => a - b);
  return html`<div class="reading-choices" role="group" aria-label=${t('readings')}>${replicates.map((replicate) => html`<span class="third" key=${replicate}>${t('replicate', replicate)}</span>
    ${readings.map((r, i) => r.replicate === replicate && html`<button key=${i} data-reading=${i} aria-pressed=${i === index} onClick=${() => choose(i)}>
      <${Symbol} name=${r.slot} />　${withUnit(r.value, r.unit)}${r.ordinal > 1 ? html`<span class="third">　${t('times', r.ordinal)}</span>` : ''}</button>`)}`)}</div>`;
}

const last = (list, test) => [...(list || [])].reverse().find(test);

// The batch's own steps after the verdict: reviews, release, certificate, newest first.
function Decisions({ batch, ...pressed }) {
  const certificate = last(batch.certificates, (one) => !one.replaced_by) || last(batch.certificates, () => true);
  const signed = (batch.reviews || []).filter((one) => one.action !== 'trail-read');
  return html`${certificate ? html`<${Node} name=${t('certificate')} entry=${{ seq: certificate.seq, at: certificate.issued || certificate.at }} node="certificate" ...${pressed}>
      <div><a href=${`#/certificate/${encodeURIComponent(certificate.certificate)}`}>${certificate.certificate}</a></div><div><${Verdict} verdict=${certificate.verdict} tag=${false} /></div></${Node}>` : ''}
    ${[...signed].reverse().map((one) => html`<${Node} key=${one.seq} name=${t(one.action === 'release' || one.action === 'amend' ? 'release' : 'review')} entry=${one} node=${`review-${one.seq}`} ...${pressed}>
      <div>${one.who}　${t(one.action)}</div><div class="third" title=${one.reason}>${one.reason}</div></${Node}>`)}`;
}

function Chain({ trace, index, choose, node, chooseNode }) {
  const { lines } = useLive();
  const { result, limit, method, readings, test, batch } = trace;
  const verdict = result.verdict, reading = readings[index], exchange = reading?.exchange;
  const who = reading && instrumentName(lines, reading.instrument);
  const pressed = { chosen: node, choose: chooseNode };
  return html`<section class="chain" aria-label=${t('trail')}><header><p class="second"><a href=${`#/batches/${encodeURIComponent(batch.batch)}`}>${batch.batch}</a>　${batch.name}　${batch.producer}</p>
      <div class=${`figure ${verdict?.verdict || ''}`}><span>${pick(test, 'analyte')}</span> ${result.value || '—'} <small>${result.value ? result.unit : ''}</small></div></header>
    <ol><${Decisions} batch=${batch} ...${pressed} />
      <${Node} name=${t('verdict')} entry=${verdict} node="verdict" ...${pressed}><div><${Verdict} verdict=${verdict?.verdict} tag=${false} /></div><div class="third" title=${pick(verdict, 'text')}>${more(verdict) || (verdict?.compared ? `${verdict.compared}　${limitText(verdict.limit)}` : '')}</div></${Node}>
      <${Node} name=${t('limit')}><div>${limit ? `${limit.standard}　${clauseText(limit.clause)}` : `${verdict?.standard || ''}　${limitOf(test)}`}</div><div class="third">${limit ? html`${limitText(limit.text) || limitOf(test)}　${short(limit.sha256, 12)}` : ''}</div></${Node}>
      <${Node} name=${t('result')} entry=${result} node="result" ...${pressed}><div>${result.value ? withUnit(result.value, result.unit) : t('no-value')}${verdict?.compared ? html`　<span class="third">${t('exact')} ${verdict.compared}</span>` : ''}</div>
        <div class="third">${test.method_standard || method?.id}　${pick(test, 'method')}</div></${Node}>
      <${Node} name=${t('readings')}><${Choices} readings=${readings} index=${index} choose=${choose} /></${Node}>
      ${reading ? html`<${Node} name=${t('frame')}><div>${reading.typed ? t('typed-trail') : t('n-bytes', reading.frame_length)}　${who}</div>
        <div class="third">${reading.driver ? html`${t('driver')} ${reading.driver.name} ${reading.driver.version}　${short(reading.driver.sha256, 12)}` : ''}</div></${Node}>
      <${Node} name=${t('bytes')} entry=${exchange} node="bytes" ...${pressed}><div>${exchange ? t('n-bytes', bytesOf(exchange.received).length) : t('typed-trail')}</div><div>${t('bytes-first')}</div></${Node}>` : ''}</ol></section>`;
}

// The entry whose proof is shown: that of the chosen step.
function entryOf({ result, batch }, node, reading) {
  if (node === 'verdict') return result.verdict?.seq;
  if (node === 'result') return result.seq;
  if (node === 'certificate') return last(batch.certificates, () => true)?.seq;
  if (node.startsWith('review-')) return Number(node.slice(7));
  return reading?.exchange?.seq ?? result.seq;
}

function Details({ trace, reading, node }) {
  const { limit, method, result } = trace;
  const steps = trace.steps?.length ? trace.steps : [...(result.derivation || []), ...(result.verdict?.derivation || [])];
  return html`<div class="trail-details" tabindex="0" role="region" aria-label=${t('derivation')}>${reading ? html`<${Bytes} reading=${reading} />` : ''}
    <${Proof} key=${entryOf(trace, node, reading)} seq=${entryOf(trace, node, reading)} proofOf=${trace.batch.batch} />
    <section class="panel"><div class="panel-head"><h2>${t('derivation')}</h2><span class="end"><code>${trace.test.formula}</code></span></div><div class="panel-body"><${Steps} steps=${steps} /></div></section>
    <div class="trail-two"><section class="panel"><div class="panel-head"><h2>${t('clause')}</h2></div><div class="panel-body"><dl class="pairs">
        ${limit ? html`<dt>${t('standard')}</dt><dd><b>${limit.standard}</b></dd><dt>${t('clause')}</dt><dd class="wraps">${clauseText(limit.clause)}</dd><dt>${t('limit')}</dt><dd><b>${limitText(limit.text) || limitOf({ result })}</b></dd>
          <dt>${t('source-of')}</dt><dd class="wraps">${limit.source || '—'}</dd><dt>${t('confidence')}</dt><dd>${limit.confidence || '—'}</dd>` : html`<dt>${t('limit')}</dt><dd>${limitOf({ result })}</dd>`}</dl></div></section>
      <section class="panel"><div class="panel-head"><h2>${t('digests')}</h2><span class="end">SHA-256</span></div><div class="panel-body"><dl class="pairs">
        ${limit ? html`<dt>${t('limit')}</dt><dd class="wraps">${limit.file}${limit.line ? `:${limit.line}` : ''}<br />${short(limit.sha256, 24)}</dd>` : ''}
        ${method ? html`<dt>${t('method')}</dt><dd class="wraps">${method.file}<br />${short(method.sha256, 24)}</dd>` : ''}</dl>
        <div class="offline"><span>${t('check-offline')}</span><code>assay verify DIR</code></div></div></section></div>
    <${Story} about=${result.result} version=${result.seq} /></div>`;
}

// The trace names its batch and test; their own words come with the batch.
function useTrace(id) {
  const { data: found, error, retry } = useFetched(id ? `/api/v1/results/${encodeURIComponent(id)}/trace` : '', '');
  const { data: batch } = useBatch(found ? found.batch?.batch || found.batch : '');
  const test = batch?.tests?.find((one) => one.test === (found?.test?.test || found?.test));
  const trace = found && test ? { ...found, batch, test, result: test.result, readings: inOrder(found.readings) } : null;
  return { trace, error, retry };
}

export function Trail({ id, more: reading }) {
  const choosing = !id || id[0] === '?';
  const { trace, error, retry } = useTrace(choosing ? '' : id);
  const [index, set] = useState(Number(reading) || 0);
  const [node, setNode] = useState('bytes');
  const choose = (i) => {
    set(i);
    setNode('bytes');
  };
  const count = trace?.readings?.length || 0;
  useEffect(() => set(Number(reading) || 0), [id]);
  useEffect(() => {
    const step = (by) => () => set((i) => Math.max(0, Math.min(count - 1, i + by)));
    const off = [bind('[', step(-1)), bind(']', step(1)), bind('escape', () => {
      if (!trace) return false;
      location.hash = `#/batches/${encodeURIComponent(trace.batch.batch)}`;
      return true;
    })];
    return () => off.forEach((one) => one());
  }, [trace, count]);
  if (choosing) return html`<${Chooser} wanted=${id.slice(1)} />`;
  if (error && !trace) return html`<div class="trail-none"><section class="panel"><${Failed} error=${error} retry=${retry} /></section></div>`;
  if (!trace) return html`<div class="trail-none"><${Loading} rows=${8} /></div>`;
  return html`<div class="trail"><${Chain} trace=${trace} index=${index} choose=${choose} node=${node} chooseNode=${setNode} /><${Details} trace=${trace} reading=${trace.readings[index]} node=${node} /></div>`;
}
