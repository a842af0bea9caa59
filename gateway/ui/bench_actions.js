// SPDX-License-Identifier: Apache-2.0
// What a technician does at the Bench: arm a slot, take the reading that stands, type a value, disarm.
import { html, useEffect, useRef, useState } from './standalone.module.js';
import { Ask } from './ask.js';
import { Icon } from './icons.js';
import { bind } from './keys.js';
import { live } from './live.js';
import { Refusal } from './login.js';
import { may, useSession, write } from './session.js';
import { currentSlots, rowName } from './slots.js';
import { withUnit } from './text.js';
import { t, pick, learn } from './words.js';

learn({
  'w-take': ['立即取数', 'Take a reading now'], 'w-arm-next': ['指派下一格', 'Arm the next slot'], 'w-disarm': ['解除指派', 'Disarm'], 'w-type': ['手工录入', 'Type a value'],
  'w-type-title': ['手工录入 {}', 'Type {}'], 'w-type-how': ['没有仪器字节可查，要经他人复核。', 'There will be no bytes to look at; somebody else must review it.'],
  'w-value': ['数值和单位', 'Value and unit'], 'w-why': ['为什么手工录入', 'Why typed'], 'w-record': ['记入台账', 'Record'], 'w-which': ['由哪台仪器填', 'Filled by'],
  'w-arm-title': ['指派 {}', 'Arm {}'], 'w-arm': ['指派', 'Arm'], 'w-nobody': ['登录后才能指派、取数和录入。', 'Log in to arm, take and type.'], 'w-login': ['登录', 'Log in'],
  'w-back': ['撤回上一格', 'Take the last one back'], 'w-back-title': ['撤回 {}', 'Take back {}'], 'w-back-how': ['格子重新变空，撤回记入台账，结果要经他人复核。', 'The slot is empty again; it stands in the journal, and somebody else reviews the result.'],
  'w-missing': ['样品缺失', 'Container missing'], 'w-missing-title': ['{} 缺失', '{} is missing'], 'w-missing-how': ['破损、丢失或不能计数。缺一份就不能判合格。', 'Broken, lost or not to be counted. With one missing nothing passes.'], 'w-reason': ['理由', 'Reason'],
  'w-not-you': ['取数和录入要检验员的角色。', 'Arming and typing need the role technician.'],
});

// Instruments that give the slot's unit, most likely first: those that filled this test before.
function fitting(test, slot) {
  const used = new Set(test.slots.map((s) => s.instrument).filter(Boolean));
  const all = (live.lines || []).flatMap((line) => (line.instruments || []).filter((i) => (i.channels || []).some((c) => !slot.unit || c.unit === slot.unit || !c.unit)));
  return all.sort((a, b) => Number(used.has(b.instrument)) - Number(used.has(a.instrument)));
}

const slotName = (test, slot) => `${rowName(test, slot.replicate)} ${slot.slot}`;
const lastFilled = (test) => [...test.slots].filter((s) => s.status === 'filled').sort((a, b) => a.seq - b.seq).pop();

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
  return html`<dialog class="help signature" ref=${dialog} onClose=${close} aria-label=${t(typing ? 'w-type-title' : 'w-arm-title', slotName(test, slot))}><form class="form" onSubmit=${onSubmit}>
    <h2>${t(typing ? 'w-type-title' : 'w-arm-title', slotName(test, slot))}　<span class="third">${pick(slot, 'name')}</span></h2>
    <div class="segments" role="group"><button type="button" aria-pressed=${!typing} disabled=${!choices.length} onClick=${() => setTyping(false)}>${t('w-arm')}</button><button type="button" aria-pressed=${typing} onClick=${() => setTyping(true)}>${t('w-type')}</button></div>
    ${typing ? html`<p class="third">${t('w-type-how')}</p><label>${t('w-value')}<input name="value" required autocomplete="off" maxlength="40" placeholder=${`20.1127 ${slot.unit}`} value=${value} onInput=${(e) => setValue(e.target.value)} /></label>
      <label>${t('w-why')}<input name="reason" required maxlength="60" value=${reason} onInput=${(e) => setReason(e.target.value)} /></label>`
    : html`<label>${t('w-which')}<select name="instrument" value=${instrument} onChange=${(e) => choose(e.target.value)}>${choices.map((i) => html`<option key=${i.instrument} value=${i.instrument}>${pick(i, 'name')}</option>`)}</select></label>`}
    <${Refusal} error=${error} />
    <div class="buttons"><button type="button" class="button" onClick=${close}>${t('cancel')}</button><button class="button primary">${t(typing ? 'w-record' : 'w-arm')}</button></div></form></dialog>`;
}

// Taking the last filling back, or a container that cannot be counted: each with its reason.
function Reason({ test, slot, what, close }) {
  const back = what === 'back', name = back ? `${slotName(test, slot)} ${withUnit(slot.value, slot.unit)}` : rowName(test, slot.replicate);
  const send = ({ reason }) => write('POST', `/api/v1/tests/${encodeURIComponent(test.test)}/${back ? 'take-back' : 'missing'}`, back ? { reason } : { replicate: slot.replicate, reason });
  return html`<${Ask} title=${t(`w-${what}-title`, name)} how=${t(`w-${what}-how`)} action=${t('w-record')} send=${send} close=${close}><label>${t('w-reason')}<input name="reason" required maxlength="60" autocomplete="off" /></label></${Ask}>`;
}

export function BenchActions({ test, asked, answered }) {
  const me = useSession();
  const [error, fail] = useState(null);
  const armed = test.slots.find((s) => s.status === 'armed');
  const next = currentSlots(test).find((s) => s.status === 'empty');
  const acts = me.user && may('test.fill') && !test.result;
  const [question, put] = useState(''); // '', 'back' or 'missing'
  const filled = lastFilled(test);
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
    }), bind('backspace', () => {
      if (!filled || document.querySelector('dialog[open]')) return false;
      put('back');
      return true;
    })];
    return () => off.forEach((one) => one());
  }, [acts, test.test, armed?.slot, armed?.replicate, filled?.seq]);
  useEffect(() => fail(null), [test.test]);
  if (test.result) return '';
  if (!me.user) return html`<p class="by-hand">${t('w-nobody')}　<a href="#/login">${t('w-login')}</a></p>`;
  if (!may('test.fill')) return html`<p class="by-hand">${t('w-not-you')}</p>`;
  return html`<div class="bench-actions">
    ${armed ? html`<button class="button primary" onClick=${take}><${Icon} name="arrow" />${t('w-take')}<kbd>Enter</kbd></button><button class="button" onClick=${() => post('disarm', {})}><${Icon} name="cross" />${t('w-disarm')}<kbd>Esc</kbd></button>`
    : next ? html`<button class="button primary" onClick=${() => asked(next)}><${Icon} name="armed" />${t('w-arm-next')}</button>` : ''}
    ${filled ? html`<button class="button" onClick=${() => put('back')}><${Icon} name="back" />${t('w-back')}<kbd>⌫</kbd></button>` : ''}
    ${test.plan && next ? html`<button class="button" onClick=${() => put('missing')}>${t('w-missing')}</button>` : ''}
    <${Refusal} error=${error} />
    ${question ? html`<${Reason} key=${question} test=${test} slot=${question === 'back' ? filled : next} what=${question} close=${() => put('')} />` : ''}
    ${answered ? html`<${Arm} key=${`${answered.slot}${answered.replicate}`} test=${test} slot=${answered} close=${() => asked(null)} />` : ''}</div>`;
}
