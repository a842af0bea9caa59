// SPDX-License-Identifier: Apache-2.0
// A channel against its allowed band over the last minutes or hours: a drawing, and the readings behind it as a table.
import { html, useEffect, useRef, useState } from './standalone.module.js';
import { bind } from './keys.js';
import { gatewayNow, read } from './live.js';
import { Empty, Failed, Loading, Status } from './parts.js';
import { clock, day, grouped, inBand, plot, range, withUnit } from './text.js';
import { t, pick, learn } from './words.js';

learn({
  history: ['历史', 'History'], 'history-of': ['{} 的 {}', '{}, {}'], 'h-10': ['10 分', '10 min'], 'h-60': ['1 时', '1 h'], 'h-480': ['8 时', '8 h'],
  'h-none': ['这段时间没有读数。', 'No readings in this time.'], 'h-count': ['{} 个读数', '{} readings'], 'h-out': ['越界 {}', '{} out of band'],
  'h-least': ['最小 {}', 'lowest {}'], 'h-most': ['最大 {}', 'highest {}'], 'h-table': ['读数表', 'The readings'], 'h-last': ['最近 {} 个', 'latest {}'],
  'h-time': ['时间', 'Time'], 'h-flags': ['状态', 'Flags'], 'h-gap': ['断开的地方没有读数', 'no readings where the line is broken'],
});

const RANGES = [['h-10', 10], ['h-60', 60], ['h-480', 480]];
const HEIGHT = 240, LEFT = 64, BOTTOM = 24, TOP = 10;
const ROWS = 200, PAGES = 8, PAGE = 5000;

// One answer holds 5000 readings, oldest first: the next begins where it ended.
async function fetchAll(instrument, channel, fromMs) {
  const all = [];
  let from = new Date(fromMs).toISOString();
  for (let i = 0; i < PAGES; i++) {
    const { readings } = await read(`/api/v1/history?instrument=${encodeURIComponent(instrument)}&channel=${encodeURIComponent(channel)}&from=${encodeURIComponent(from)}`);
    const known = new Set(all.slice(-50).map((r) => `${r.seq}.${r.idx}`));
    all.push(...readings.filter((r) => !known.has(`${r.seq}.${r.idx}`)));
    if (readings.length < PAGE) break;
    from = readings[readings.length - 1].at;
  }
  return all;
}

// Two decimals given as text, which is less: only for naming the lowest and highest.
function extremes(readings) {
  const numbers = readings.filter((r) => !Number.isNaN(plot(r.value)));
  if (!numbers.length) return null;
  return numbers.reduce((m, r) => ({ least: plot(r.value) < plot(m.least.value) ? r : m.least, most: plot(r.value) > plot(m.most.value) ? r : m.most }), { least: numbers[0], most: numbers[0] });
}

// At most one point low and one high for each pixel; a pause of more than 90 s, and longer than 3 % of the span, breaks the line.
function lines(readings, x, y, spanMs) {
  const out = [], gap = Math.max(90000, spanMs * 0.03);
  let run = [], column = null, last = 0;
  const close = () => {
    if (column) run.push(...(column.first <= column.second ? [column.low, column.high] : [column.high, column.low]));
    column = null;
  };
  for (const r of readings) {
    const v = plot(r.value), at = new Date(r.at).getTime();
    if (Number.isNaN(v) || (last && at - last > gap)) {
      close();
      if (run.length) out.push(run);
      run = [];
    }
    last = at;
    if (Number.isNaN(v)) continue;
    const px = Math.round(x(at)), point = `${px},${y(v).toFixed(1)}`;
    if (!column || column.px !== px) {
      close();
      column = { px, min: v, max: v, low: point, high: point, first: 0, second: 0, n: 0 };
    } else {
      column.n++;
      if (v < column.min) Object.assign(column, { min: v, low: point, first: column.n });
      if (v > column.max) Object.assign(column, { max: v, high: point, second: column.n });
    }
  }
  close();
  if (run.length) out.push(run);
  return out;
}

function Chart({ readings, channel, from, to }) {
  const WIDTH = Math.max(280, Math.min(720, innerWidth - 72)); // so that its text keeps its size on a phone
  const values = readings.map((r) => plot(r.value)).filter((v) => !Number.isNaN(v));
  const bands = [channel.band_low, channel.band_high].map((text) => [text, plot(text)]).filter(([, v]) => !Number.isNaN(v));
  let min = Math.min(...values, ...bands.map(([, v]) => v)), max = Math.max(...values, ...bands.map(([, v]) => v));
  const pad = (max - min || Math.abs(max) * 0.001 || 1) * 0.1;
  min -= pad;
  max += pad;
  const x = (at) => LEFT + ((at - from) / (to - from)) * (WIDTH - LEFT - 8);
  const y = (v) => TOP + (1 - (v - min) / (max - min)) * (HEIGHT - TOP - BOTTOM);
  const ends = extremes(readings);
  const ticks = (WIDTH < 500 ? [0, 0.5, 1] : [0, 0.25, 0.5, 0.75, 1]).map((part) => from + part * (to - from));
  return html`<svg class="history" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${`${t('h-count', readings.length)}, ${ends ? `${t('h-least', ends.least.value)}, ${t('h-most', ends.most.value)}` : ''} ${channel.unit}`}>
    ${bands.length === 2 ? html`<rect class="allowed" x=${LEFT} width=${WIDTH - LEFT - 8} y=${y(bands[1][1])} height=${Math.max(0, y(bands[0][1]) - y(bands[1][1]))} />` : ''}
    ${bands.map(([text, v]) => html`<line class="guide" x1=${LEFT} x2=${WIDTH - 8} y1=${y(v)} y2=${y(v)} /><text x=${LEFT - 6} y=${y(v) + 4} text-anchor="end" class="strong">${text}</text>`)}
    ${ends && !bands.length ? [ends.most, ends.least].map((r) => html`<text x=${LEFT - 6} y=${y(plot(r.value)) + 4} text-anchor="end">${r.value}</text>`) : ''}
    ${ticks.map((at, i) => html`<line class="tick" x1=${x(at)} x2=${x(at)} y1=${HEIGHT - BOTTOM} y2=${HEIGHT - BOTTOM + 4} /><text x=${x(at)} y=${HEIGHT - 6} text-anchor=${i === 0 ? 'start' : at === to ? 'end' : 'middle'}>${clock(at)}</text>`)}
    <line class="axis" x1=${LEFT} x2=${WIDTH - 8} y1=${HEIGHT - BOTTOM} y2=${HEIGHT - BOTTOM} />
    ${lines(readings, x, y, to - from).map((run, i) => html`<polyline key=${i} points=${run.join(' ')} />`)}
    ${readings.filter((r) => ['low', 'high'].includes(inBand(r.value, channel.band_low, channel.band_high))).slice(-300).map((r) => html`<rect class="beyond" x=${x(new Date(r.at).getTime()) - 2} y=${y(plot(r.value)) - 2} width="4" height="4" />`)}</svg>`;
}

function Table({ readings, channel }) {
  return html`<details class="history-table"><summary>${t('h-table')}　<span class="third">${t('h-last', Math.min(ROWS, readings.length))}</span></summary><div class="table-scroll"><table><thead><tr><th>${t('h-time')}</th><th class="right">${t('reading')}</th><th>${t('h-flags')}</th><th class="right">${t('seq')}</th></tr></thead>
    <tbody>${readings.slice(-ROWS).reverse().map((r) => {
    const where = inBand(r.value, channel.band_low, channel.band_high);
    return html`<tr key=${`${r.seq}.${r.idx}`}><td>${day(r.at)} ${clock(r.at, 'second')}</td><td class="right"><b>${withUnit(r.value || t('no-reading'), r.value ? r.unit : '')}</b></td>
      <td>${where === 'low' || where === 'high' ? html`<${Status} icon="warn" tone="fail" word=${t(where)} />` : where === 'in' ? html`<${Status} icon="check" word=${t('in')} />` : ''}</td><td class="right third">#${grouped(r.seq)}</td></tr>`;
  })}</tbody></table></div></details>`;
}

export function History({ instrument, channel, close }) {
  const dialog = useRef(null);
  const [minutes, setMinutes] = useState(60);
  const [got, set] = useState({ minutes: 0, readings: null, error: null, to: 0 });
  const fetchIt = () => {
    const to = gatewayNow();
    fetchAll(instrument.instrument, channel.channel, to - minutes * 60000).then((readings) => set({ minutes, readings, error: null, to }), (error) => set({ minutes, readings: null, error, to }));
  };
  useEffect(() => {
    dialog.current.showModal();
    return bind('escape', () => {
      close();
      return true;
    });
  }, []);
  useEffect(fetchIt, [minutes]);
  const { readings, error, to } = got, ends = readings && extremes(readings);
  const out = (readings || []).filter((r) => ['low', 'high'].includes(inBand(r.value, channel.band_low, channel.band_high))).length;
  return html`<dialog class="help history-dialog" ref=${dialog} onClose=${close} aria-label=${t('history-of', pick(instrument, 'name'), pick(channel, 'name'))}>
    <div class="panel-head"><h2>${t('history-of', pick(instrument, 'name'), pick(channel, 'name'))}</h2>
      <span class="end"><span class="segments" role="group" aria-label=${t('history')}>${RANGES.map(([word, of]) => html`<button key=${of} aria-pressed=${minutes === of} onClick=${() => setMinutes(of)}>${t(word)}</button>`)}</span><button class="button" onClick=${close}>${t('close')}</button></span></div>
    <div class="panel-body">${error ? html`<${Failed} error=${error} retry=${fetchIt} />` : !readings ? html`<${Loading} rows=${4} />` : !readings.length ? html`<${Empty} title=${t('h-none')} />`
    : html`<p class="second">${channel.band_low || channel.band_high ? html`${t('band', range(channel.band_low, channel.band_high, channel.unit))}　` : ''}${t('h-count', grouped(readings.length))}${ends ? html`　${t('h-least', withUnit(ends.least.value, ends.least.unit))}　${t('h-most', withUnit(ends.most.value, ends.most.unit))}` : ''}
        ${out ? html`　<${Status} icon="warn" tone="fail" word=${t('h-out', grouped(out))} />` : ''}</p>
      <${Chart} readings=${readings} channel=${channel} from=${to - got.minutes * 60000} to=${to} /><p class="third">${t('h-gap')}</p>
      <${Table} readings=${readings} channel=${channel} />`}</div></dialog>`;
}
