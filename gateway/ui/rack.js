// SPDX-License-Identifier: Apache-2.0
// A rack or sequence list: which position holds which test, so that an autosampler's readings find their slots. Scanning a sample
// fills the next free position with its open tests.
import { html, useEffect, useState } from './standalone.module.js';
import { useFetched } from './fetched.js';
import { Icon } from './icons.js';
import { read } from './live.js';
import { Refusal } from './login.js';
import { Empty, Failed, Loading } from './parts.js';
import { batchOf, takeScans } from './scan.js';
import { may, write } from './session.js';
import { t, learn } from './words.js';

learn({
  'k-title': ['样品架', 'Rack'], 'k-none': ['没有装入样品架。', 'No rack is loaded.'], 'k-how': ['扫样品条码，它的待测格子就排到下一个位置；也可逐行改。', 'Scan a sample and its open slots take the next positions; rows can be changed by hand.'], 'k-position': ['位置', 'Position'], 'k-test-id': ['检验', 'Test'], 'k-slot': ['格子', 'Slot'], 'k-replicate': ['平行样', 'Replicate'],
  'k-load': ['装入', 'Load'], 'k-edit': ['编排', 'Arrange'], 'k-row': ['加一行', 'Add a row'], 'k-drop': ['去掉位置 {}', 'drop position {}'], 'k-loaded': ['已装入 {} 个位置', '{} positions loaded'],
});

const empty = (rows) => ({ position: String(rows.length + 1), test: '', slot: '', replicate: 1 });

// The open slots of a scanned sample's tests, in reading order.
async function openSlots(wanted) {
  const { batch } = await batchOf(wanted);
  if (!batch) return [];
  const { tests } = await read(`/api/v1/batches/${encodeURIComponent(batch.batch)}`);
  return tests.filter((test) => !test.result).flatMap((test) => test.slots.filter((slot) => slot.status === 'empty').map((slot) => ({ test: test.test, slot: slot.slot, replicate: slot.replicate })));
}

function Editor({ instrument, places, close, done }) {
  const [rows, setRows] = useState(places.length ? places : []);
  const [error, fail] = useState(null);
  useEffect(() => takeScans(async (text) => {
    const found = await openSlots(text);
    setRows((old) => {
      const fresh = found.filter((one) => !old.some((row) => row.test === one.test && row.slot === one.slot && row.replicate === one.replicate));
      return fresh.reduce((all, one) => [...all, { ...empty(all), ...one }], old);
    });
    return found.length > 0;
  }), []);
  const change = (at, name) => (event) => setRows((old) => old.map((row, i) => (i === at ? { ...row, [name]: name === 'replicate' ? Number(event.target.value) : event.target.value.trim() } : row)));
  const onSubmit = async (event) => {
    event.preventDefault();
    fail(null);
    try {
      await write('PUT', `/api/v1/instruments/${encodeURIComponent(instrument)}/rack`, { places: rows.map(({ position, test, slot, replicate }) => ({ position, test, slot, replicate })) });
      done();
      close();
    } catch (problem) {
      fail(problem);
    }
  };
  return html`<form class="rack" onSubmit=${onSubmit}><p class="second panel-body">${t('k-how')}</p><div class="table-scroll"><table class="story"><thead><tr><th>${t('k-position')}</th><th>${t('k-test-id')}</th><th>${t('k-slot')}</th><th>${t('k-replicate')}</th><th></th></tr></thead>
    <tbody>${rows.map((row, i) => html`<tr key=${i}>${['position', 'test', 'slot'].map((name) => html`<td key=${name}><input aria-label=${`${t('k-position')} ${i + 1} ${t({ position: 'k-position', test: 'k-test-id', slot: 'k-slot' }[name])}`} required maxlength="40" spellcheck="false" value=${row[name]} onInput=${change(i, name)} /></td>`)}
      <td><input type="number" min="1" max="64" aria-label=${`${t('k-position')} ${i + 1} ${t('k-replicate')}`} value=${row.replicate} onInput=${change(i, 'replicate')} /></td><td><button type="button" class="button small" aria-label=${t('k-drop', row.position)} onClick=${() => setRows(rows.filter((_, k) => k !== i))}><${Icon} name="cross" /></button></td></tr>`)}</tbody></table></div>
    <${Refusal} error=${error} /><div class="buttons panel-body"><button type="button" class="button" onClick=${() => setRows([...rows, empty(rows)])}><${Icon} name="plus" />${t('k-row')}</button><button type="button" class="button" onClick=${close}>${t('cancel')}</button><button class="button primary" disabled=${!rows.length}>${t('k-load')}</button></div></form>`;
}

export function Rack({ instrument }) {
  const [version, again] = useState(0), [editing, edit] = useState(false);
  const { data, error, retry } = useFetched(`/api/v1/instruments/${encodeURIComponent(instrument)}/rack`, version);
  return html`<section class="panel"><div class="panel-head"><h2>${t('k-title')}</h2>${data?.places.length ? html`<span class="second">${t('k-loaded', data.places.length)}</span>` : ''}<span class="end">${may('rack.load') && !editing ? html`<button class="button" id="rack" onClick=${() => edit(true)}>${t('k-edit')}</button>` : ''}</span></div>
    ${error && !data ? html`<${Failed} error=${error} retry=${retry} />` : !data ? html`<${Loading} />` : editing ? html`<${Editor} instrument=${instrument} places=${data.places} close=${() => edit(false)} done=${() => again((n) => n + 1)} />`
    : !data.places.length ? html`<${Empty} title=${t('k-none')} />` : html`<div class="table-scroll"><table class="story"><thead><tr><th>${t('k-position')}</th><th>${t('k-test-id')}</th><th>${t('k-slot')}</th><th>${t('k-replicate')}</th></tr></thead><tbody>${data.places.map((one) => html`<tr key=${one.position}><td><b>${one.position}</b></td><td>${one.test}</td><td>${one.slot}</td><td>${one.replicate}</td></tr>`)}</tbody></table></div>`}</section>`;
}
