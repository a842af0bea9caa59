// SPDX-License-Identifier: Apache-2.0
// How good the figures are: rounds of proficiency testing with their scores, and the measurement uncertainty of a method from the
// laboratory's own data, adopted by a signature.
import { html, useState } from './standalone.module.js';
import { Ask } from './ask.js';
import { CsvLink } from './csv.js';
import { useFetched } from './fetched.js';
import { Icon } from './icons.js';
import { gatewayNow } from './live.js';
import { Field } from './login.js';
import { Empty, Failed, Loading, Status } from './parts.js';
import { may, write } from './session.js';
import { Signature } from './signature.js';
import { withUnit } from './text.js';
import { t, learn } from './words.js';

learn({
  'pt-head': ['能力验证', 'Proficiency testing'], 'pt-none': ['还没有能力验证结果。', 'No round was entered yet.'], 'pt-add': ['登记一轮', 'Enter a round'], 'pt-scheme': ['计划', 'Scheme'], 'pt-round': ['轮次', 'Round'], 'pt-date': ['日期', 'Date'], 'pt-value': ['本中心结果', 'Our result'], 'pt-assigned': ['指定值', 'Assigned value'], 'pt-unit': ['单位', 'Unit'], 'pt-method': ['方法代号', 'Method'],
  'pt-sigma': ['能力评定标准差 σ', 'Standard deviation σ'], 'pt-u-assigned': ['指定值的标准不确定度', 'u of the assigned value'], 'pt-u-value': ['本结果的标准不确定度', 'u of our result'], 'pt-coverage': ['包含因子 k', 'Coverage factor k'], 'pt-between': ['实验室间标准差', 'Standard deviation between laboratories'], 'pt-laboratories': ['实验室数', 'Laboratories'],
  'pt-satisfactory': ['满意', 'satisfactory'], 'pt-questionable': ['有问题', 'questionable'], 'pt-unsatisfactory': ['不满意', 'unsatisfactory'], 'pt-vague': ['指定值的不确定度偏大，用 z′ 而不用 z', 'the assigned value is vague: z′ is to be used, not z'],
  'u-head': ['测量不确定度', 'Measurement uncertainty'], 'u-how': ['由本实验室的质控样、平行样和偏倚数据算出（Nordtest TR 537）。', 'From the laboratory’s own controls, duplicates and bias (Nordtest TR 537).'], 'u-form': ['表示方式', 'As'], 'u-absolute': ['绝对', 'absolute'], 'u-relative': ['相对（%）', 'relative (%)'], 'u-show': ['计算', 'Work out'], 'u-adopt': ['采用', 'Adopt'], 'u-reason': ['采用的理由', 'Why it is adopted'],
  'u-adopt-how': ['签名含义：我核对了数据，判定规则可以使用这个不确定度。', 'The signature means: I have looked at the data, and the decision rule may use this uncertainty.'], 'u-expanded': ['扩展不确定度 U（k=2）', 'Expanded uncertainty U (k=2)'], 'u-control': ['质控样 s（{} 个）', 's of controls ({})'], 'u-duplicate': ['平行样 s（{} 对）', 's of duplicates ({} pairs)'], 'u-within': ['室内重现性 u(Rw)', 'u(Rw)'], 'u-bias': ['偏倚 u（{0}，{1} 个）', 'u of bias ({0}, {1})'],
  'u-until': ['数据有效至', 'Data good until'], 'u-stale': ['数据已过期', 'the data are stale'], 'u-none': ['还得不出：{}', 'not to be had yet: {}'], 'u-adopted': ['已采用', 'Adopted'], 'u-controls-short': ['质控数据不足', 'too few controls'], 'u-duplicates-short': ['平行样不足', 'too few duplicates'], 'u-bias-missing': ['没有偏倚的依据（有证标准物质、能力验证或加标）', 'nothing to judge bias by (certified material, proficiency rounds or spikes)'], 'u-bad-value': ['数据里有不能用的值', 'a value cannot be used'], 'u-': ['数据不足', 'too few data'],
  'u-source-materials': ['标准物质', 'materials'], 'u-source-rounds': ['能力验证', 'rounds'], 'u-source-recoveries': ['加标', 'spikes'], 'u-source-': ['无', 'none'],
});

const ROUNDS = '/api/v1/qc/proficiency';
const GRADES = { satisfactory: ['check', 'pass'], questionable: ['warn', 'und'], unsatisfactory: ['cross', 'fail'] };
const FIGURES = ['value', 'assigned', 'sigma', 'u_assigned', 'u_value', 'coverage', 'sd_between'];

// Two places are what reports of rounds print; the list has them all.
function Score({ score, grade }) {
  const [icon, tone] = GRADES[grade] || [];
  return icon ? html`<${Status} icon=${icon} tone=${tone} word=${`${score.replace(/(\.\d\d)\d+$/, '$1')} ${t(`pt-${grade}`)}`} />` : html`<span class="third">—</span>`;
}

function Round({ one }) {
  return html`<tr><td>${one.scheme}　${one.round}</td><td>${one.date}</td><td>${one.method}</td><td>${withUnit(one.value, one.unit)}</td><td>${withUnit(one.assigned, one.unit)}</td>
    <td><${Score} score=${one.z} grade=${one.z_grade} />${one.assigned_is_vague ? html`<small class="third">${t('pt-vague')}</small>` : ''}</td><td><${Score} score=${one.z_prime} grade=${one.z_prime_grade} /></td><td><${Score} score=${one.zeta} grade=${one.zeta_grade} /></td><td><${Score} score=${one.en} grade=${one.en_grade} /></td></tr>`;
}

function Enter({ close, done, methods }) {
  const field = (name, label, more = {}) => html`<${Field} name=${name} label=${t(label)} maxlength="60" ...${more} />`;
  const figure = (name, label, more = {}) => field(name, label, { inputmode: 'decimal', maxlength: '30', required: false, ...more });
  const send = async (values) => {
    const body = {};
    for (const name of ['scheme', 'round', 'date', 'method', 'unit', ...FIGURES]) if ((values[name] || '').trim()) body[name] = values[name].trim();
    if (values.laboratories) body.laboratories = Number(values.laboratories);
    await write('POST', ROUNDS, body);
    done();
  };
  return html`<${Ask} title=${t('pt-add')} action=${t('pt-add')} close=${close} send=${send}><div class="two">${field('scheme', 'pt-scheme')}${field('round', 'pt-round')}</div>
    <div class="two">${field('date', 'pt-date', { type: 'date', max: new Date(gatewayNow()).toISOString().slice(0, 10) })}${field('method', 'pt-method', { spellcheck: 'false', list: 'pt-methods' })}</div><datalist id="pt-methods">${methods.map((one) => html`<option key=${one} value=${one} />`)}</datalist>
    <div class="two">${figure('value', 'pt-value', { required: true })}${figure('assigned', 'pt-assigned', { required: true })}</div><div class="two">${field('unit', 'pt-unit', { maxlength: '20' })}${figure('sigma', 'pt-sigma')}</div>
    <div class="two">${figure('u_assigned', 'pt-u-assigned')}${figure('u_value', 'pt-u-value')}</div><div class="two">${figure('sd_between', 'pt-between')}${figure('laboratories', 'pt-laboratories', { type: 'number', min: '2' })}</div>${figure('coverage', 'pt-coverage', { defaultValue: '2' })}</${Ask}>`;
}

export function Rounds({ version, methods }) {
  const { data, error, retry } = useFetched(ROUNDS, version);
  const [asked, ask] = useState(false);
  return html`<section class="panel"><div class="panel-head"><h2>${t('pt-head')}</h2><span class="end"><${CsvLink} path=${ROUNDS} />${may('qc.proficiency.add') ? html`<button class="button" id="add-round" onClick=${() => ask(true)}><${Icon} name="plus" />${t('pt-add')}</button>` : ''}</span></div>
    ${error && !data ? html`<${Failed} error=${error} retry=${retry} />` : !data ? html`<${Loading} rows=${2} />` : !data.rounds.length ? html`<${Empty} title=${t('pt-none')} />`
    : html`<div class="table-scroll" tabindex="0" role="region" aria-label=${t('pt-head')}><table class="list q-list still"><thead><tr><th>${t('pt-round')}</th><th>${t('pt-date')}</th><th>${t('pt-method')}</th><th>${t('pt-value')}</th><th>${t('pt-assigned')}</th><th>z</th><th>z′</th><th>ζ</th><th>En</th></tr></thead>
      <tbody>${data.rounds.map((one) => html`<${Round} key=${one.seq} one=${one} />`)}</tbody></table></div>`}
    ${asked ? html`<${Enter} methods=${methods} close=${() => ask(false)} done=${retry} />` : ''}</section>`;
}

function Found({ found, adopted, adopt }) {
  const fact = (label, value) => (value ? html`<div><dt>${label}</dt><dd>${value}</dd></div>` : '');
  return html`<div class="panel-body uncertainty">${found.known ? html`<p><b>${t('u-expanded')}：${withUnit(found.expanded, found.unit)}</b>　${found.stale ? html`<${Status} icon="silent" tone="und" word=${t('u-stale')} />` : may('qc.uncertainty.adopt') ? html`<button class="button" id="adopt" onClick=${adopt}>${t('u-adopt')}</button>` : ''}</p>`
    : html`<p class="said" role="status">${t('u-none', t(`u-${found.reason}`))}</p>`}
    <dl class="facts">${fact(t('u-control', found.control_values), found.s_control)}${fact(t('u-duplicate', found.pairs), found.s_duplicate)}${fact(t('u-within'), found.u_rw)}${fact(t('u-bias', t(`u-source-${found.bias_source}`), found.bias_values), found.u_bias)}${fact(t('u-until'), found.stale_after)}</dl>
    ${adopted.length ? html`<ul class="plain">${adopted.map((one) => html`<li key=${one.seq}>${t('u-adopted')}　${withUnit(one.expanded, one.unit)}　${t('u-until')} ${one.stale_after}　${one.who}　${one.reason}　${one.stale ? html`<${Status} icon="silent" tone="und" word=${t('u-stale')} />` : ''}</li>`)}</ul>` : ''}</div>`;
}

export function Uncertainty({ methods }) {
  const [wish, want] = useState(null), [asked, ask] = useState(false), [version, again] = useState(0);
  const path = wish ? `/api/v1/qc/uncertainty/${encodeURIComponent(wish.method)}` : '';
  const { data, error, retry } = useFetched(wish ? `${path}?relative=${wish.relative ? 1 : 0}` : '', version);
  const onSubmit = (event) => {
    event.preventDefault();
    const { method, form } = event.target.elements;
    want({ method: method.value.trim(), relative: form.value === 'relative' });
    again((n) => n + 1);
  };
  return html`<section class="panel"><div class="panel-head"><h2>${t('u-head')}</h2></div>
    <form class="search-form" onSubmit=${onSubmit}><label>${t('pt-method')}<input name="method" required maxlength="60" spellcheck="false" list="u-methods" /></label><datalist id="u-methods">${methods.map((one) => html`<option key=${one} value=${one} />`)}</datalist>
      <label>${t('u-form')}<select name="form"><option value="absolute">${t('u-absolute')}</option><option value="relative">${t('u-relative')}</option></select></label><button class="button">${t('u-show')}</button></form>
    <p class="third panel-body">${t('u-how')}</p>
    ${error && !data ? html`<${Failed} error=${error} retry=${retry} />` : data ? html`<${Found} found=${data.uncertainty} adopted=${data.adopted} adopt=${() => ask(true)} />` : ''}
    ${asked ? html`<${Signature} title=${t('u-adopt')} action=${t('u-adopt')} close=${() => ask(false)} sign=${async (password, fields) => {
      await write('POST', `${path}/adopt`, { relative: wish.relative, reason: fields.reason.value.trim() }, { password });
      again((n) => n + 1);
    }}><p>${wish.method}　${withUnit(data.uncertainty.expanded, data.uncertainty.unit)}</p><${Field} name="reason" label=${t('u-reason')} maxlength="60" /><p class="second">${t('u-adopt-how')}</p></${Signature}>` : ''}</section>`;
}
