// SPDX-License-Identifier: Apache-2.0
// A control chart, drawn from the laboratory's own points: Levey-Jennings in units of s, or the ranges of duplicates. A point's
// shape says what it means, so that it reads without colour; the table behind it has every figure.
import { html } from './standalone.module.js';
import { Status } from './parts.js';
import { clock, day, plot } from './text.js';
import { t, learn } from './words.js';

learn({
  'c-about': ['{} 个点，{} 个失控，{} 个警告', '{} points, {} out of control, {} warnings'], 'c-in': ['受控', 'in control'], 'c-warning': ['警告', 'warning'], 'c-out': ['失控', 'out of control'], 'c-undetermined': ['不能判断', 'undetermined'],
  'c-mean': ['均值', 'mean'], 'c-range': ['极差', 'Range'], 'c-bias': ['相对偏倚 {} %', 'bias {} %'], 'c-table': ['数据表', 'The figures'], 'c-time': ['时间', 'Time'], 'c-run': ['质控', 'Run'], 'c-value': ['值', 'Value'], 'c-z': ['偏离（s）', 'Off the mean (s)'], 'c-state': ['判断', 'State'], 'c-rules': ['规则', 'Rules'],
  'c-none': ['积累满 20 个点并冻结后才有界限。', 'There are limits once 20 points are there and frozen.'], 'c-warn-limit': ['警告限', 'warning'], 'c-action-limit': ['行动限', 'action'], 'c-shown': ['○ 受控　△ 警告　■ 失控', '○ in control　△ warning　■ out of control'],
});

const HEIGHT = 260, LEFT = 56, RIGHT = 12, TOP = 12, BOTTOM = 12, SHOWN = 60;
const WARNING = 2.512, ACTION = 3.267; // of the mean range of two, ISO 7870-2; only where a line is drawn

const stateOf = (point) => (!point.usable || point.beyond >= 3 || (point.state === 'out' && point.rules.some((rule) => rule !== '1-2s')) ? 'out' : point.beyond >= 2 ? 'warning' : point.charted ? 'in' : 'undetermined');
const TONES = { in: ['check', 'off'], warning: ['warn', 'und'], out: ['cross', 'fail'], undetermined: ['disabled', 'off'] };

function Mark({ x, y, state }) {
  if (state === 'out') return html`<rect class="q-out" x=${x - 5} y=${y - 5} width="10" height="10" />`;
  if (state === 'warning') return html`<path class="q-warning" d=${`M${x} ${y - 6}l6 11h-12z`} />`;
  return html`<circle class="q-in" cx=${x} cy=${y} r="4" />`;
}

function Drawing({ points, heights, lines, about }) {
  const width = Math.max(300, Math.min(900, innerWidth - 72));
  const x = (i) => LEFT + ((i + 0.5) / points.length) * (width - LEFT - RIGHT);
  const all = [...heights.filter((h) => !Number.isNaN(h)), ...lines.map(([h]) => h)], low = Math.min(...all), high = Math.max(...all);
  const y = (h) => TOP + (1 - (h - low) / (high - low || 1)) * (HEIGHT - TOP - BOTTOM);
  const run = points.map((_, i) => (Number.isNaN(heights[i]) ? '' : `${x(i).toFixed(1)},${y(heights[i]).toFixed(1)}`)).filter(Boolean).join(' ');
  return html`<svg class="control-chart" viewBox=${`0 0 ${width} ${HEIGHT}`} role="img" aria-label=${about}>
    ${lines.map(([h, word, kind]) => html`<line class=${`q-line ${kind}`} x1=${LEFT} x2=${width - RIGHT} y1=${y(h)} y2=${y(h)} /><text x=${LEFT - 6} y=${y(h) + 4} text-anchor="end">${word}</text>`)}
    <polyline points=${run} />
    ${points.map((point, i) => (Number.isNaN(heights[i]) ? '' : html`<${Mark} key=${point.test} x=${x(i)} y=${y(heights[i])} state=${stateOf(point)} />`))}</svg>`;
}

const fraction = (text) => {
  const [n, d] = (text || '').split('/');
  return n ? Number(n) / Number(d || 1) : NaN;
};

const S_LINES = [[3, '+3 s', 'action'], [2, '+2 s', 'warn'], [1, '+1 s', ''], [0, '', 'mean'], [-1, '−1 s', ''], [-2, '−2 s', 'warn'], [-3, '−3 s', 'action']];

function Table({ points, ranges }) {
  return html`<details class="history-table"><summary>${t('c-table')}</summary><div class="table-scroll" tabindex="0" role="region" aria-label=${t('c-table')}><table><thead><tr><th>${t('c-time')}</th><th>${t('c-run')}</th><th class="right">${t('c-value')}</th><th class="right">${ranges ? t('c-range') : t('c-z')}</th><th>${t('c-state')}</th><th>${t('c-rules')}</th></tr></thead>
    <tbody>${[...points].reverse().map((point) => {
    const state = stateOf(point), [icon, tone] = TONES[state];
    return html`<tr key=${point.test}><td>${day(point.at)} ${clock(point.at)}</td><td>${point.test}</td><td class="right"><b>${point.value || '—'}</b></td><td class="right">${ranges ? point.range : point.charted ? (point.z_hundredths / 100).toFixed(2) : '—'}</td>
      <td><${Status} icon=${icon} tone=${tone} word=${t(`c-${state}`)} /></td><td>${point.rules.join(' ')}</td></tr>`;
  })}</tbody></table></div></details>`;
}

export function ControlChart({ chart }) {
  const points = chart.list.slice(-SHOWN), ranges = chart.kind === 'duplicate';
  const states = chart.list.map(stateOf), count = (state) => states.filter((one) => one === state).length;
  const mean = fraction(chart.mean) * (chart.relative ? 100 : 1);
  const heights = points.map((point) => (ranges ? plot(point.range) : point.charted ? Math.max(-5, Math.min(5, point.z_hundredths / 100)) : NaN));
  const lines = !ranges ? S_LINES.map(([h, word, kind]) => [h, word || t('c-mean'), kind])
    : Number.isNaN(mean) ? [[0, '0', 'mean']] : [[0, '0', 'mean'], [mean, t('c-mean'), ''], [WARNING * mean, t('c-warn-limit'), 'warn'], [ACTION * mean, t('c-action-limit'), 'action']];
  const about = t('c-about', chart.list.length, count('out'), count('warning'));
  return html`<p class="second">${about}${chart.bias_percent && !ranges ? `　${t('c-bias', chart.bias_percent)}` : ''}</p>
    ${chart.basis || ranges ? html`<${Drawing} points=${points} heights=${heights} lines=${lines} about=${about} /><p class="third">${t('c-shown')}</p>` : html`<p class="said">${t('c-none')}</p>`}
    <${Table} points=${chart.list} ranges=${ranges} />`;
}
