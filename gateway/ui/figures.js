// SPDX-License-Identifier: Apache-2.0
// A rate as people read it: how many of how many, per cent, and the interval, never one without the others.
import { html } from './standalone.module.js';
import { current, learn, t } from './words.js';

learn({ 'f-none': ['还没有结论', 'nothing judged yet'], 'f-of': ['{0} / {1}', '{0} of {1}'], 'f-interval': ['95% 区间 {0}～{1}%', '95 % interval {0}–{1} %'] });

export const percent = (text) => (text ? (Number(text) * 100).toFixed(1) : '');

export const rateWords = (rate) => (rate?.n ? `${t('f-of', rate.count, rate.n)} = ${percent(rate.figure)} % (${percent(rate.low)}${current() === 'zh' ? '～' : '–'}${percent(rate.high)} %)` : t('f-none'));

export const Rate = ({ rate }) => (rate?.n ? html`<span class="rate"><b>${percent(rate.figure)} %</b> <span class="nowrap">${t('f-of', rate.count, rate.n)}</span> <small class="nowrap">${t('f-interval', percent(rate.low), percent(rate.high))}</small></span>`
  : html`<span class="third">${t('f-none')}</span>`);

// Interval as a bar from 0 to 100 %, the figure as a line in it.
export function Interval({ rate, width = 160 }) {
  if (!rate?.n) return '';
  const x = (text) => Number(text) * width;
  return html`<svg class="interval" width=${width} height="14" viewBox=${`0 0 ${width} 14`} role="img" aria-label=${rateWords(rate)}>
    <rect class="track" x="0" y="6" width=${width} height="2" /><rect class="band" x=${x(rate.low)} y="3" width=${Math.max(2, x(rate.high) - x(rate.low))} height="8" />
    <line class="figure" x1=${x(rate.figure)} x2=${x(rate.figure)} y1="0" y2="14" /></svg>`;
}
