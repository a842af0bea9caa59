// SPDX-License-Identifier: Apache-2.0
// What a producer is told: what failed and by how much, what to do, what to test next, its trend, itself beside others. In plain
// words, for a phone. A figure of others that may not be told says why.
import { html } from './standalone.module.js';
import { useFetched } from './fetched.js';
import { Rate } from './figures.js';
import { Icon } from './icons.js';
import { Failed, Loading } from './parts.js';
import { OwnTests, Splits } from './splits.js';
import { limitText, withUnit } from './text.js';
import { t, pick, learn } from './words.js';

learn({
  'o-paper': ['报告 PDF', 'The report as PDF'],
  'o-whole': ['检测结果怎么样', 'How your tests went'], 'o-failed': ['有结论的项目中不合格', 'Of the items judged, failed'], 'o-left': ['免费全项检测还剩 {0} 次（共 {1} 次）', '{0} of {1} free full-item tests left'],
  'o-findings': ['不合格或接近限量', 'Failed or near the limit'], 'o-no-findings': ['没有不合格，也没有接近限量的结果。', 'Nothing failed and nothing was near its limit.'], 'o-percent': ['为限量的 {}%', '{} % of the limit'],
  'o-advice': ['怎么办', 'What to do'], 'o-cause': ['可能的原因', 'Likely causes'], 'o-do': ['做法', 'Do'], 'o-source': ['来源：{}', 'Source: {}'], 'o-unverified': ['（建议，未核实）', ' (a suggestion, not verified)'],
  'o-next': ['下次检什么', 'What to test next'], 'o-why-failed': ['曾不合格', 'failed before'], 'o-why-near': ['接近限量', 'near its limit'], 'o-why-untested': ['标准要求，未检过', 'required, never tested'],
  'o-trend': ['自己的变化', 'Your own trend'], 'o-rising': ['不合格率在上升。', 'The failure rate is rising.'], 'o-falling': ['不合格率在下降。', 'The failure rate is falling.'], 'o-none': ['看不出上升或下降。', 'No rise or fall can be told from chance.'],
  'o-unknown': ['不足四个季度，还看不出趋势。', 'Fewer than four quarters: no trend can be told yet.'],
  'o-compare': ['与同类企业比较', 'Beside others of your class'], 'o-compare-how': ['至少 5 家企业（含自己）的合计，季度结束后公布。', 'Sums of at least 5 producers, you among them; told when the quarter is over.'],
  'o-own': ['自己', 'You'], 'o-others': ['全体', 'All'], 'o-too-few': ['不足 5 家，不公布', 'under 5 producers: not told'], 'o-withheld': ['会推出别家，不公布', 'would tell of another: not told'], 'o-open': ['季度未结束', 'the quarter is not over'],
  'o-producers': ['{} 家', '{} producers'],
});

const Sentences = ({ list }) => html`<ul>${list.map((one) => html`<li key=${one.en}>${pick({ s_zh: one.zh, s_en: one.en }, 's')}${one.verified ? '' : t('o-unverified')}<span class="source">${t('o-source', one.source)}</span></li>`)}</ul>`;

const Measure = ({ measure }) => html`<div><b>${pick(measure, 'analyte')}</b> <span class="second">${pick(measure, 'process')}</span><p>${t('o-cause')}</p><${Sentences} list=${measure.causes} /><p>${t('o-do')}</p><${Sentences} list=${measure.steps} /></div>`;

const Finding = ({ one }) => html`<li><b>${pick(one, 'analyte')}</b> ${withUnit(one.value, one.unit)}　${one.percent ? t('o-percent', one.percent) : ''}<br /><span class="second">${one.name}　${one.batch}　${limitText(one.limit)} ${one.standard}</span></li>`;

const Compared = ({ rows }) => html`<table><thead><tr><th>${t('o-own')}</th><th>${t('o-others')}</th></tr></thead><tbody>${rows.map((row) => html`<tr key=${`${row.quarter} ${row.class}`}><td>${row.quarter} ${pick(row, 'class')}<br />${row.own.count}/${row.own.n}</td>
  <td>${row.answer === 'allowed' ? html`<${Rate} rate=${row.others} /><br />${t('o-producers', row.producers)}` : html`<span class="third">${t(`o-${row.answer}`)}</span>`}</td></tr>`)}</tbody></table>`;

export function Told({ path }) {
  const { data, error, retry } = useFetched(path, '');
  if (!data) return error ? (error.problem?.code === 'producer-unknown' ? '' : html`<${Failed} error=${error} retry=${retry} />`) : html`<${Loading} />`;
  return html`<div class="told"><section><h2>${t('o-whole')}</h2><p><a class="button" href=${`${path}/paper`} target="_blank" rel="noopener" data-paper=""><${Icon} name="released" />${t('o-paper')}</a></p><p>${t('o-failed')} <${Rate} rate=${data.failed} /></p>${data.entitled ? html`<p>${t('o-left', data.remaining, data.entitled)}</p>` : ''}</section>
    <section><h2>${t('o-findings')}</h2>${data.findings.length ? html`<ul>${data.findings.map((one) => html`<${Finding} key=${one.result} one=${one} />`)}</ul>` : html`<p>${t('o-no-findings')}</p>`}</section>
    ${data.advice.length ? html`<section><h2>${t('o-advice')}</h2>${data.advice.map((one) => html`<${Measure} key=${one.id} measure=${one} />`)}</section>` : ''}
    ${data.next.length ? html`<section><h2>${t('o-next')}</h2><ul>${data.next.map((one) => html`<li key=${`${one.product} ${one.analyte}`}>${pick(one, 'analyte')} <span class="second">${pick(one, 'product')} · ${t(`o-why-${one.why}`)}</span></li>`)}</ul></section>` : ''}
    ${data.splits.length || data.own_tests.analytes.length || data.own_tests.tests_a_year ? html`<section><h2>${t('s-head')}</h2><${OwnTests} own=${data.own_tests} />${data.splits.length ? html`<${Splits} groups=${data.splits} />` : ''}</section>` : ''}
    <section><h2>${t('o-trend')}</h2><p>${t(`o-${data.trend.direction}`)}</p><table><tbody>${data.quarters.map((q) => html`<tr key=${q.quarter}><td>${q.quarter}</td><td><${Rate} rate=${q.failed} /></td></tr>`)}</tbody></table></section>
    ${data.compare.length ? html`<section><h2>${t('o-compare')}</h2><p class="second">${t('o-compare-how')}</p><${Compared} rows=${data.compare} /></section>` : ''}</div>`;
}
