// SPDX-License-Identifier: Apache-2.0
// The parts that several pages use. A status is shape, word, colour, in that order.
import { html, useState, useEffect } from './standalone.module.js';
import { Icon } from './icons.js';
import { t, pick } from './words.js';
import { NBSP, limitText, plot, bytesOf, hexByte, symbol, oneLine } from './text.js';

export function Status({ icon, word, tone = 'off', tag = false, title }) {
  return html`<span class=${`status ${tone}${tag ? ' tag' : ''}`} title=${title}><${Icon} name=${icon} /><span>${word}</span></span>`;
}

const VERDICT_TONES = { pass: 'pass', fail: 'fail', undetermined: 'und' };

export function Verdict({ verdict, tag = true }) {
  if (!verdict) return html`<span class="third nowrap">${t('not-judged')}</span>`;
  if (!VERDICT_TONES[verdict]) return html`<span class="third nowrap">${t(verdict)}</span>`;
  return html`<${Status} icon=${verdict} word=${t(verdict)} tone=${VERDICT_TONES[verdict]} tag=${tag} />`;
}

const BATCH_TONES = { 'awaiting-review': 'wait', 'awaiting-release': 'accent' };

export const BatchStatus = ({ status }) =>
  html`<${Status} icon=${status} word=${t(status)} tone=${BATCH_TONES[status] || 'off'} />`;

const LINE_TONES = { silent: 'und', down: 'fail', locked: 'fail' };
const LINE_ICONS = { online: 'online', silent: 'silent', down: 'down', locked: 'locked', disabled: 'disabled', opening: 'disabled' };

export const lineTone = (status) => LINE_TONES[status] || 'off';
export const LineStatus = ({ status, word }) =>
  html`<${Status} icon=${LINE_ICONS[status] || 'disabled'} word=${word || t(status)} tone=${lineTone(status)} />`;

export const Quantity = ({ value, unit }) => html`<span class="nowrap">${value}${unit ? html`<small>${NBSP}${unit}</small>` : ''}</span>`;

// m3 as m with a lowered 3
export function Symbol({ name }) {
  const [letters, digits] = symbol(name);
  return digits ? html`<span class="nowrap">${letters}<sub>${digits}</sub></span>` : letters;
}

export const Keys = ({ keys }) => keys.map((key) => html`<kbd>${key}</kbd>`);

export const Empty = ({ title, how, command, children }) => html`<div class="nothing">
  <b>${title}</b>${how ? html`<p>${how}</p>` : ''}${command ? html`<code class="command">${command}</code>` : ''}${children}</div>`;

// Nothing before 150 ms, then grey bars, after 2 s a sentence.
export function Loading({ rows = 4 }) {
  const [stage, set] = useState(0);
  useEffect(() => {
    const timers = [setTimeout(() => set(1), 150), setTimeout(() => set(2), 2000)];
    return () => timers.forEach(clearTimeout);
  }, []);
  if (!stage) return html`<div class="loading" aria-busy="true"></div>`;
  return html`<div class="loading" aria-busy="true">${Array.from({ length: rows }, (_, i) => html`<i key=${i}></i>`)}
    ${stage > 1 ? html`<p>${t('loading')}</p>` : ''}</div>`;
}

export const Failed = ({ error, retry }) => html`<div class="nothing" role="alert">
  <${Status} icon="warn" word=${t('load-failed')} tone="und" />
  <p>${pick(error?.problem, 'text') || error?.message}</p>
  <button class="button" onClick=${retry}><${Icon} name="again" />${t('retry')}</button></div>`;

// Points on a width by height field, the newest at the right. Gaps stay gaps.
function runs(points, from, to, width, height, low, high) {
  const x = (at) => ((at - from) / (to - from)) * width;
  const y = (v) => height - 2 - ((v - low) / (high - low || 1)) * (height - 4);
  const out = [];
  let run = [], last = 0;
  for (const point of points) {
    const v = plot(point.value);
    if (Number.isNaN(v) || point.at - last > 90000) {
      if (run.length) out.push(run);
      run = [];
    }
    if (!Number.isNaN(v)) run.push(`${x(point.at).toFixed(1)},${y(v).toFixed(1)}`);
    last = point.at;
  }
  if (run.length) out.push(run);
  return { out, y };
}

export function Trace({ points, span, now, width, height, low, high, tone = '', settled }) {
  const from = now - span;
  const older = points.filter((p) => p.at < from).slice(-1);
  const shown = [...older.map((p) => ({ ...p, at: Math.max(p.at, from) })), ...points.filter((p) => p.at >= from && p.at <= now + 2000)];
  const last = shown[shown.length - 1];
  const all = shown.map((p) => plot(p.value)).filter((v) => !Number.isNaN(v));
  const bands = [plot(low), plot(high)].filter((v) => !Number.isNaN(v));
  if (!all.length) return html`<svg class="trace" width=${width} height=${height} viewBox="0 0 ${width} ${height}" aria-hidden="true"></svg>`;
  let min = Math.min(...all, ...bands), max = Math.max(...all, ...bands);
  const pad = (max - min || Math.abs(max) * 0.001 || 1) * 0.12;
  min -= pad;
  max += pad;
  const extended = last && now - last.at < 90000 ? [...shown, { at: now, value: last.value }] : shown;
  const { out, y } = runs(extended, from, now, width, height, min, max);
  return html`<svg class=${`trace ${tone}`} width=${width} height=${height} viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" aria-hidden="true">
    ${bands.length === 2 && html`<rect class="allowed" x="0" width=${width} y=${y(bands[1])} height=${Math.max(0, y(bands[0]) - y(bands[1]))} />`}
    ${bands.map((b) => html`<line class="guide" x1="0" x2=${width} y1=${y(b)} y2=${y(b)} />`)}
    ${settled && html`<line class="guide" x1="0" x2=${width} y1=${y(plot(settled))} y2=${y(plot(settled))} />`}
    ${out.map((run) => html`<polyline points=${run.length > 1 ? run.join(' ') : `${run[0]} ${run[0]}`} />`)}
  </svg>`;
}

// Zero to twice the limit, or to 1.1 times the value when that is more.
export function Ruler({ value, bounded, unit, verdict }) {
  const bound = /(\d+(?:\.\d+)?)/.exec(bounded || '')?.[1];
  const v = plot(value), limit = plot(bound);
  if (Number.isNaN(v) || Number.isNaN(limit) || limit <= 0) return '';
  const width = 336, end = Math.max(limit * 2, v * 1.1), x = (n) => Math.min(width, (n / end) * width);
  const beyond = v > limit;
  return html`<svg class="ruler" viewBox="0 0 ${width} 74" role="img" aria-label=${`${value} ${unit}, ${limitText(bounded)}`}>
    <text x=${x(limit) - 6} y="20" text-anchor="end" class="strong">${t('limit')} ${limitText(bounded)}</text>
    ${beyond && html`<text x=${x(limit) + 6} y="20" class="strong over">${value}</text>`}
    <rect class="track" x="0" y="30" width=${width} height="12" />
    <rect class="allowed" x="0.5" y="30.5" width=${x(limit)} height="11" />
    ${beyond ? html`<rect class="excess" x=${x(limit)} y="30" width=${x(v) - x(limit)} height="12" />`
      : html`<path class=${verdict === 'pass' ? 'mark pass' : 'mark'} d=${`M${x(v)} 29.5l5 -6h-10z M${x(v)} 30v12`} />`}
    <line class="tick" x1=${x(limit)} x2=${x(limit)} y1="18" y2="54" />
    <text x="0" y="68">0</text><text x=${x(limit)} y="68" text-anchor="middle">${bound}</text>
    <text x=${width} y="68" text-anchor="end">${unit}</text></svg>`;
}

const inSpan = (i, at, length) => length > 0 && i >= at && i < at + length;

// Offset, sixteen bytes, text; value and unit marked.
export function Hex({ hex, value = [0, 0], unit = [0, 0] }) {
  const bytes = bytesOf(hex), rows = [];
  if (!bytes.length) return html`<p class="third">${t('no-bytes')}</p>`;
  const mark = (i) => (inSpan(i, ...value) ? 'v' : inSpan(i, ...unit) ? 'u' : '');
  const cells = (from, draw, gap) => bytes.slice(from, from + 16).map((byte, k) => {
    const i = from + k, m = mark(i), joined = gap && k > 0 && m && mark(i - 1) === m;
    return html`${gap && k > 0 ? html`<span class=${joined ? m : ''}>${' '}</span>` : ''}<span class=${m}>${draw(byte)}</span>`;
  });
  for (let from = 0; from < bytes.length; from += 16)
    rows.push(html`<div key=${from}><span class="offset">${from.toString(16).toUpperCase().padStart(4, '0')}</span>
      <span class="octets">${cells(from, hexByte, true)}</span>
      <span class="chars">${cells(from, (b) => (b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '.'))}</span></div>`);
  return html`<div class="hex">${rows}</div>`;
}

export const OneLine = ({ hex }) => oneLine(hex).map((part) =>
  (part.control ? html`<i class="control">${part.control}</i>` : part.text));

export function short(hash, keep = 16) {
  return hash ? html`<span class="mono" title=${hash}>${hash.length > keep ? `${hash.slice(0, keep)}…` : hash}</span>` : '';
}

// The limit of a test in words: the verdict's own, the plan's; judged by a standard that does not list it, it is not permitted.
export function limitOf(test) {
  const verdict = test.result?.verdict, text = verdict?.limit || test.limit?.text;
  return limitText(text) || (verdict?.standard && ['pass', 'fail'].includes(verdict.verdict) ? t('not-permitted') : t('no-limit-here'));
}

// A row that opens something: click, Enter, and focus by J and K.
export const rowProps = (open) => ({
  tabIndex: 0,
  'data-row': '',
  onClick: open,
  onKeyDown: (event) => {
    if (event.key === 'Enter' && event.target === event.currentTarget) {
      event.preventDefault();
      open();
    }
  },
});
