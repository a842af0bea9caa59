// SPDX-License-Identifier: Apache-2.0
// A producer's own laboratory against ours on the same samples: mean difference, limits of agreement, En, each sample in the table.
import { html } from './standalone.module.js';
import { Status } from './parts.js';
import { Field } from './login.js';
import { Ask } from './ask.js';
import { write } from './session.js';
import { withUnit } from './text.js';
import { t, pick, learn } from './words.js';

learn({
  's-head': ['自己的化验室与本中心', 'Own laboratory and ours'], 's-none': ['还没有分割样。', 'No split samples yet.'], 's-theirs': ['自测', 'Theirs'], 's-ours': ['本中心', 'Ours'], 's-difference': ['差值', 'Difference'], 's-waits': ['未出', 'not yet'], 's-again': ['复检', 'retest'],
  's-few': ['不足三个分割样，还说不出一致性界限。', 'Fewer than three split samples: no limits of agreement can be told yet.'], 's-bias': ['自测平均高出 {0}（95% 区间 {1} 至 {2}）', 'theirs is higher by {0} on average (95 % interval {1} to {2})'],
  's-limits': ['95% 的差值预计在 {0} 至 {1} 之间', '95 % of differences are expected between {0} and {1}'], 's-en': ['|En| > 1：{1} 个中 {0} 个', '|En| > 1: {0} of {1}'], 's-blind': ['{1} 个中 {0} 个在本中心出结果之前登记', '{0} of {1} written down before ours was there'],
  's-tests': ['自测：{}', 'Tests itself: {}'], 's-year': ['每年 {} 次', '{} a year'], 's-cost': ['费用 {} 元', 'for {} yuan'], 's-each': ['每次 {} 元', '{} yuan a test'],
  's-add': ['登记自测结果', 'Write down an own result'], 's-test': ['检验项目编号', 'Test'], 's-value': ['结果', 'Result'], 's-unit': ['单位', 'Unit'], 's-u': ['扩展不确定度 U（k=2）', 'Expanded uncertainty U (k=2)'], 's-date': ['检测日期', 'Tested on'], 's-why': ['更正时写明原因', 'Reason, when it corrects one'],
});

export function OwnTests({ own }) {
  const names = own.analytes.map((row) => pick(row, 'analyte')).join('、');
  const more = [own.tests_a_year ? t('s-year', own.tests_a_year) : '', own.cost_a_year ? t('s-cost', own.cost_a_year) : '', own.cost_a_test ? t('s-each', own.cost_a_test) : ''].filter(Boolean).join('，');
  return names || more ? html`<p>${t('s-tests', names || '—')}${more ? `　${more}` : ''}</p>` : '';
}

function Group({ group }) {
  return html`<div class="split"><h3>${pick(group, 'analyte')} <small class="third">${group.unit}</small></h3>
    ${group.known ? html`<p>${t('s-bias', withUnit(group.bias, group.unit), group.bias_low, group.bias_high)}　${t('s-limits', group.lower, group.upper)}</p>` : html`<p>${t('s-few')}</p>`}
    <p class="second">${group.en_count ? `${t('s-en', group.en_failed, group.en_count)}　` : ''}${t('s-blind', group.blind, group.n)}</p>
    <div class="wide-scroll" tabindex="0" role="region" aria-label=${pick(group, 'analyte')}><table class="list figures"><thead><tr><th>${t('batch')}</th><th>${t('s-theirs')}</th><th>${t('s-ours')}</th><th>${t('s-difference')}</th><th>En</th></tr></thead>
    <tbody>${group.samples.map((one) => html`<tr key=${one.test}><td>${one.batch}</td><td>${one.theirs}</td><td>${one.waits ? html`<span class="third">${t('s-waits')}</span>` : one.ours}${one.ours_of && one.ours_of !== one.test ? html`　<small class="third">${t('s-again')}</small>` : ''}</td><td>${one.difference}</td>
      <td>${one.en ? html`<${Status} icon=${one.en_grade === 'satisfactory' ? 'check' : 'warn'} tone=${one.en_grade === 'satisfactory' ? 'pass' : 'fail'} word=${Number(one.en).toFixed(2)} />` : ''}</td></tr>`)}</tbody></table></div></div>`;
}

export const Splits = ({ groups }) => (groups.length ? groups.map((group) => html`<${Group} key=${`${group.producer} ${group.method}`} group=${group} />`) : html`<p class="second">${t('s-none')}</p>`);

export function EnterSplit({ close, done }) {
  const send = async (values) => {
    const body = {};
    for (const name of ['value', 'unit', 'uncertainty', 'date', 'reason']) if ((values[name] || '').trim()) body[name] = values[name].trim();
    await write('POST', `/api/v1/tests/${encodeURIComponent(values.test.trim())}/split`, body);
    done();
  };
  return html`<${Ask} title=${t('s-add')} action=${t('s-add')} close=${close} send=${send}><${Field} name="test" label=${t('s-test')} maxlength="60" spellcheck="false" />
    <div class="two"><${Field} name="value" label=${t('s-value')} maxlength="30" inputmode="decimal" /><${Field} name="unit" label=${t('s-unit')} maxlength="20" /></div>
    <div class="two"><${Field} name="uncertainty" label=${t('s-u')} required=${false} maxlength="30" inputmode="decimal" /><${Field} name="date" label=${t('s-date')} type="date" /></div>
    <${Field} name="reason" label=${t('s-why')} required=${false} maxlength="60" /></${Ask}>`;
}
