// SPDX-License-Identifier: Apache-2.0
// What a technician does at the Bench: arm a slot, take the reading that stands, type a value, disarm.
import { html, useEffect, useRef, useState } from './standalone.module.js';
import { Icon } from './icons.js';
import { bind } from './keys.js';
import { live } from './live.js';
import { Refusal } from './login.js';
import { may, useSession, write } from './session.js';
import { currentSlots } from './slots.js';
import { t, pick, learn } from './words.js';

learn({
  'w-take': ['立即取数', 'Take a reading now'], 'w-arm-next': ['指派下一格', 'Arm the next slot'], 'w-disarm': ['解除指派', 'Disarm'], 'w-type': ['手工录入', 'Type a value'],
  'w-type-title': ['手工录入 {}', 'Type {}'], 'w-type-how': ['没有仪器字节可查，要经他人复核。', 'There will be no bytes to look at; somebody else must review it.'],
  'w-value': ['数值和单位', 'Value and unit'], 'w-why': ['为什么手工录入', 'Why typed'], 'w-record': ['记入台账', 'Record'], 'w-which': ['由哪台仪器填', 'Filled by'],
  'w-arm-title': ['指派 {}', 'Arm {}'], 'w-arm': ['指派', 'Arm'], 'w-nobody': ['登录后才能指派、取数和录入。', 'Log in to arm, take and type.'], 'w-login': ['登录', 'Log in'],
  'w-not-you': ['取数和录入要检验员的角色。', 'Arming and typing need the role technician.'],
});

// Instruments that give the slot's unit, most likely first: those that filled this test before.
function fitting(test, slot) {
  const used = new Set(test.slots.map((s) => s.instrument).filter(Boolean));
  const all = (live.lines || []).flatMap((line) => (line.instruments || []).filter((i) => (i.channels || []).some((c) => !slot.unit || c.unit === slot.unit || !c.unit)));
  return all.sort((a, b) => Number(used.has(b.instrument)) - Number(used.has(a.instrument)));
}

const slotName = (slot) => `${t('replicate', slot.replicate)} ${slot.slot}`;

function Arm({ test, slot, close }) {
  const dialog = useRef(null);
  const choices = fitting(test, slot);
  const [instrument, choose] = useState(choices[0]?.instrument || '');
  const [value, setValue] = useState(''), [reason, setReason] = useState('');
  const [typing, setTyping] = useState(!choices.length);
  const [error, fail] = useState(null);
  useEffect(() => {
    dialog.current.showModal();
    return bind('escape', () => {
      close();
      return true;
    });
  }, []);
  const onSubmit = async (event) => {
    event.preventDefault();
    fail(null);
    const where = { slot: slot.slot, replicate: slot.replicate };
    try {
      if (typing) await write('POST', `/api/v1/tests/${encodeURIComponent(test.test)}/enter`, { ...where, value: value.trim(), reason: reason.trim() });
      else await write('POST', `/api/v1/tests/${encodeURIComponent(test.test)}/fill`, { ...where, instrument });
      close();
    } catch (problem) {
      fail(problem);
    }
  };
  return html`<dialog class="help signature" ref=${dialog} onClose=${close} aria-label=${t(typing ? 'w-type-title' : 'w-arm-title', slotName(slot))}><form class="form" onSubmit=${onSubmit}>
    <h2>${t(typing ? 'w-type-title' : 'w-arm-title', slotName(slot))}　<span class="third">${pick(slot, 'name')}</span></h2>
    <div class="segments" role="group"><button type="button" aria-pressed=${!typing} disabled=${!choices.length} onClick=${() => setTyping(false)}>${t('w-arm')}</button><button type="button" aria-pressed=${typing} onClick=${() => setTyping(true)}>${t('w-type')}</button></div>
    ${typing ? html`<p class="third">${t('w-type-how')}</p><label>${t('w-value')}<input name="value" required autocomplete="off" maxlength="40" placeholder=${`20.1127 ${slot.unit}`} value=${value} onInput=${(e) => setValue(e.target.value)} /></label>
      <label>${t('w-why')}<input name="reason" required maxlength="60" value=${reason} onInput=${(e) => setReason(e.target.value)} /></label>`
    : html`<label>${t('w-which')}<select name="instrument" value=${instrument} onChange=${(e) => choose(e.target.value)}>${choices.map((i) => html`<option key=${i.instrument} value=${i.instrument}>${pick(i, 'name')}</option>`)}</select></label>`}
    <${Refusal} error=${error} />
    <div class="buttons"><button type="button" class="button" onClick=${close}>${t('cancel')}</button><button class="button primary">${t(typing ? 'w-record' : 'w-arm')}</button></div></form></dialog>`;
}

export function BenchActions({ test, asked, answered }) {
  const me = useSession();
  const [error, fail] = useState(null);
  const armed = test.slots.find((s) => s.status === 'armed');
  const next = currentSlots(test).find((s) => s.status === 'empty');
  const acts = me.user && may('test.fill') && !test.result;
  const post = async (what, body) => {
    fail(null);
    await write('POST', `/api/v1/tests/${encodeURIComponent(test.test)}/${what}`, body).catch(fail);
  };
  const take = () => post('fill', { slot: armed.slot, replicate: armed.replicate, instrument: armed.instrument, take: true });
  useEffect(() => {
    if (!acts) return undefined;
    const off = [bind('enter', () => {
      if (!armed || document.activeElement?.closest('button, a, dialog, [data-row]')) return false;
      take();
      return true;
    }), bind('escape', () => {
      if (!armed || document.querySelector('dialog[open]') || document.activeElement?.matches('input')) return false;
      post('disarm', {});
      return true;
    })];
    return () => off.forEach((one) => one());
  }, [acts, test.test, armed?.slot, armed?.replicate]);
  useEffect(() => fail(null), [test.test]);
  if (test.result) return '';
  if (!me.user) return html`<p class="by-hand">${t('w-nobody')}　<a href="#/login">${t('w-login')}</a></p>`;
  if (!may('test.fill')) return html`<p class="by-hand">${t('w-not-you')}</p>`;
  return html`<div class="bench-actions">
    ${armed ? html`<button class="button primary" onClick=${take}><${Icon} name="arrow" />${t('w-take')}<kbd>Enter</kbd></button><button class="button" onClick=${() => post('disarm', {})}><${Icon} name="cross" />${t('w-disarm')}<kbd>Esc</kbd></button>`
    : next ? html`<button class="button primary" onClick=${() => asked(next)}><${Icon} name="armed" />${t('w-arm-next')}</button>` : ''}
    <${Refusal} error=${error} />
    ${answered ? html`<${Arm} key=${`${answered.slot}${answered.replicate}`} test=${test} slot=${answered} close=${() => asked(null)} />` : ''}</div>`;
}
