// SPDX-License-Identifier: Apache-2.0
// Drawings of results: against their limit over time, and duplicates against their allowed difference. Each has its table behind it,
// and reads without colour: not detected is an open circle, within is a dot, beyond the limit is a square with its value.
import { html } from './standalone.module.js';
import { Verdict } from './parts.js';
import { limitText, plot, withUnit } from './text.js';
import { t, learn, said } from './words.js';

learn({
  'v-series': ['此企业该项目的历次结果', 'This producer’s results for this item'], 'v-table': ['结果表', 'The results'], 'v-now': ['本次', 'this one'], 'v-none': ['此前没有结果。', 'No earlier result.'], 'v-nd': ['未检出', 'not detected'],
  'v-duplicates': ['平行样与允许差', 'Duplicates and the allowed difference'], 'v-allowed': ['允许差 {}', 'allowed {}'], 'v-differ': ['相差 {}', 'differ by {}'], 'v-mean': ['平均', 'mean'], 'v-dup-table': ['平行样表', 'The duplicates'],
});

const WIDTH = 420, HEIGHT = 168, LEFT = 44, RIGHT = 12, TOP = 22, BOTTOM = 26;

const isNd = (value) => /^(ND|未检出|<)/.test(value || '');

// points: [{at, value, unit, verdict, result, now}], oldest first; bounded: the limit as printed.
function Series({ points, bounded }) {
  const bound = plot(/(\d+(?:\.\d+)?)/.exec(bounded || '')?.[1]);
  const values = points.map((one) => plot(one.value)).filter((v) => !Number.isNaN(v));
  const top = Math.max(0, ...values, Number.isNaN(bound) ? 0 : bound) * 1.25 || 1;
  const x = (i) => LEFT + ((i + 0.5) / points.length) * (WIDTH - LEFT - RIGHT);
  const y = (v) => TOP + (1 - v / top) * (HEIGHT - TOP - BOTTOM);
  const line = points.map((one, i) => [x(i), plot(one.value)]).filter(([, v]) => !Number.isNaN(v)).map(([at, v]) => `${at.toFixed(1)},${y(v).toFixed(1)}`);
  return html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${`${t('v-series')}: ${points.map((one) => `${one.at} ${withUnit(one.value, one.unit)}`).join(', ')}; ${t('limit')} ${limitText(bounded)}`}>
    <line class="axis" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(0)} y2=${y(0)} /><text x=${LEFT - 6} y=${y(0) + 4} text-anchor="end">0</text>
    ${Number.isNaN(bound) ? '' : html`<line class="limit" x1=${LEFT} x2=${WIDTH - RIGHT} y1=${y(bound)} y2=${y(bound)} /><text class="strong" x=${LEFT - 6} y=${y(bound) + 4} text-anchor="end">${/(\d+(?:\.\d+)?)/.exec(bounded)[1]}</text>`}
    ${line.length > 1 ? html`<polyline points=${line.join(' ')} />` : ''}
    ${points.map((one, i) => {
    const v = plot(one.value), beyond = one.verdict === 'fail';
    const mark = Number.isNaN(v) ? (isNd(one.value) ? html`<circle class="nd" cx=${x(i)} cy=${y(0) - 5} r="4.5" />` : '') : beyond ? html`<rect class="beyond" x=${x(i) - 5} y=${y(v) - 5} width="10" height="10" />` : html`<circle class="dot" cx=${x(i)} cy=${y(v)} r="4.5" />`;
    return html`${mark}${!Number.isNaN(v) && (beyond || one.now) ? html`<text class=${`strong${beyond ? ' over' : ''}`} x=${x(i)} y=${y(v) - 9} text-anchor="middle">${one.value}</text>` : ''}
      <text x=${x(i)} y=${HEIGHT - 8} text-anchor="middle">${one.now ? t('v-now') : one.at.slice(5)}</text>`;
  })}</svg>`;
}

// review: what /results/{id}/review answers.
export function ResultSeries({ review }) {
  const { head, earlier, test } = review, result = test.result;
  const points = [...earlier].sort((a, b) => a.seq - b.seq).map((one) => ({ ...one, at: one.produced }));
  if (result) points.push({ at: head.produced, value: result.value, unit: result.unit, verdict: result.verdict?.verdict, result: result.result, batch: head.batch, now: true });
  const bounded = result?.verdict?.limit || test.limit?.text || '';
  if (points.length < 2) return html`<p class="third">${t('v-none')}</p>`;
  return html`<${Series} points=${points} bounded=${bounded} /><details class="chart-table"><summary>${t('v-table')}</summary><table><thead><tr><th>${t('batch')}</th><th>${t('produced')}</th><th class="right">${t('result')}</th><th>${t('verdict')}</th></tr></thead>
    <tbody>${points.map((one) => html`<tr key=${one.result}><td><a href=${`#/trail/${encodeURIComponent(one.result)}`}>${one.batch}</a>${one.now ? `　${t('v-now')}` : ''}</td><td>${one.at}</td><td class="right">${withUnit(one.value, one.unit)}</td><td><${Verdict} verdict=${one.verdict} tag=${false} /></td></tr>`)}</tbody></table></details>`;
}

// The derivation's own step says by how much they differ and what is allowed; nothing is worked out here.
export function differenceOf(result) {
  for (const step of result?.derivation || []) {
    const match = /duplicates differ by (\d+(?:\.\d+)?)\S* (≤|>) (\d+(?:\.\d+)?)/.exec(step.en || '');
    if (match) return { differ: match[1], within: match[2] === '≤', allowed: match[3], step };
  }
  return null;
}

export function Duplicates({ test }) {
  const found = differenceOf(test.result);
  const rows = (test.calculated || []).filter((one) => one.name === 'x' && !Number.isNaN(plot(one.value)));
  if (!found || rows.length < 2) return '';
  const values = rows.map((one) => plot(one.value)), mean = values.reduce((sum, v) => sum + v, 0) / values.length, half = plot(found.allowed) / 2;
  const reach = Math.max(half, ...values.map((v) => Math.abs(v - mean))) * 1.4 || 1, x = (v) => WIDTH / 2 + ((v - mean) / reach) * (WIDTH / 2 - 20);
  return html`<section class="duplicates"><h3>${t('v-duplicates')}</h3><svg class="chart" viewBox="0 0 ${WIDTH} 84" role="img" aria-label=${said(found.step)}>
      <rect class="allowed" x=${x(mean - half)} width=${x(mean + half) - x(mean - half)} y="26" height="24" /><line class="axis" x1="10" x2=${WIDTH - 10} y1="38" y2="38" /><line class="limit" x1=${x(mean)} x2=${x(mean)} y1="22" y2="54" />
      <text x=${x(mean)} y="16" text-anchor="middle">${t('v-allowed', found.allowed)}</text>
      ${rows.map((one, i) => html`${found.within ? html`<circle class="dot" cx=${x(values[i])} cy="38" r="6" />` : html`<rect class="beyond" x=${x(values[i]) - 6} y="32" width="12" height="12" />`}<text class="strong" x=${x(values[i])} y="70" text-anchor=${values[i] < mean ? 'end' : 'start'}>${one.value}</text>`)}</svg>
    <p class="third">${said(found.step)}</p><details class="chart-table"><summary>${t('v-dup-table')}</summary><table><tbody>${rows.map((one) => html`<tr key=${one.replicate}><td>${t('replicate', one.replicate)}</td><td class="right">${withUnit(one.value, one.unit)}</td></tr>`)}<tr><td>${t('v-differ', '')}</td><td class="right">${found.differ}</td></tr><tr><td>${t('v-allowed', '')}</td><td class="right">${found.allowed}</td></tr></tbody></table></details></section>`;
}
