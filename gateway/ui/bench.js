// SPDX-License-Identifier: Apache-2.0
// Bench: what fills next, is it stable, is anything dead.
import { html, useEffect, useRef, useState } from './standalone.module.js';
import { BenchActions } from './bench_actions.js';
import { Frames } from './frames.js';
import { useAtMost, useFetched } from './fetched.js';
import { Icon } from './icons.js';
import { Instruments, findInstrument } from './instruments.js';
import { gatewayNow, traceOf, useLive } from './live.js';
import { Empty, Loading, Status, Symbol, Trace, Verdict } from './parts.js';
import { batchOf, takeScans } from './scan.js';
import { may, useSession } from './session.js';
import { SlotGrid, currentSlots, rowName, slotLabel } from './slots.js';
import { NBSP, clock, limitText, range, readingWord, settledLength, withUnit } from './text.js';
import { t, pick, brackets, more } from './words.js';

const SPAN_MS = 20000;
const GREEN_MS = 2000;

// The instrument whose readings the job is about: the armed slot's, else the last one that filled a slot.
function benchInstrument(test, lines) {
  const armed = test.slots.find((s) => s.status === 'armed' && s.instrument);
  const used = [...test.slots].filter((s) => s.instrument).sort((a, b) => a.seq - b.seq).pop();
  return findInstrument(lines, (armed || used)?.instrument);
}

// The latest fill or refusal of this test that happened while we watched.
function useEventOf(test) {
  const [event, set] = useState(null);
  const known = useRef(null);
  useEffect(() => {
    const now = new Map((test?.slots || []).map((s) => [`${s.slot}.${s.replicate}.${s.ordinal}`, s]));
    const before = known.current;
    known.current = { test: test?.test, now };
    if (!before || before.test !== test?.test) return undefined;
    const filled = [...now].find(([key, s]) => s.status === 'filled' && before.now.get(key)?.status !== 'filled');
    if (!filled) return undefined;
    set({ slot: filled[1] });
    const timer = setTimeout(() => set(null), GREEN_MS);
    return () => clearTimeout(timer);
  }, [test]);
  return event;
}


function Instruction({ test, who, event }) {
  const armed = test.slots.find((s) => s.status === 'armed');
  const refused = currentSlots(test).find((s) => s.status === 'refused');
  if (event)
    return html`<div class="instruction pass" role="status"><${Icon} name="check" /><span>${t('just-filled')} ${rowName(test, event.slot.replicate)} <${Symbol} name=${event.slot.slot} /></span>
      <span class="end">${withUnit(event.slot.value, event.slot.unit)}</span></div>`;
  if (refused)
    return html`<div class="instruction und" role="status"><${Icon} name="warn" /><span>${t('was-refused')} ${rowName(test, refused.replicate)} <${Symbol} name=${refused.slot} /></span>
      <span class="end">${pick(refused, 'reason')}</span></div>`;
  if (armed)
    return html`<div class="instruction accent" role="status"><${Icon} name="armed" />
      <span class="what">${t('next', pick(who?.instrument, 'name') || armed.instrument)}</span><span class="to">→</span>
      <span class="what">${rowName(test, armed.replicate)}　<${Symbol} name=${armed.slot} />${slotLabel(armed)}</span>
      <span class="end">${t('next-how')}</span></div>`;
  if (test.result)
    return html`<div class="instruction plain" role="status"><${Verdict} verdict=${test.result.verdict?.verdict} />
      <span class="what">${more(test.result.verdict) || t('job-done')}</span></div>`;
  const first = currentSlots(test).find((s) => s.status === 'empty');
  return html`<div class="instruction plain" role="status"><${Icon} name="empty" /><span>${t('none-armed')}</span>
    ${first ? html`<span class="end">${t('arm-how')}<code>assay test fill ${test.test} ${first.slot} --replicate ${first.replicate} --instrument …</code></span>` : ''}</div>`;
}

function Number({ value, unit, stable, points }) {
  const settled = stable ? value.length : settledLength([...points.slice(-5).map((p) => p.value)]);
  return html`<div class="live-number" aria-label=${withUnit(value, unit)}><span class="settled">${value.slice(0, settled)}</span><span class="moving">${value.slice(settled)}</span><small>${NBSP}${unit}</small></div>`;
}

// The line's own word comes before any number, and a number that is no longer current is not in bold.
function LiveReading({ who }) {
  const { feed } = useLive();
  const channel = who?.instrument.channels?.[0];
  const now = gatewayNow();
  if (!channel) return html`<div class="live"><div class="live-number"><span class="word">${t('no-reading')}</span></div></div>`;
  const dead = ['down', 'silent', 'locked'].includes(who.line.status);
  const word = dead ? t(who.line.status) : readingWord(channel);
  const points = traceOf(who.instrument.instrument, channel.channel);
  const stable = channel.flags?.includes('stable');
  const stale = dead || feed === 'lost' || now - new Date(channel.at).getTime() > 90000;
  const name = pick(who.instrument, 'name');
  const state = channel.flags?.find((f) => f === 'stable' || f === 'dynamic' || f === 'over' || f === 'under');
  return html`<div class=${`live${stale ? ' stale' : ''}`}>
    ${word ? html`<div class="live-number"><span class="word">${word}</span></div>`
      : html`<${Number} value=${channel.value} unit=${channel.unit} stable=${stable && !stale} points=${stale ? [] : points} />`}
    <div class="live-trace">
      <${Trace} points=${points} span=${SPAN_MS} now=${now} width=${300} height=${64} tone="accent" settled=${stable ? channel.value : ''} />
      <div class="caption"><span>${t('seconds-ago', 20)}</span>
        ${stale ? html`<${Status} icon="silent" word=${t('read-at', clock(channel.at, 'second'))} />`
      : state ? html`<${Status} icon=${state === 'stable' ? 'check' : 'wave'} tone=${state === 'stable' ? 'pass' : 'accent'} word=${t('report', name, t(state))} />` : ''}
        <span>${t('now')}</span></div></div></div>`;
}

const MS_PER_MIN = 60000;

function Evidence({ test, lines }) {
  return html`<div class="evidence">${test.evidence.map((e) => {
    const who = findInstrument(lines, e.instrument);
    const name = pick(who?.instrument, 'name') || e.instrument || e.role;
    const minutes = e.from && e.to ? Math.round((new Date(e.to) - new Date(e.from)) / MS_PER_MIN) : 0;
    const seen = e.min && e.max ? range(e.min, e.max, e.unit) : '';
    const wanted = t('band', range(e.low, e.high, e.unit));
    if (!e.status) return html`<div key=${e.role}><${Status} icon="empty" word=${`${name}　${wanted}`} /><p>${t('evidence-not-yet')}</p></div>`;
    const tone = e.status === 'in' ? 'pass' : e.status === 'missing' ? 'und' : 'fail';
    return html`<div key=${e.role}><${Status} icon=${e.status === 'in' ? 'check' : 'warn'} tone=${tone}
      word=${e.status === 'missing' ? `${name}　${t('evidence-missing')}` : `${name}　${t(e.status)}${minutes ? `　${minutes}${NBSP}min` : ''}`} />
      <p>${seen ? `${seen}　` : ''}${wanted}</p></div>`;
  })}</div>`;
}

function Job({ test, lines }) {
  const me = useSession();
  const [asked, ask] = useState(null);
  const who = benchInstrument(test, lines);
  const event = useEventOf(test);
  const cells = currentSlots(test);
  const filled = cells.filter((s) => s.status === 'filled').length;
  return html`<section class="panel job" aria-label=${`${test.batch_name} ${pick(test, 'analyte')}`}>
    <div class="job-head"><h2><a href=${test.control ? '#/quality' : `#/batches/${encodeURIComponent(test.batch)}`}>${test.batch_name}</a>　${pick(test, 'analyte')}</h2>
      <p>${[test.sample, test.method_standard, test.limit ? `${limitText(test.limit.text)}${brackets(test.limit.standard)}` : ''].filter(Boolean).join('　')}</p>
      <span class="step">${t('filled_of', filled, cells.length)}</span></div>
    <${Instruction} test=${test} who=${who} event=${event} />
    <${LiveReading} who=${who} />
    <${SlotGrid} test=${test} press=${me.user && may('test.fill') && !test.result ? ask : undefined} />
    <div class="job-foot">
      <${BenchActions} test=${test} asked=${ask} answered=${asked} />
      ${test.result ? html`<a class="result-link" href=${`#/trail/${encodeURIComponent(test.result.result)}`}><span class="third">${t('result')}</span>
        <b>${withUnit(test.result.value || t('no-value'), test.result.value && test.result.unit)}</b><${Verdict} verdict=${test.result.verdict?.verdict} /><span>${t('to-trail')}</span><${Icon} name="arrow" /></a>` : ''}
      <${Evidence} test=${test} lines=${lines} /></div></section>`;
}

// The tests of one batch, those still open first; of the gateway's own choice when no batch was scanned.
function useTests(id) {
  const { bench, gateway } = useLive();
  const { data: batch } = useFetched(id ? `/api/v1/batches/${encodeURIComponent(id)}` : '', JSON.stringify([(bench?.tests || []).filter((test) => test.batch === id), useAtMost(gateway?.applied, 1000)]));
  if (!id) return bench?.tests || [];
  const own = new Map((bench?.tests || []).map((test) => [test.test, test]));
  return (batch?.tests || []).map((test) => own.get(test.test) || { ...test, batch_name: batch.name || pick(batch, 'product'), lot: batch.lot, sample: batch.sample }).sort((a, b) => (a.result ? 1 : 0) - (b.result ? 1 : 0));
}

export function Bench({ id }) {
  const { bench, lines, frames } = useLive();
  const [chosen, choose] = useState('');
  const tests = useTests(id || '');
  useEffect(() => takeScans(async (text) => {
    const { batch } = await batchOf(text);
    if (batch) location.hash = `#/bench/${encodeURIComponent(batch.batch)}`;
    return !!batch;
  }), []);
  const test = tests.find((one) => one.test === chosen) || tests[0];
  useEffect(() => { // a worksheet that is done stays until another is chosen
    if (id && test && test.test !== chosen) choose(test.test);
  }, [id, test?.test]);
  const latest = currentSlots(test || { slots: [] }).map((s) => s.instrument).find(Boolean);
  return html`<div class="bench">
    ${!bench ? html`<section class="panel job"><${Loading} rows=${6} /></section>`
      : test ? html`<div class="job-place">${tests.length > 1 || id ? html`<div class="job-tabs" role="group">${id ? html`<a class="back" href="#/bench"><${Icon} name="back" />${t('bench-all')}</a>` : ''}${tests.map((one) => html`<button key=${one.test}
          aria-pressed=${one === test} onClick=${() => choose(one.test)}>${one.batch_name}　${pick(one, 'analyte')}</button>`)}</div>` : ''}
          <${Job} key=${test.test} test=${test} lines=${lines} /></div>`
        : html`<section class="panel job"><${Empty} title=${t('bench-none')} how=${t('bench-none-how')} command="assay batch new --help" /></section>`}
    <${Instruments} lines=${lines} armed=${test?.slots.find((s) => s.status === 'armed')?.instrument} />
    <${Frames} frames=${frames} lines=${lines} watched=${latest} /></div>`;
}
