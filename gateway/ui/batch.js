// SPDX-License-Identifier: Apache-2.0
// One batch: its verdict and the scope it covers, its tests with their worksheets and results.
import { html, useEffect } from './standalone.module.js';
import { instrumentName } from './instruments.js';
import { useAtMost, useFetched } from './fetched.js';
import { Icon } from './icons.js';
import { bind } from './keys.js';
import { useLive } from './live.js';
import { BatchStatus, Empty, Failed, Loading, Status, Verdict, limitOf, rowProps } from './parts.js';
import { Containers } from './containers.js';
import { SlotGrid } from './slots.js';
import { may } from './session.js';
import { Story } from './story.js';
import { clauseText, clock, day, range, withUnit } from './text.js';
import { t, pick, learn, more } from './words.js';

learn({ specs: ['规格', 'Specs'], 'specs-bundle': ['包 {}', 'bundle {}'], 'specs-then': ['登记时的，已非现行', 'of its registration, no longer in force'] });

export const trailOf = (result) => `#/trail/${encodeURIComponent(result.result)}`;

// Read again when the journal has grown, but not more often than a person can look.
export function useBatch(id) {
  const { bench, batches, gateway } = useLive();
  const waits = (batches?.waiting || []).find((b) => b.batch === id);
  const own = (bench?.tests || []).filter((test) => test.batch === id);
  return useFetched(id ? `/api/v1/batches/${encodeURIComponent(id)}` : '', JSON.stringify([waits, own, useAtMost(gateway?.applied, 3000)]));
}

// The set it is judged by to its end, whatever came in force meanwhile.
const specsWords = (specs) => (specs ? `${specs.sha256.slice(0, 12)}${specs.serial ? `　${t('specs-bundle', specs.serial)}` : ''}${specs.in_force ? '' : `　${t('specs-then')}`}` : '');

function Facts({ batch }) {
  const facts = [['producer', batch.producer], ['lot', batch.lot], ['produced', batch.produced], ['sample', batch.sample], ['amount', batch.amount],
    ['received', `${day(batch.received)} ${clock(batch.received)}`], ['origin', batch.origin ? t(`origin-${batch.origin}`).replace(/^origin-/, '') : ''], ['specs', specsWords(batch.specs)]];
  return html`<dl class="facts">${facts.filter(([, value]) => value && value.trim()).map(([key, value]) => html`<div key=${key}><dt>${t(key)}</dt><dd>${value}</dd></div>`)}</dl>`;
}

function EvidenceLine({ test }) {
  const { lines } = useLive();
  return html`<div class="evidence-line">${(test.evidence || []).map((e) => html`<span key=${e.role}>
    ${e.status === 'in' ? html`<${Status} icon="check" tone="pass" word=${t('in')} />`
    : e.status ? html`<${Status} icon="warn" tone=${e.status === 'missing' ? 'und' : 'fail'} word=${e.status === 'missing' ? t('evidence-missing') : t(e.status)} />`
      : html`<${Status} icon="empty" word=${t('evidence-not-yet')} />`}
    <span class="third">　${instrumentName(lines, e.instrument) || e.role}${e.min ? `　${range(e.min, e.max, e.unit)}` : ''}　${t('band', range(e.low, e.high, e.unit))}</span></span>`)}</div>`;
}

function Test({ test }) {
  const result = test.result;
  const open = () => {
    if (result) location.hash = trailOf(result);
  };
  return html`<section class="panel test" aria-label=${pick(test, 'analyte')}>
    <div class="test-head" ...${result ? rowProps(open) : {}}><h2>${pick(test, 'analyte')}</h2>
      <span class="figure">${result ? (result.value ? withUnit(result.value, result.unit) : t('no-value')) : '—'}</span>
      <${Verdict} verdict=${result?.verdict?.verdict} />
      <span class="third what">${limitOf(test)}　${test.limit ? `${test.limit.standard} ${clauseText(test.limit.clause)}` : result?.verdict?.standard || ''}</span>
      ${result ? html`<a class="end" href=${trailOf(result)}>${t('to-trail')}<${Icon} name="arrow" /></a>` : html`<span class="end"><${Status} icon=${test.status === 'done' ? 'check' : test.status} word=${t(test.status)} /></span>`}</div>
    ${more(result?.verdict) ? html`<p class="said">${more(result.verdict)}</p>` : ''}
    <p class="method third">${test.method_standard}　${pick(test, 'method')}　<code>${test.formula}</code></p>
    <${Containers} test=${test} /><${SlotGrid} test=${test} /><${EvidenceLine} test=${test} /></section>`;
}

export function BatchPage({ id }) {
  const { data: batch, error, retry } = useBatch(id);
  useEffect(() => {
    const off = [bind('escape', () => {
      location.hash = '#/batches';
      return true;
    }), bind('t', () => {
      const result = batch?.tests?.map((test) => test.result).find(Boolean);
      if (!result) return false;
      location.hash = trailOf(result);
      return true;
    })];
    return () => off.forEach((one) => one());
  }, [batch]);
  if (error && !batch) return html`<div class="batch"><section class="panel"><${Failed} error=${error} retry=${retry} /></section></div>`;
  if (!batch) return html`<div class="batch"><section class="panel"><${Loading} rows=${6} /></section></div>`;
  return html`<div class="batch"><section class="panel batch-head">
      <a class="back" href="#/batches"><${Icon} name="back" />${t('batches')}</a>
      <div class="title"><h2>${batch.name || pick(batch, 'product')}</h2><span class="second">${batch.batch}　${pick(batch, 'product')}</span></div>
      <div class="verdict-line"><span class="big"><${Verdict} verdict=${batch.verdict} /></span><${BatchStatus} status=${batch.status} /></div>
      ${batch.unverified?.length ? html`<p class="said" id="unverified">${t('not-verified', batch.unverified.map((seq) => `#${seq}`).join(' '))}</p>` : ''}
      ${more(batch) ? html`<p class="said">${more(batch)}</p>` : ''}
      ${pick(batch.scope, 'text') ? html`<p class="scope"><span class="third">${t('scope')}</span>　${pick(batch.scope, 'text')}</p>` : ''}
      <${Facts} batch=${batch} />
      <div class="buttons start">${batch.status === 'awaiting-release' ? html`<a class="button primary" href=${`#/release/${encodeURIComponent(batch.batch)}`}><${Icon} name="awaiting-release" />${t('release')}</a>` : ''}
        ${batch.status === 'awaiting-review' ? html`<a class="button primary" href=${`#/review/${encodeURIComponent(batch.batch)}`}>${t('review')}</a>` : ''}
        ${(batch.certificates || []).map((one) => html`<a key=${one.certificate} class="button" href=${`#/certificate/${encodeURIComponent(one.certificate)}`}><${Icon} name="released" />${one.certificate}</a>`)}
        ${['to-test', 'testing'].includes(batch.status) && may('test.fill') ? html`<a class="button" href=${`#/bench/${encodeURIComponent(batch.batch)}`}>${t('to-bench')}</a>` : ''}
        <a class="button" id="labels" href=${`/api/v1/batches/${encodeURIComponent(batch.batch)}/labels`} target="_blank" rel="noopener"><${Icon} name="scan" />${t('labels')}</a></div></section>
    ${(batch.tests || []).map((test) => html`<${Test} key=${test.test} test=${test} />`)}
    <section class="panel reviews"><div class="panel-head"><h2>${t('reviews')}</h2></div>
      ${batch.reviews?.length ? html`<ol>${batch.reviews.map((r) => html`<li key=${r.seq}><b>${t(r.action)}</b>　${r.who}　<span class="third">${day(r.at)} ${clock(r.at)}　#${r.seq}</span><p>${r.reason}</p></li>`)}</ol>`
    : html`<${Empty} title=${t('reviews-none')} />`}</section>
    <${Story} about=${batch.batch} version=${JSON.stringify([batch.seq, batch.status, batch.reviews?.length])} /></div>`;
}
