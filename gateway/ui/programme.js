// SPDX-License-Identifier: Apache-2.0
// The programme of free tests: how many, for how many producers, its price list, and whether its ledger adds up.
import { html, useState } from './standalone.module.js';
import { Ask } from './ask.js';
import { yuan } from './cards.js';
import { CsvLink } from './csv.js';
import { useFetched } from './fetched.js';
import { Icon } from './icons.js';
import { Field } from './login.js';
import { Empty, Failed, Loading, Status } from './parts.js';
import { may, write } from './session.js';
import { grouped } from './text.js';
import { t, pick, learn } from './words.js';

learn({
  'g-title': ['免费项目', 'Programmes'], 'g-none': ['还没有免费项目。', 'No programme yet.'], 'g-add': ['设立项目', 'Set up a programme'], 'g-change': ['更改', 'Change'], 'g-id': ['代号', 'Id'], 'g-id-how': ['如 free-2026', 'such as free-2026'], 'g-name': ['名称', 'Name'], 'g-name-en': ['英文名称', 'Name in English'], 'g-tests': ['总次数', 'Tests'], 'g-producers': ['企业数', 'Producers'],
  'g-alarm': ['剩几次时告警', 'Alarm when so many are left'], 'g-until': ['有效至', 'Valid until'], 'g-prices': ['价目（每行：项目 元）', 'Prices (one a line: analyte yuan)'], 'g-issued': ['已发', 'issued'], 'g-used': ['已用', 'used'], 'g-left': ['剩余', 'left'], 'g-saved': ['已省 {} 元', '{} yuan saved'], 'g-with-card': ['{0} / {1} 家有卡', '{0} of {1} producers have a card'],
  'g-audit': ['台账核对', 'The ledger added up'], 'g-adds-up': ['台账加总一致', 'the ledger adds up'], 'g-findings': ['{} 处不符', '{} findings'], 'g-price-bad': ['价目第 {} 行读不出来：一行写项目、空格、元', 'price line {} cannot be read: analyte, blank, yuan'],
});

function pricesOf(text) {
  return text.split('\n').map((line) => line.trim()).filter(Boolean).map((line, i) => {
    const match = /^(.+?)[\s,，]+(\d+(?:\.\d{1,2})?)$/.exec(line);
    if (!match) throw new Error(t('g-price-bad', i + 1));
    return { analyte: match[1].trim(), price: match[2] };
  });
}

function Set({ programme, close, done }) {
  const [prices, setPrices] = useState((programme?.prices || []).map((one) => `${one.analyte} ${one.price}`).join('\n'));
  const field = (name, label, more = {}) => html`<${Field} name=${name} label=${t(label)} defaultValue=${programme?.[name] ?? ''} maxlength="60" ...${more} />`;
  return html`<${Ask} title=${programme ? programme.programme : t('g-add')} action=${programme ? t('g-change') : t('g-add')} close=${close} send=${async (values) => {
    const body = { name_zh: values.name_zh.trim(), name_en: values.name_en.trim(), tests: Number(values.tests), producers: Number(values.producers), alarm_at: Number(values.alarm_at || 0), prices: pricesOf(prices), reason: (values.reason || '').trim() };
    if (values.valid_until) body.valid_until = values.valid_until;
    await write('PUT', `/api/v1/programmes/${encodeURIComponent(programme?.programme || values.programme.trim())}`, body);
    done();
  }}>${programme ? '' : field('programme', 'g-id', { hint: t('g-id-how'), spellcheck: 'false' })}${field('name_zh', 'g-name')}${field('name_en', 'g-name-en', { required: false })}
    <div class="two">${field('tests', 'g-tests', { type: 'number', min: '1' })}${field('producers', 'g-producers', { type: 'number', min: '1' })}</div><div class="two">${field('alarm_at', 'g-alarm', { type: 'number', min: '0', required: false })}${field('valid_until', 'g-until', { type: 'date', required: false })}</div>
    <label>${t('g-prices')}<textarea rows="4" spellcheck="false" value=${prices} onInput=${(e) => setPrices(e.target.value)}></textarea></label>${programme ? html`<${Field} name="reason" label=${t('reason')} maxlength="60" />` : ''}</${Ask}>`;
}

function Audit({ version }) {
  const { data, error, retry } = useFetched('/api/v1/entitlement', version);
  if (error && !data) return html`<section class="panel"><${Failed} error=${error} retry=${retry} /></section>`;
  if (!data) return '';
  return html`<section class="panel"><div class="panel-head"><h2>${t('g-audit')}</h2>${data.findings.length ? html`<${Status} icon="cross" tone="fail" word=${t('g-findings', data.findings.length)} />` : html`<${Status} icon="check" tone="pass" word=${t('g-adds-up')} />`}<span class="end"><code>assay entitlement audit</code></span></div>
    ${data.findings.length ? html`<ul class="plain">${data.findings.map((one, i) => html`<li key=${i}>${pick(one, 'text')}</li>`)}</ul>` : ''}</section>`;
}

export function Programmes() {
  const [version, again] = useState(0), [asked, ask] = useState(null);
  const { data, error, retry } = useFetched('/api/v1/programmes', version);
  if (error && !data) return html`<section class="panel"><${Failed} error=${error} retry=${retry} /></section>`;
  if (!data) return html`<section class="panel"><${Loading} rows=${4} /></section>`;
  return html`<section class="panel"><div class="panel-head"><h2>${t('g-title')}</h2><span class="end"><${CsvLink} path="/api/v1/programmes" />${may('programme.set') ? html`<button class="button" id="add-programme" onClick=${() => ask({})}><${Icon} name="plus" />${t('g-add')}</button>` : ''}</span></div>
      ${!data.programmes.length ? html`<${Empty} title=${t('g-none')} />` : data.programmes.map((one) => html`<div class="panel-body programme" key=${one.programme}><p class="free"><b>${grouped(one.remaining)}</b> ${t('g-left')}　<span class="second">${pick(one, 'name')}　${one.programme}</span></p>
        <p class="second">${t('g-tests')} ${grouped(one.tests)}　${t('g-issued')} ${grouped(one.issued)}　${t('g-used')} ${grouped(one.used)}　${t('g-with-card', one.producers_with_card, one.producers)}　<b>${t('g-saved', yuan(one.saved_fen))}</b>${one.valid_until ? `　${t('g-until')} ${one.valid_until}` : ''}</p>
        <svg class="bar" viewBox="0 0 400 8" preserveAspectRatio="none" role="img" aria-label=${`${t('g-used')} ${one.used}, ${t('g-issued')} ${one.issued}, ${t('g-tests')} ${one.tests}`}><rect class="track" width="400" height="8" /><rect class="given" width=${one.tests ? (400 * one.issued) / one.tests : 0} height="8" /><rect class="part" width=${one.tests ? (400 * one.used) / one.tests : 0} height="8" /></svg>
        <p class="third">${(one.prices || []).map((price) => `${pick({ a_zh: data.analytes[price.analyte]?.zh, a_en: data.analytes[price.analyte]?.en }, 'a') || price.analyte} ${price.price}`).join('　')}</p>${may('programme.set') ? html`<button class="button small" onClick=${() => ask(one)}>${t('g-change')}</button>` : ''}</div>`)}</section>
    <${Audit} version=${version} />${asked ? html`<${Set} programme=${asked.programme ? asked : null} close=${() => ask(null)} done=${() => again((n) => n + 1)} />` : ''}`;
}
