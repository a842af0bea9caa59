// SPDX-License-Identifier: Apache-2.0
// A sampling plan: what it allows, and the count of each container against m and M. Nothing is averaged.
import { html } from './standalone.module.js';
import { Status } from './parts.js';
import { withUnit } from './text.js';
import { t, learn } from './words.js';

learn({
  'p-plan': ['采样方案', 'Sampling plan'], 'p-rule': ['{0} 份中至多 {1} 份超过 m，任何一份不得超过 M；不取平均，不复检', 'of {0} containers at most {1} above m, none above M; never averaged, never tested again'],
  'p-rule-two': ['{0} 份中至多 {1} 份超过 m；不取平均，不复检', 'of {0} containers at most {1} above m; never averaged, never tested again'],
  'p-code': ['样品条码', 'Bar code'], 'p-count': ['结果', 'Result'],
});

export const planWords = (plan) => `n=${plan.n}　c=${plan.c}　m=${withUnit(plan.m, plan.unit)}${plan.M ? `　M=${withUnit(plan.M, plan.unit)}` : ''}`;

export function Containers({ test }) {
  const { plan, result } = test;
  if (!plan) return '';
  const rows = result?.containers?.length ? result.containers : plan.containers.map((sample, i) => ({ container: i + 1, sample, state: 'none', value: '' }));
  return html`<section class="containers"><h3>${t('p-plan')}　<span class="second">${planWords(plan)}　${plan.standard}</span></h3>
    <p class="second">${t(plan.M ? 'p-rule' : 'p-rule-two', plan.n, plan.c)}</p>
    <table><thead><tr><th></th><th>${t('p-code')}</th><th class="right">${t('p-count')}</th></tr></thead><tbody>${rows.map((one) => html`<tr key=${one.container}><td>${t('container', one.container)}</td><td class="mono">${one.sample}</td>
      <td class="right">${one.value ? withUnit(one.value, one.unit) : one.state === 'missing' ? html`<${Status} icon="warn" tone="und" word=${t('missing')} />` : '—'}</td></tr>`)}</tbody></table></section>`;
}
