// SPDX-License-Identifier: Apache-2.0
// The worksheet: one row for each replicate, one column for each slot, then what is calculated.
import { html } from './standalone.module.js';
import { Status, Symbol } from './parts.js';
import { NBSP, clock, inBand, range, withUnit } from './text.js';
import { t, pick, brackets } from './words.js';

const unique = (list) => [...new Set(list)];

// A replicate, or a container of a sampling plan with its bar code.
export const rowName = (test, replicate) => t(test?.plan ? 'container' : 'replicate', replicate);
export const containerCode = (test, replicate) => test?.plan?.containers?.[replicate - 1] || '';

export function slotLabel(slot) {
  return brackets(pick(slot, 'name'));
}

// Of each slot's weighings the one that counts now: the armed or refused one, else the last filled, else the first.
function currentOf(weighings) {
  const sorted = [...weighings].sort((a, b) => a.ordinal - b.ordinal);
  return sorted.find((s) => s.status === 'armed' || s.status === 'refused') || sorted.filter((s) => s.status === 'filled').pop() || sorted[0];
}

export function weighingsOf(test, name, replicate) {
  return test.slots.filter((s) => s.slot === name && s.replicate === replicate);
}

export function currentSlots(test) {
  const out = [];
  for (const replicate of unique(test.slots.map((s) => s.replicate)).sort((a, b) => a - b))
    for (const name of unique(test.slots.map((s) => s.slot))) {
      const weighings = weighingsOf(test, name, replicate);
      if (weighings.length) out.push(currentOf(weighings));
    }
  return out;
}

function Slot({ weighings, press }) {
  const slot = currentOf(weighings);
  const at = { 'data-slot': `${slot.slot}.${slot.replicate}` };
  const pressed = press && !['filled', 'missing'].includes(slot.status) ? { role: 'button', tabIndex: 0, onClick: () => press(slot), onKeyDown: (event) => event.key === 'Enter' && press(slot), ...at } : at;
  const done = weighings.filter((s) => s.status === 'filled').sort((a, b) => a.ordinal - b.ordinal);
  const previous = done.filter((s) => s !== slot).pop();
  const times = slot.repeat > 1 ? t('times', slot.ordinal) : '';
  const label = html`<span class="slot-label"><b><${Symbol} name=${slot.slot} /></b>　${pick(slot, 'name')}</span>`;
  const all = done.map((s) => withUnit(s.value, s.unit)).join(' → ');
  if (slot.status === 'armed')
    return html`<div class="slot armed" title=${all} ...${pressed}>${label}<div class="v">${t('wait-stable')}</div>
      <div class="f"><${Status} icon="armed" tone="accent" word=${t('armed')} /><span>${previous ? `${t('last')} ${previous.value}` : times}</span></div></div>`;
  if (slot.status === 'refused')
    return html`<div class="slot refused" title=${pick(slot, 'reason')} ...${pressed}>${label}<div class="v">${slot.value || t('refused')}<small>${slot.value ? NBSP + slot.unit : ''}</small></div>
      <div class="f"><${Status} icon="warn" tone="und" word=${pick(slot, 'reason') || t('refused')} /></div></div>`;
  if (slot.status === 'missing')
    return html`<div class="slot refused" title=${pick(slot, 'reason')} ...${at}>${label}<div class="v">—</div><div class="f"><${Status} icon="warn" tone="und" word=${`${t('missing')}：${pick(slot, 'reason')}`} /></div></div>`;
  if (slot.status !== 'filled')
    return html`<div class="slot empty" ...${pressed}>${label}<div class="v">—</div><div class="f"><${Status} icon="empty" word=${t('empty')} /><span>${times}</span></div></div>`;
  return html`<div class="slot filled" title=${all} ...${at}>${label}<div class="v">${slot.value}<small>${NBSP}${slot.unit}</small></div>
    <div class="f">${slot.typed ? html`<${Status} icon="awaiting-review" tone="wait" word=${t('typed-short')} />`
      : html`<${Status} icon="check" tone="pass" word=${t('filled')} />`}<span title=${clock(slot.at, 'second')}>${slot.ordinal > 1 ? times : clock(slot.at)}</span></div></div>`;
}

function Calculated({ one }) {
  if (!one) return html`<div></div>`;
  const long = (one.value || '').length > 8;
  const where = one.value ? inBand(one.value, one.low, one.high) : '';
  const wanted = range(one.low, one.high, one.unit);
  return html`<div class="slot calculated"><span class="slot-label">${pick(one, 'name') || one.name}</span>
    <div class=${long ? 'v long' : 'v'} title=${withUnit(one.value, one.unit)}>${one.value || '—'}<small>${one.value && one.unit && !long ? NBSP + one.unit : ''}</small></div>
    <div class="f">${wanted && where ? html`<${Status} icon=${where === 'in' ? 'check' : 'warn'} tone=${where === 'in' ? 'pass' : 'und'} word=${wanted} />` : html`<span>${wanted || (long ? one.unit : '')}</span>`}</div></div>`;
}

// press(slot): what a press on a slot that is not filled does; without it the grid only shows.
export function SlotGrid({ test, press }) {
  const names = unique(test.slots.map((s) => s.slot));
  const replicates = unique(test.slots.map((s) => s.replicate)).sort((a, b) => a - b);
  const calculated = unique((test.calculated || []).map((c) => c.name));
  const nameOf = (name) => test.slots.find((s) => s.slot === name);
  const calcOf = (name) => test.calculated.find((c) => c.name === name);
  const columns = `minmax(76px, max-content) repeat(${names.length}, minmax(0, 1fr)) ${calculated.map(() => '116px').join(' ')}`;
  return html`<div class="slots" style=${{ '--columns': columns }}>
    <span class="h"></span>${names.map((name) => html`<span class="h" key=${name}><b><${Symbol} name=${name} /></b>　${pick(nameOf(name), 'name')}</span>`)}
    ${calculated.map((name) => html`<span class="h" key=${name}>${pick(calcOf(name), 'name') || name}</span>`)}
    ${replicates.map((replicate) => html`<span class="n" key=${`r${replicate}`} title=${containerCode(test, replicate)}>${rowName(test, replicate)}${test.plan ? html`<small>${containerCode(test, replicate)}</small>` : ''}</span>
      ${names.map((name) => {
    const weighings = weighingsOf(test, name, replicate);
    return weighings.length ? html`<${Slot} key=${name + replicate} weighings=${weighings} press=${press} />` : html`<div key=${name + replicate}></div>`;
  })}
      ${calculated.map((name) => html`<${Calculated} key=${`c${name}${replicate}`} one=${test.calculated.find((c) => c.name === name && c.replicate === replicate)} />`)}`)}
  </div>`;
}
