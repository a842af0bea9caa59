// SPDX-License-Identifier: Apache-2.0
// Intake: what came in, by whom it was made, and the whole list of tests that its product's plan asks for. What cannot be tested
// here is said before the batch is taken in.
import { html, useEffect, useRef, useState } from './standalone.module.js';
import { useFetched, useSettled } from './fetched.js';
import { Icon } from './icons.js';
import { gatewayNow, read } from './live.js';
import { Refusal } from './login.js';
import { Empty, Failed, Loading, Status } from './parts.js';
import { may, useSession, write } from './session.js';
import { grouped, limitText } from './text.js';
import { takeScans } from './scan.js';
import { t, pick, learn, current } from './words.js';

learn({
  'i-what': ['收什么', 'What came in'], 'i-search': ['产品：酱油、jiangyou、jy、soy', 'Product: soy, jiangyou, 酱油'], 'i-name': ['样品名称（标签上的）', 'Name on the label'],
  'i-produced': ['生产日期', 'Production date'], 'i-amount': ['数量', 'Amount'], 'i-amount-as': ['如 500 g，3 瓶', 'such as 500 g, 3 bottles'], 'i-lot': ['生产批号', 'Lot'],
  'i-take': ['收样登记', 'Take in'], 'i-plan': ['全项清单', 'The whole list'], 'i-plan-how': ['选产品、填生产日期，这里列出全部项目。', 'Choose a product and a production date; its whole list comes here.'],
  'i-items': ['{} 项，有检验方法 {}', '{} items, {} with a method here'], 'i-cannot': ['没有检验方法', 'no method here'], 'i-cannot-n': ['{} 项没有检验方法，收样前请告知送检人。', '{} items have no method here; say so before taking it in.'],
  'i-no-instrument': ['本室没有仪器能测', 'This laboratory has no instrument for'],
  'i-outside': ['清单不含农药残留和兽药残留。', 'Pesticide and veterinary drug residues are not in the list.'], 'i-not-applies': ['条件不成立', 'condition does not hold'],
  'i-chosen': ['委托 {} 项', '{} ordered'], 'i-all': ['全选', 'all'], 'i-none': ['全不选', 'none'], 'i-done': ['已收样', 'Taken in'], 'i-open': ['打开批次', 'Open the batch'], 'i-next': ['再收一份', 'Take in another'],
  'i-card': ['检测卡（扫卡）', 'Card (scan it)'], 'i-card-left': ['{0}，剩 {1} 次', '{0}, {1} left'], 'i-card-none': ['没有这张卡。', 'No such card.'], 'i-card-paid': ['费用由此卡承担', 'this card pays'], 'i-samples': ['容器数', 'Containers'], 'i-retained': ['留样', 'Retained sample'], 'i-labels': ['打印标签', 'Print labels'],
  'i-not-you': ['收样要检验员的角色。', 'Intake needs the role technician.'], 'i-nobody': ['登录后才能收样。', 'Log in to take in.'], 'i-login': ['登录', 'Log in'], 'i-no-product': ['没有这样的产品。', 'No such product.'],
});

const ORIGINS = ['sent-in', 'collected', 'market-check', 'citizens-choice', 'sentinel-point'];
const today = () => {
  const now = new Date(gatewayNow());
  return `${now.getFullYear()}-${String(now.getMonth() + 1).padStart(2, '0')}-${String(now.getDate()).padStart(2, '0')}`;
};

function Product({ chosen, choose }) {
  const [text, setText] = useState('');
  const typed = useSettled(text.trim());
  const { data, error, retry } = useFetched(`/api/v1/products?q=${encodeURIComponent(typed)}`, '');
  const list = data?.products || [];
  return html`<label>${t('product')}<input type="text" value=${text} placeholder=${t('i-search')} autocomplete="off" spellcheck="false" maxlength="20" onInput=${(e) => setText(e.target.value)} /></label>
    <div class="found" role="group" aria-label=${t('product')}>${error && !data ? html`<${Failed} error=${error} retry=${retry} />` : !data ? html`<${Loading} rows=${3} />`
    : !list.length ? html`<${Empty} title=${t('i-no-product')} />`
      : list.map((one) => html`<button type="button" key=${one.product} data-row="" aria-pressed=${chosen?.product === one.product} onClick=${() => choose(one)}><span>${pick(one, 'name')}</span><small class="third">${one.standards[0]}</small></button>`)}</div>`;
}

// One row for each analyte: the strictest is worked out when it is judged, so all its limits are shown.
function byAnalyte(items) {
  const out = new Map();
  for (const item of items) {
    if (!out.has(item.analyte)) out.set(item.analyte, { ...item, limits: [], testable: false });
    const one = out.get(item.analyte);
    one.limits.push(item);
    one.testable = one.testable || !!item.method;
    one.applies = one.applies || item.applies;
  }
  return [...out.values()];
}

function Plan({ rows, chosen, toggle, setAll }) {
  const cannot = rows.filter((row) => !row.testable).length;
  return html`<section class="panel plan"><div class="panel-head"><h2>${t('i-plan')}</h2><span class="second">${t('i-items', rows.length, rows.length - cannot)}</span>
      <span class="end"><b>${t('i-chosen', chosen.size)}</b><button type="button" class="button" onClick=${() => setAll(true)}>${t('i-all')}</button><button type="button" class="button" onClick=${() => setAll(false)}>${t('i-none')}</button></span></div>
    ${cannot ? html`<p class="instruction und"><${Icon} name="warn" /><span>${t('i-cannot-n', cannot)}</span></p>` : ''}
    <div class="table-scroll" tabindex="0" role="region" aria-label=${t('i-plan')}><table><thead><tr><th class="c-tick"></th><th>${t('analyte')}</th><th>${t('limit')}</th><th>${t('standard')}</th><th>${t('method')}</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.analyte} class=${row.testable ? '' : 'untested'}><td class="c-tick"><input type="checkbox" aria-label=${current() === 'zh' ? row.analyte_zh : row.analyte} checked=${chosen.has(row.analyte)} disabled=${!row.testable} onChange=${() => toggle(row.analyte)} /></td>
      <td><b>${current() === 'zh' ? row.analyte_zh || row.analyte : row.analyte}</b>${row.applies ? '' : html`<br /><small class="third">${t('i-not-applies')}</small>`}</td>
      <td>${row.limits.map((one, i) => html`<div key=${i} class="nowrap">${limitText(one.limit)}</div>`)}</td><td>${row.limits.map((one, i) => html`<div key=${i} class="nowrap">${one.standard}</div>`)}</td>
      <td>${row.testable ? html`${row.method_standard}<br /><small class="third">${pick(row, 'method')}</small>` : html`<${Status} icon="warn" tone="und" word=${t('i-cannot')} />`}</td></tr>`)}</tbody></table></div>
    <p class="third panel-body">${t('i-outside')}</p></section>`;
}

function Done({ batch, again }) {
  return html`<div class="done" role="status"><span>${t('i-done')}</span><b>${batch.batch}</b><span class="second">${batch.sample}　${batch.name}</span>
    ${batch.cannot_test?.length ? html`<p><${Icon} name="warn" /> ${t('i-no-instrument')}　${batch.cannot_test.map((one) => (current() === 'zh' ? one.analyte_zh : one.analyte)).join(current() === 'zh' ? '、' : ', ')}</p>` : ''}
    <div class="buttons"><a class="button" id="labels" href=${`/api/v1/batches/${encodeURIComponent(batch.batch)}/labels`} target="_blank" rel="noopener">${t('i-labels')}</a><button class="button" onClick=${again}>${t('i-next')}</button><a class="button primary" href=${`#/batches/${encodeURIComponent(batch.batch)}`}>${t('i-open')}</a></div></div>`;
}

// A card by its number: who made it, how much it still carries.
function useCard(number) {
  const typed = useSettled(number.trim());
  const { data, error } = useFetched(typed ? `/api/v1/cards/${encodeURIComponent(typed)}` : '', '');
  return { card: data, missing: typed && error ? t('i-card-none') : '' };
}

export function Intake({ id }) {
  const me = useSession();
  const form = useRef(null);
  const [product, choose] = useState(null);
  const [produced, setProduced] = useState('');
  const [chosen, setChosen] = useState(new Set());
  const [error, fail] = useState(null);
  const [busy, setBusy] = useState(false);
  const [done, setDone] = useState(null);
  const [number, setNumber] = useState(''), [producer, setProducer] = useState('');
  const { card, missing } = useCard(number);
  const { data: producers } = useFetched(may('producer.list') ? `/api/v1/producers?q=${encodeURIComponent(useSettled(producer.trim()))}` : '', '');
  useEffect(() => takeScans(async (text) => {
    await read(`/api/v1/cards/${encodeURIComponent(text)}`);
    setNumber(text);
    return true;
  }), []);
  useEffect(() => {
    if (card) setProducer(card.producer_name);
  }, [card?.card]);
  useEffect(() => {
    if (id) read(`/api/v1/producers/${encodeURIComponent(id)}`).then((one) => setProducer(one.name), () => {});
  }, [id]);
  const { data: plan, error: problem } = useFetched(product && /^\d{4}-\d\d-\d\d$/.test(produced) ? `/api/v1/products/${encodeURIComponent(product.product)}/plan?produced=${produced}` : '', '');
  const rows = plan ? byAnalyte(plan.items) : [];
  useEffect(() => { // the whole list that can be tested, unless somebody leaves something out
    setChosen(new Set(rows.filter((row) => row.testable && row.applies).map((row) => row.analyte)));
  }, [plan]);
  if (!me.user) return html`<div class="intake"><section class="panel"><${Empty} title=${t('i-nobody')}><a class="button" href="#/login">${t('i-login')}</a></${Empty}></section></div>`;
  if (!may('batch.new')) return html`<div class="intake"><section class="panel"><${Empty} title=${t('i-not-you')} /></section></div>`;
  const onSubmit = async (event) => {
    event.preventDefault();
    if (busy || !product) return;
    setBusy(true);
    fail(null);
    const { name, lot, amount, origin, samples, retained } = Object.fromEntries(new FormData(event.target));
    try {
      const body = { product: product.product, name: name.trim(), producer: producer.trim(), lot: lot.trim(), produced, amount: amount.trim(), origin, tests: [...chosen] };
      if (card) body.card = card.card;
      if (Number(samples) > 1) body.samples = Number(samples);
      if (retained.trim()) body.retained = retained.trim();
      const answer = await write('POST', '/api/v1/batches', body, { key: crypto.randomUUID() });
      setDone(answer.batch);
    } catch (refused) {
      fail(refused);
    }
    setBusy(false);
  };
  const again = () => {
    setDone(null);
    choose(null);
    setProduced('');
    setNumber('');
    setProducer('');
    form.current?.reset();
  };
  const toggle = (analyte) => setChosen((old) => {
    const now = new Set(old);
    if (!now.delete(analyte)) now.add(analyte);
    return now;
  });
  return html`<div class="intake"><section class="panel"><form class="form" ref=${form} onSubmit=${onSubmit} aria-label=${t('i-what')}><h2>${t('i-what')}</h2>
      ${done ? html`<${Done} batch=${done} again=${again} />` : html`<${Product} chosen=${product} choose=${choose} />
      <label>${t('i-name')}<input name="name" required maxlength="60" /></label>
      <label>${t('i-card')}<input name="card" maxlength="60" autocomplete="off" spellcheck="false" value=${number} onInput=${(e) => setNumber(e.target.value)} />${card ? html`<small><${Status} icon="check" tone=${card.remaining > 0 ? 'pass' : 'und'} word=${t('i-card-left', card.producer_name, card.remaining)} />　${card.remaining > 0 ? t('i-card-paid') : ''}</small>` : missing ? html`<small><${Status} icon="warn" tone="und" word=${missing} /></small>` : ''}</label>
      <label>${t('producer')}<input name="producer" required maxlength="60" list="producer-names" autocomplete="off" value=${producer} onInput=${(e) => setProducer(e.target.value)} /></label><datalist id="producer-names">${(producers?.producers || []).slice(0, 20).map((one) => html`<option key=${one.producer} value=${one.name}></option>`)}</datalist>
      <div class="two"><label>${t('i-produced')}<input type="date" name="produced" required max=${today()} value=${produced} onInput=${(e) => setProduced(e.target.value)} /></label><label>${t('i-lot')}<input name="lot" required maxlength="40" /></label></div>
      <div class="two"><label>${t('i-amount')}<input name="amount" maxlength="40" placeholder=${t('i-amount-as')} /></label><label>${t('origin')}<select name="origin">${ORIGINS.map((one) => html`<option key=${one} value=${one}>${t(`origin-${one}`)}</option>`)}</select></label></div>
      <div class="two"><label>${t('i-samples')}<input type="number" name="samples" min="1" max="12" defaultValue="1" /></label><label>${t('i-retained')}<input name="retained" maxlength="40" placeholder=${t('i-amount-as')} /></label></div>
      <${Refusal} error=${error || problem} />
      <div class="buttons"><button class="button primary" disabled=${busy || !product || !chosen.size}>${t('i-take')}　${chosen.size ? t('i-chosen', grouped(chosen.size)) : ''}</button></div>`}</form></section>
    ${plan ? html`<${Plan} rows=${rows} chosen=${chosen} toggle=${toggle} setAll=${(on) => setChosen(new Set(on ? rows.filter((row) => row.testable).map((row) => row.analyte) : []))} />`
    : html`<section class="panel plan"><${Empty} title=${t('i-plan')} how=${t('i-plan-how')} /></section>`}</div>`;
}
