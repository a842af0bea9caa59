// SPDX-License-Identifier: Apache-2.0
// What controls are made of and what is measured with them: the register of control materials, and the runs of controls.
import { html, useState } from './standalone.module.js';
import { Ask } from './ask.js';
import { CsvLink } from './csv.js';
import { useFetched } from './fetched.js';
import { Icon } from './icons.js';
import { gatewayNow } from './live.js';
import { Field } from './login.js';
import { Empty, Failed, Loading, Status } from './parts.js';
import { may, write } from './session.js';
import { clock, day, withUnit } from './text.js';
import { t, pick, learn } from './words.js';

learn({
  'q-kind-control': ['质控样', 'control'], 'q-kind-blank': ['空白', 'blank'], 'q-kind-spike': ['加标回收', 'spike'], 'q-kind-duplicate': ['平行样', 'duplicates'], 'q-kind-check-weight': ['砝码', 'check weight'],
  'm-head': ['质控物质', 'Control materials'], 'm-none': ['还没有登记质控物质。', 'No control material is registered.'], 'm-add': ['登记质控物质', 'Register a material'], 'm-retire': ['停用', 'Retire'], 'm-retired': ['已停用', 'retired'], 'm-in-use': ['在用', 'in use'], 'm-expired': ['已过期', 'expired'],
  'm-kind': ['种类', 'Kind'], 'm-material': ['物质', 'Material'], 'm-name-zh': ['中文名', 'Name in Chinese'], 'm-name-en': ['英文名', 'Name in English'], 'm-lot': ['批号', 'Lot'], 'm-expires': ['有效至', 'Expires'], 'm-level': ['水平（1–8）', 'Level (1–8)'], 'm-method': ['方法代号', 'Method'], 'm-value': ['证书值', 'Certified value'], 'm-unit': ['单位', 'Unit'], 'm-uncertainty': ['扩展不确定度', 'Expanded uncertainty'], 'm-coverage': ['包含因子 k', 'Coverage factor k'], 'm-certificate': ['证书编号', 'Certificate'],
  'm-how': ['没有证书值时，界限由自身历史（至少 20 个点）冻结而来。加标写应有的回收率（%）；砝码的不确定度写允许偏差。', 'Without a value the limits come from its own history (20 points at least). Of a spike write the recovery it should have (%); of a check weight the uncertainty is what a reading may be off by.'], 'm-reason': ['停用的理由', 'Why it is retired'],
  'r-level': ['水平', 'Level'], 'r-head': ['质控测定', 'Runs of controls'], 'r-none': ['还没有下达过质控。', 'No run of controls was ordered yet.'], 'r-order': ['下达质控', 'Order a run'], 'r-run': ['质控号', 'Run'], 'r-state': ['判断', 'State'], 'r-measured': ['测定时间', 'Measured'], 'r-open': ['待测', 'to be measured'], 'r-in': ['受控', 'in control'], 'r-warning': ['警告', 'warning'], 'r-out': ['失控', 'out of control'], 'r-undetermined': ['不能判断', 'undetermined'],
  'r-how': ['同一方法、同一种类的物质一起测，每个水平一个；加标写原样的检验项目和加入量；只写检验项目就是同一样品再测一次（平行样）。', 'Materials of one method and kind are measured together, one of each level. A spike names the unspiked test and what was added; a test alone is the same sample once more (duplicates).'],
  'r-of': ['原样的检验项目', 'The unspiked or repeated test'], 'r-added': ['加入量', 'Amount added'], 'r-due': ['下次核查日期（砝码）', 'Next check on (check weights)'], 'r-evidence': ['佐证仪器', 'Instrument of evidence'], 'r-ordered': ['{} 已下达，去工作台测定', '{} is ordered: measure it at the Bench'], 'r-typed': ['（全部手工录入）', '(all values typed)'],
});

const MATERIALS = '/api/v1/qc/materials', RUNS = '/api/v1/qc/runs';
const KINDS = ['control', 'blank', 'spike', 'check-weight'];
const STATES = { in: ['check', 'pass'], warning: ['warn', 'und'], out: ['cross', 'fail'], undetermined: ['disabled', 'und'] };

const today = () => new Date(gatewayNow()).toISOString().slice(0, 10);
const filled = (values, names) => Object.fromEntries(names.map((name) => [name, (values[name] || '').trim()]).filter(([, text]) => text));

function Register({ close, done, methods }) {
  const field = (name, label, more = {}) => html`<${Field} name=${name} label=${t(label)} maxlength="60" ...${more} />`;
  const send = async (values) => {
    await write('POST', MATERIALS, { ...filled(values, ['kind', 'name_zh', 'name_en', 'lot', 'expires', 'method', 'value', 'unit', 'uncertainty', 'coverage', 'certificate']), level: Number(values.level) });
    done();
  };
  return html`<${Ask} title=${t('m-add')} how=${t('m-how')} action=${t('m-add')} close=${close} send=${send}>
    <div class="two"><label>${t('m-kind')}<select name="kind">${KINDS.map((kind) => html`<option key=${kind} value=${kind}>${t(`q-kind-${kind}`)}</option>`)}</select></label>${field('level', 'm-level', { type: 'number', min: '1', max: '8', defaultValue: '1' })}</div>
    <div class="two">${field('name_zh', 'm-name-zh')}${field('name_en', 'm-name-en', { required: false })}</div>
    <div class="two">${field('lot', 'm-lot')}${field('expires', 'm-expires', { type: 'date', min: today() })}</div>
    ${field('method', 'm-method', { spellcheck: 'false', list: 'q-methods' })}<datalist id="q-methods">${methods.map((one) => html`<option key=${one} value=${one} />`)}</datalist>
    <div class="two">${field('value', 'm-value', { required: false, inputmode: 'decimal' })}${field('unit', 'm-unit', { required: false, maxlength: '20' })}</div>
    <div class="two">${field('uncertainty', 'm-uncertainty', { required: false, inputmode: 'decimal' })}${field('coverage', 'm-coverage', { required: false, inputmode: 'decimal', defaultValue: '2' })}</div>
    ${field('certificate', 'm-certificate', { required: false })}</${Ask}>`;
}

function Material({ one, retire }) {
  const expired = one.expires < today(), used = one.status === 'in-use';
  return html`<tr><td>${pick(one, 'name')}　<span class="third">${one.material}　${one.lot}</span></td><td>${t(`q-kind-${one.kind}`)}</td><td>${one.method}</td><td class="right">${one.level}</td>
    <td>${one.value ? withUnit(`${one.value} ± ${one.uncertainty}`, one.unit) : '—'}</td><td>${one.expires}</td>
    <td><${Status} icon=${!used ? 'disabled' : expired ? 'silent' : 'check'} tone=${used && expired ? 'und' : 'off'} word=${t(!used ? 'm-retired' : expired ? 'm-expired' : 'm-in-use')} /></td>
    <td class="right">${used && may('qc.material.retire') ? html`<button class="button small" onClick=${() => retire(one)} aria-label=${`${t('m-retire')} ${one.material}`}>${t('m-retire')}</button>` : ''}</td></tr>`;
}

export function Materials({ version, methods }) {
  const { data, error, retry } = useFetched(MATERIALS, version);
  const [asked, ask] = useState(null);
  return html`<section class="panel"><div class="panel-head"><h2>${t('m-head')}</h2><span class="end"><${CsvLink} path=${MATERIALS} />${may('qc.material.add') ? html`<button class="button" id="add-material" onClick=${() => ask({})}><${Icon} name="plus" />${t('m-add')}</button>` : ''}</span></div>
    ${error && !data ? html`<${Failed} error=${error} retry=${retry} />` : !data ? html`<${Loading} rows=${3} />` : !data.materials.length ? html`<${Empty} title=${t('m-none')} />`
    : html`<div class="table-scroll" tabindex="0" role="region" aria-label=${t('m-head')}><table class="list q-list still"><thead><tr><th>${t('m-material')}</th><th>${t('m-kind')}</th><th>${t('m-method')}</th><th class="right">${t('r-level')}</th><th>${t('m-value')}</th><th>${t('m-expires')}</th><th>${t('r-state')}</th><th></th></tr></thead>
      <tbody>${data.materials.map((one) => html`<${Material} key=${one.material} one=${one} retire=${ask} />`)}</tbody></table></div>`}
    ${asked && !asked.material ? html`<${Register} methods=${methods} close=${() => ask(null)} done=${retry} />` : ''}
    ${asked?.material ? html`<${Ask} title=${`${t('m-retire')} ${asked.material}`} action=${t('m-retire')} close=${() => ask(null)} send=${async ({ reason }) => {
      await write('POST', `${MATERIALS}/${encodeURIComponent(asked.material)}/retire`, { reason: reason.trim() });
      retry();
    }}><${Field} name="reason" label=${t('m-reason')} maxlength="60" /></${Ask}>` : ''}</section>`;
}

function Order({ close, done }) {
  const { data, error } = useFetched(MATERIALS, ''), { data: all, error: failed } = useFetched('/api/v1/instruments', '');
  if (!(data || error) || !(all || failed)) return '';
  const usable = (data?.materials || []).filter((one) => one.status === 'in-use' && one.expires >= today());
  const send = async (values, form) => {
    const materials = [...form.querySelectorAll('input[name=material]:checked')].map((box) => box.value);
    const { run } = await write('POST', RUNS, { ...filled(values, ['instrument', 'of', 'added', 'next_due', 'evidence']), ...(materials.length ? { materials } : {}) });
    done(run.run);
  };
  return html`<${Ask} title=${t('r-order')} how=${t('r-how')} action=${t('r-order')} close=${close} send=${send}>
    <label>${t('instrument')}<select name="instrument">${(all?.instruments || []).map((one) => html`<option key=${one.instrument} value=${one.instrument}>${pick(one, 'name') || one.instrument}</option>`)}<option value="">${t('r-typed')}</option></select></label>
    ${usable.length ? html`<fieldset><legend>${t('m-head')}</legend>${usable.map((one) => html`<label key=${one.material} class="check"><input type="checkbox" name="material" value=${one.material} />${pick(one, 'name')}　<span class="third">${t(`q-kind-${one.kind}`)}　${t('r-level')} ${one.level}　${one.method}</span></label>`)}</fieldset>` : ''}
    <div class="two"><${Field} name="of" label=${t('r-of')} required=${false} maxlength="60" spellcheck="false" /><${Field} name="added" label=${t('r-added')} required=${false} maxlength="30" inputmode="decimal" /></div>
    <div class="two"><${Field} name="next_due" label=${t('r-due')} required=${false} type="date" min=${today()} /><${Field} name="evidence" label=${t('r-evidence')} required=${false} maxlength="60" spellcheck="false" /></div></${Ask}>`;
}

function Run({ run }) {
  const [icon, tone] = STATES[run.state] || ['empty', 'off'];
  return html`<tr><td><b>${run.run}</b></td><td>${t(`q-kind-${run.kind}`)}</td><td>${run.method}</td><td>${run.instrument}</td><td><${Status} icon=${icon} tone=${tone} word=${t(`r-${run.state || 'open'}`)} /></td>
    <td>${run.measured ? `${day(run.measured)} ${clock(run.measured)}` : '—'}</td><td>${run.who}</td><td>${run.hold || ''}</td></tr>`;
}

export function Runs({ version }) {
  const { data, error, retry } = useFetched(RUNS, version);
  const [asked, ask] = useState(false), [ordered, order] = useState('');
  return html`<section class="panel"><div class="panel-head"><h2>${t('r-head')}</h2><span class="end"><${CsvLink} path=${RUNS} />${may('qc.run.new') ? html`<button class="button" id="order-run" onClick=${() => ask(true)}><${Icon} name="plus" />${t('r-order')}</button>` : ''}</span></div>
    ${ordered ? html`<p class="said panel-body" role="status"><a href="#/bench">${t('r-ordered', ordered)}</a></p>` : ''}
    ${error && !data ? html`<${Failed} error=${error} retry=${retry} />` : !data ? html`<${Loading} rows=${3} />` : !data.runs.length ? html`<${Empty} title=${t('r-none')} />`
    : html`<div class="table-scroll" tabindex="0" role="region" aria-label=${t('r-head')}><table class="list q-list still"><thead><tr><th>${t('r-run')}</th><th>${t('m-kind')}</th><th>${t('m-method')}</th><th>${t('instrument')}</th><th>${t('r-state')}</th><th>${t('r-measured')}</th><th>${t('who')}</th><th></th></tr></thead>
      <tbody>${data.runs.slice(0, 20).map((run) => html`<${Run} key=${run.run} run=${run} />`)}</tbody></table></div>`}
    ${asked ? html`<${Order} close=${() => ask(false)} done=${(run) => {
      order(run);
      retry();
    }} />` : ''}</section>`;
}
