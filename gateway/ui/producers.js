// SPDX-License-Identifier: Apache-2.0
// Producers: who makes what, what they can test themselves, how many free tests are left, and the cards that carry them.
import { html, useEffect, useRef, useState } from './standalone.module.js';
import { Ask } from './ask.js';
import { Cards, CardSheet } from './cards.js';
import { CsvLink } from './csv.js';
import { useFetched, useSettled } from './fetched.js';
import { Icon } from './icons.js';
import { bind } from './keys.js';
import { Field } from './login.js';
import { Empty, Failed, Loading, Verdict, rowProps } from './parts.js';
import { may, useSession, write } from './session.js';
import { EnterSplit, Splits } from './splits.js';
import { clock, day, grouped } from './text.js';
import { t, pick, learn, current } from './words.js';

learn({
  'f-search': ['企业名称、许可证号', 'name or licence'], 'f-add': ['登记企业', 'Register a producer'], 'f-none': ['还没有企业。', 'No producers yet.'], 'f-none-how': ['登记后可以发检测卡，收样时扫卡。', 'Register one, give it a card, scan the card at intake.'], 'f-nothing': ['没有符合的企业。', 'No producer fits.'],
  'f-name': ['企业名称', 'Name'], 'f-name-en': ['英文名称', 'Name in English'], 'f-licence': ['生产许可证号', 'Licence'], 'f-address': ['地址', 'Address'], 'f-contact': ['联系人', 'Contact'], 'f-phone': ['电话', 'Phone'], 'f-email': ['邮箱', 'E-mail'],
  'f-products': ['所产产品', 'Products'], 'f-self': ['自己能检的项目', 'Tests they can do'], 'f-list-how': ['多项之间用、或逗号', 'several with commas between'], 'f-year': ['每年检验次数', 'Tests a year'], 'f-cost': ['每年检验费用（元）', 'Cost a year (yuan)'], 'f-note': ['备注', 'Note'],
  'f-left': ['剩余免费次数', 'Free tests left'], 'f-used': ['已用', 'used'], 'f-entitled': ['核定', 'given'], 'f-change': ['更改登记', 'Change'], 'f-changes': ['登记的更改', 'Changes of the register'], 'f-registered': ['登记于 {}', 'registered {}'],
  'o-paper': ['报告 PDF', 'The report as PDF'], 'f-batches': ['送检批次', 'Its batches'], 'f-saved': ['已省 {} 元', '{} yuan saved'], 'f-product-find': ['加一种产品：酱油、jy、soy', 'Add a product: soy, jy, 酱油'], 'f-remove': ['去掉 {}', 'remove {}'],
});

const split = (text) => (text || '').split(/[、,，;；\n]/).map((one) => one.trim()).filter(Boolean);

// Products by search; those chosen stand above.
function Products({ chosen, set }) {
  const [text, setText] = useState('');
  const typed = useSettled(text.trim());
  const { data } = useFetched(typed ? `/api/v1/products?q=${encodeURIComponent(typed)}` : '', '');
  const add = (product) => {
    if (!chosen.includes(product)) set([...chosen, product]);
    setText('');
  };
  return html`<label>${t('f-products')}<input type="text" value=${text} placeholder=${t('f-product-find')} maxlength="20" autocomplete="off" onInput=${(e) => setText(e.target.value)} /></label>
    ${typed && data?.products.length ? html`<div class="found" role="group" aria-label=${t('f-products')}>${data.products.slice(0, 8).map((one) => html`<button type="button" key=${one.product} onClick=${() => add(one.product)}>${pick(one, 'name')}</button>`)}</div>` : ''}
    ${chosen.length ? html`<p class="tokens">${chosen.map((one) => html`<button type="button" key=${one} class="token" aria-label=${t('f-remove', one)} onClick=${() => set(chosen.filter((other) => other !== one))}>${one}<${Icon} name="cross" /></button>`)}</p>` : ''}`;
}

function Register({ producer, close, done }) {
  const [products, setProducts] = useState(producer?.products || []);
  const field = (name, label, more = {}) => html`<${Field} name=${name} label=${t(label)} required=${false} maxlength="60" defaultValue=${producer?.[name] ?? ''} ...${more} />`;
  const send = async (values) => {
    const body = { products, self_tests: split(values.self_tests) };
    for (const name of ['name', 'name_en', 'licence', 'address', 'contact', 'phone', 'email', 'note', 'cost_a_year']) body[name] = (values[name] || '').trim();
    if (values.tests_a_year) body.tests_a_year = Number(values.tests_a_year);
    for (const name of ['name_en', 'address', 'contact', 'phone', 'email', 'note', 'cost_a_year']) if (!producer && !body[name]) delete body[name];
    const answer = producer ? await write('PATCH', `/api/v1/producers/${encodeURIComponent(producer.producer)}`, { ...body, reason: values.reason.trim() }, { ifMatch: producer.etag })
      : await write('POST', '/api/v1/producers', body);
    done(answer.producer);
  };
  return html`<${Ask} title=${producer ? t('f-change') : t('f-add')} action=${producer ? t('f-change') : t('f-add')} close=${close} send=${send}>
    ${field('name', 'f-name', { required: true })}${field('licence', 'f-licence', { required: true, spellcheck: 'false' })}
    <div class="two">${field('name_en', 'f-name-en')}${field('contact', 'f-contact')}</div>${field('address', 'f-address')}
    <div class="two">${field('phone', 'f-phone')}${field('email', 'f-email')}</div><${Products} chosen=${products} set=${setProducts} />
    ${field('self_tests', 'f-self', { hint: t('f-list-how'), defaultValue: (producer?.self_tests || []).join('、'), maxlength: '200' })}
    <div class="two">${field('tests_a_year', 'f-year', { type: 'number', min: '0' })}${field('cost_a_year', 'f-cost', { inputmode: 'decimal' })}</div>${field('note', 'f-note')}
    ${producer ? html`<${Field} name="reason" label=${t('reason')} maxlength="60" />` : ''}</${Ask}>`;
}

function List() {
  const [text, setText] = useState(''), [before, setBefore] = useState([]), [after, setAfter] = useState(''), [asked, ask] = useState(false), [version, again] = useState(0);
  const typed = useSettled(text.trim()), box = useRef(null);
  const path = `/api/v1/producers?q=${encodeURIComponent(typed)}`;
  const { data, error, retry } = useFetched(`${path}&after=${encodeURIComponent(after)}`, version);
  useEffect(() => {
    setAfter('');
    setBefore([]);
  }, [typed]);
  useEffect(() => {
    const off = [bind('f', () => box.current?.focus()), bind('n', () => may('producer.add') && ask(true)), bind('escape', () => {
      if (document.activeElement !== box.current) return false;
      setText('');
      box.current.blur();
      return true;
    })];
    return () => off.forEach((one) => one());
  }, []);
  const open = (producer) => () => {
    location.hash = `#/producers/${encodeURIComponent(producer)}`;
  };
  return html`<div class="batch producers"><section class="panel"><div class="panel-head"><div class="filter inline"><label><${Icon} name="filter" /><input ref=${box} type="text" value=${text} placeholder=${t('f-search')} aria-label=${t('f-search')} maxlength="40" autocomplete="off" onInput=${(e) => setText(e.target.value)} /><kbd>F</kbd></label></div>
      <span class="end"><${CsvLink} path=${path} />${may('producer.add') ? html`<button class="button" id="add-producer" onClick=${() => ask(true)}><${Icon} name="plus" />${t('f-add')}</button>` : ''}</span></div>
    ${error && !data ? html`<${Failed} error=${error} retry=${retry} />` : !data ? html`<${Loading} rows=${6} />` : !data.producers.length ? html`<${Empty} title=${typed ? t('f-nothing') : t('f-none')} how=${typed ? '' : t('f-none-how')} />`
    : html`<div class="table-scroll"><table class="story"><thead><tr><th>${t('producer')}</th><th>${t('f-name')}</th><th>${t('f-licence')}</th><th>${t('f-products')}</th><th class="right">${t('f-left')}</th><th class="right">${t('f-used')}</th></tr></thead>
      <tbody>${data.producers.map((one) => html`<tr key=${one.producer} ...${rowProps(open(one.producer))}><td>${one.producer}</td><td><b>${current() === 'en' ? one.name_en || one.name : one.name}</b></td><td>${one.licence}</td><td class="wraps">${(one.products || []).join('、')}</td>
        <td class="right"><b>${one.remaining}</b></td><td class="right">${one.used}</td></tr>`)}</tbody></table></div>`}
    <div class="panel-body buttons start"><button class="button" disabled=${!before.length} onClick=${() => {
    setAfter(before[before.length - 1]);
    setBefore(before.slice(0, -1));
  }}>${t('page-before')}</button><button class="button" disabled=${!data?.next} onClick=${() => {
    setBefore([...before, after]);
    setAfter(data.next);
  }}>${t('page-next')}</button></div></section>
    ${asked ? html`<${Register} close=${() => ask(false)} done=${(producer) => {
      again((n) => n + 1);
      location.hash = `#/producers/${encodeURIComponent(producer.producer)}`;
    }} />` : ''}</div>`;
}

const FACTS = [['f-licence', 'licence'], ['f-address', 'address'], ['f-contact', 'contact'], ['f-phone', 'phone'], ['f-email', 'email'], ['f-year', 'tests_a_year'], ['f-cost', 'cost_a_year'], ['f-note', 'note']];

function Batches({ name }) {
  const { data } = useFetched(`/api/v1/batches?order=-received&limit=20&q=${encodeURIComponent(name.slice(0, 20))}`, '');
  const rows = (data?.batches || []).filter((batch) => batch.producer === name);
  return html`<section class="panel"><div class="panel-head"><h2>${t('f-batches')}</h2></div>${!data ? html`<${Loading} />` : !rows.length ? html`<${Empty} title=${t('batches-nothing')} />` : html`<table class="story"><tbody>${rows.map((batch) => html`<tr key=${batch.batch} ...${rowProps(() => {
    location.hash = `#/batches/${encodeURIComponent(batch.batch)}`;
  })}><td><b>${batch.batch}</b></td><td>${batch.name}</td><td>${batch.produced}</td><td>${t(batch.status)}</td><td><${Verdict} verdict=${batch.verdict} tag=${false} /></td></tr>`)}</tbody></table>`}</section>`;
}

function OwnLaboratory({ producer }) {
  const [asked, ask] = useState(false), [version, again] = useState(0);
  const { data, error, retry } = useFetched(`/api/v1/splits?producer=${encodeURIComponent(producer)}`, version);
  return html`<section class="panel"><div class="panel-head"><h2>${t('s-head')}</h2>${may('split.enter') ? html`<span class="end"><button class="button" id="enter-split" onClick=${() => ask(true)}><${Icon} name="plus" />${t('s-add')}</button></span>` : ''}</div>
    <div class="panel-body">${error && !data ? html`<${Failed} error=${error} retry=${retry} />` : !data ? html`<${Loading} />` : html`<${Splits} groups=${data.splits} />`}</div>
    ${asked ? html`<${EnterSplit} close=${() => ask(false)} done=${() => again((n) => n + 1)} />` : ''}</section>`;
}

function One({ id, card }) {
  useSession();
  const [asked, ask] = useState(false), [version, again] = useState(0);
  const { data: one, error, retry } = useFetched(`/api/v1/producers/${encodeURIComponent(id)}`, version);
  useEffect(() => bind('escape', () => {
    location.hash = card ? `#/producers/${encodeURIComponent(id)}` : '#/producers';
    return true;
  }), [card]);
  if (error && !one) return html`<div class="batch"><section class="panel"><${Failed} error=${error} retry=${retry} /></section></div>`;
  if (!one) return html`<div class="batch"><${Loading} rows=${6} /></div>`;
  const more = () => again((n) => n + 1);
  return html`<div class="batch producers"><section class="panel batch-head"><a class="back" href="#/producers"><${Icon} name="back" />${t('producers')}</a><div class="title"><h2>${one.name}</h2><span class="second">${one.producer}　${one.name_en}</span></div>
      <p class="free"><b>${one.remaining}</b> ${t('f-left')}　<span class="second">${t('f-used')} ${one.used}　${t('f-entitled')} ${one.entitled}</span></p>
      <dl class="facts">${FACTS.filter(([, name]) => one[name] !== '' && one[name] !== undefined && one[name] !== null).map(([word, name]) => html`<div key=${name}><dt>${t(word)}</dt><dd>${name === 'tests_a_year' ? grouped(one[name]) : one[name]}</dd></div>`)}</dl>
      <dl class="facts"><div><dt>${t('f-products')}</dt><dd>${(one.products || []).join('、') || '—'}</dd></div><div><dt>${t('f-self')}</dt><dd>${(one.self_tests || []).join('、') || '—'}</dd></div></dl>
      <div class="buttons start">${may('producer.report') ? html`<a class="button" href=${`/api/v1/producers/${encodeURIComponent(one.producer)}/report/paper`} target="_blank" rel="noopener" data-paper=""><${Icon} name="released" />${t('o-paper')}</a>` : ''}${may('producer.change') ? html`<button class="button" id="change-producer" onClick=${() => ask(true)}>${t('f-change')}</button>` : ''}${may('batch.new') ? html`<a class="button" href=${`#/intake/${encodeURIComponent(one.producer)}`}><${Icon} name="plus" />${t('intake')}</a>` : ''}</div></section>
    ${card ? html`<${CardSheet} key=${card} id=${card} producer=${one} />` : ''}<${Cards} producer=${one} chosen=${card} again=${more} /><${Batches} name=${one.name} /><${OwnLaboratory} producer=${one.producer} />
    ${one.changes?.length ? html`<section class="panel"><div class="panel-head"><h2>${t('f-changes')}</h2></div><ul class="plain">${one.changes.map((change) => html`<li key=${change.seq}><span class="third">${day(change.at)} ${clock(change.at)}　<a href=${`#/entry/${change.seq}`}>#${change.seq}</a></span>　${change.who}　${change.reason || t('f-add')}</li>`)}</ul></section>` : ''}
    ${asked ? html`<${Register} producer=${one} close=${() => ask(false)} done=${more} />` : ''}</div>`;
}

export const Producers = ({ id, more }) => (id ? html`<${One} key=${id} id=${id} card=${more} />` : html`<${List} />`);
