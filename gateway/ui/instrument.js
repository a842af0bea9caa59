// SPDX-License-Identifier: Apache-2.0
// One instrument: identity, calibration certificates, who may use it, its channels against their bands, and the rack or sequence
// list that was loaded into it.
import { html, useEffect, useState } from './standalone.module.js';
import { Ask } from './ask.js';
import { useAtMost, useFetched } from './fetched.js';
import { History } from './history.js';
import { Icon } from './icons.js';
import { findInstrument } from './instruments.js';
import { bind } from './keys.js';
import { gatewayNow, useLive } from './live.js';
import { Field } from './login.js';
import { Empty, Failed, LineStatus, Loading, Status } from './parts.js';
import { Rack } from './rack.js';
import { may, useSession, write } from './session.js';
import { Signature } from './signature.js';
import { clock, day, range, withUnit } from './text.js';
import { t, pick, learn } from './words.js';

learn({
  'n-calibrations': ['校准证书', 'Calibration certificates'], 'n-none': ['还没有登记校准证书。', 'No certificate is registered yet.'], 'n-add': ['登记证书', 'Register a certificate'], 'n-certificate': ['证书编号', 'Certificate'], 'n-laboratory': ['校准机构', 'Laboratory'], 'n-calibrated': ['校准日期', 'Calibrated'], 'n-due': ['有效至', 'Due'],
  'n-outcome': ['结论', 'Outcome'], 'n-fit': ['可用', 'fit'], 'n-unfit': ['不可用', 'unfit'], 'n-why': ['理由（替换旧证书时必填）', 'Reason (needed when it replaces one)'], 'n-use': ['位置与使用人', 'Place and users'], 'n-location': ['位置', 'Location'], 'n-users': ['可用的人', 'Who may use it'], 'n-users-how': ['用户名，多人用逗号；空着就是谁都可以', 'user names with commas; empty: everybody'], 'n-anybody': ['所有检验员', 'every technician'],
  'n-until': ['校准有效至 {}', 'calibrated until {}'], 'n-over': ['校准已过期：{}', 'calibration ended: {}'], 'n-not-fit': ['校准结论不可用', 'calibration found it unfit'], 'n-channels': ['通道', 'Channels'], 'n-seen': ['现场报告', 'as it says itself'], 'n-change': ['更改', 'Change'], 'n-confirm': ['确认这台仪器', 'Confirm this device'], 'n-confirm-how': ['线路锁定：应答的不是登记的仪器。确认后按现在应答的这台记账。', 'The line is locked: what answers is not the device registered. Confirmed, what answers now is the one.'],
});

const today = () => new Date(gatewayNow()).toISOString().slice(0, 10);

export function Calibrated({ until }) {
  if (!until) return html`<span class="third">—</span>`;
  if (until < '1') return html`<${Status} icon="warn" tone="fail" word=${t('n-not-fit')} />`;
  const over = until < today();
  return html`<${Status} icon=${over ? 'silent' : 'check'} tone=${over ? 'und' : 'off'} word=${t(over ? 'n-over' : 'n-until', until)} />`;
}

function Calibrations({ one, again }) {
  const [asked, ask] = useState(false);
  return html`<section class="panel"><div class="panel-head"><h2>${t('n-calibrations')}</h2><span class="end">${may('instrument.calibrate') ? html`<button class="button" id="calibrate" onClick=${() => ask(true)}><${Icon} name="plus" />${t('n-add')}</button>` : ''}</span></div>
    ${!one.calibrations?.length ? html`<${Empty} title=${t('n-none')} />` : html`<div class="table-scroll"><table class="story"><thead><tr><th>${t('n-certificate')}</th><th>${t('n-laboratory')}</th><th>${t('n-calibrated')}</th><th>${t('n-due')}</th><th>${t('n-outcome')}</th><th>${t('who')}</th><th>${t('reason')}</th></tr></thead>
      <tbody>${one.calibrations.map((row) => html`<tr key=${row.seq}><td><b>${row.certificate}</b></td><td>${row.laboratory}</td><td>${row.calibrated}</td><td>${row.outcome === 'unfit' ? '—' : row.due}</td><td><${Status} icon=${row.outcome === 'fit' ? 'check' : 'cross'} tone=${row.outcome === 'fit' ? 'pass' : 'fail'} word=${t(`n-${row.outcome}`)} /></td><td>${row.who}　${day(row.at)} ${clock(row.at)}</td><td class="wraps">${row.reason}</td></tr>`)}</tbody></table></div>`}
    ${asked ? html`<${Ask} title=${t('n-add')} action=${t('n-add')} close=${() => ask(false)} send=${async ({ certificate, laboratory, calibrated, due, outcome, reason }) => {
      await write('POST', `/api/v1/instruments/${encodeURIComponent(one.instrument)}/calibrations`, { certificate: certificate.trim(), laboratory: laboratory.trim(), calibrated, due, outcome, reason: reason.trim() }, { ifMatch: one.etag });
      again();
    }}><${Field} name="certificate" label=${t('n-certificate')} maxlength="60" /><${Field} name="laboratory" label=${t('n-laboratory')} maxlength="60" /><div class="two"><${Field} name="calibrated" label=${t('n-calibrated')} type="date" max=${today()} /><${Field} name="due" label=${t('n-due')} type="date" required=${false} /></div>
      <label>${t('n-outcome')}<select name="outcome"><option value="fit">${t('n-fit')}</option><option value="unfit">${t('n-unfit')}</option></select></label><${Field} name="reason" label=${t('n-why')} required=${false} maxlength="60" /></${Ask}>` : ''}</section>`;
}

function Channels({ found }) {
  const [shown, show] = useState(null);
  const channels = found?.instrument.channels || [];
  if (!channels.length) return '';
  return html`<section class="panel"><div class="panel-head"><h2>${t('n-channels')}</h2></div><table class="story"><tbody>${channels.map((channel) => html`<tr key=${channel.channel}><td><b>${pick(channel, 'name') || channel.channel}</b></td><td>${withUnit(channel.value || t('no-reading'), channel.value && channel.unit)}</td>
      <td>${channel.band_low || channel.band_high ? t('band', range(channel.band_low, channel.band_high, channel.unit)) : ''}</td><td>${channel.at ? t('read-at', `${day(channel.at)} ${clock(channel.at, 'second')}`) : ''}</td><td class="right"><button class="button small" onClick=${() => show(channel)}>${t('to-history')}</button></td></tr>`)}</tbody></table>
    ${shown ? html`<${History} instrument=${found.instrument} channel=${shown} close=${() => show(null)} />` : ''}</section>`;
}

export function InstrumentPage({ id }) {
  useSession();
  const { lines, gateway } = useLive();
  const [version, again] = useState(0), [asked, ask] = useState('');
  const { data: one, error, retry } = useFetched(`/api/v1/instruments/${encodeURIComponent(id)}`, `${version} ${useAtMost(gateway?.applied, 10000)}`);
  useEffect(() => bind('escape', () => {
    location.hash = '#/admin/instruments';
    return true;
  }), []);
  if (error && !one) return html`<div class="batch"><section class="panel"><${Failed} error=${error} retry=${retry} /></section></div>`;
  if (!one) return html`<div class="batch"><${Loading} rows=${6} /></div>`;
  const found = findInstrument(lines, id), more = () => again((n) => n + 1);
  return html`<div class="batch instrument-page"><section class="panel batch-head"><a class="back" href="#/admin/instruments"><${Icon} name="back" />${t('lines')}</a><div class="title"><h2>${pick(one, 'name')}</h2><span class="second">${one.instrument}　${one.model}</span></div>
      <div class="verdict-line"><${LineStatus} status=${one.line_status} /><${Calibrated} until=${one.calibrated_until} /></div>
      <dl class="facts"><div><dt>${t('serial')}</dt><dd>${one.serial || '—'}</dd></div><div><dt>${t('n-seen')}</dt><dd>${[one.model_seen, one.serial_seen].filter(Boolean).join('　') || '—'}</dd></div><div><dt>${t('driver')}</dt><dd>${one.driver}　${one.spec}</dd></div><div><dt>${t('line')}</dt><dd>${one.line}</dd></div>
        <div><dt>${t('n-location')}</dt><dd>${one.location || '—'}</dd></div><div><dt>${t('n-users')}</dt><dd>${one.users.length ? one.users.join('、') : t('n-anybody')}</dd></div></dl>
      <div class="buttons start">${may('instrument.use') ? html`<button class="button" id="use" onClick=${() => ask('use')}>${t('n-use')}</button>` : ''}${one.line_status === 'locked' && may('line.confirm') ? html`<button class="button primary" onClick=${() => ask('confirm')}>${t('n-confirm')}</button>` : ''}</div></section>
    <${Calibrations} one=${one} again=${more} /><${Channels} found=${found} /><${Rack} instrument=${one.instrument} />
    ${asked === 'use' ? html`<${Ask} title=${t('n-use')} action=${t('n-change')} close=${() => ask('')} send=${async ({ location: place, users, reason }) => {
      await write('PATCH', `/api/v1/instruments/${encodeURIComponent(id)}`, { location: place.trim(), users: users.split(/[、,，\s]+/).filter(Boolean), reason: reason.trim() }, { ifMatch: one.etag });
      more();
    }}><${Field} name="location" label=${t('n-location')} defaultValue=${one.location} required=${false} maxlength="60" /><${Field} name="users" label=${t('n-users')} hint=${t('n-users-how')} defaultValue=${one.users.join(', ')} required=${false} maxlength="200" /><${Field} name="reason" label=${t('reason')} maxlength="60" /></${Ask}>`
    : asked === 'confirm' ? html`<${Signature} title=${t('n-confirm')} close=${() => ask('')} sign=${async (password, elements) => {
      await write('POST', `/api/v1/lines/${encodeURIComponent(one.line)}/confirm`, { instrument: id, reason: elements.reason.value.trim() }, { password });
      more();
    }}><p>${t('n-confirm-how')}</p><${Field} name="reason" label=${t('reason')} maxlength="60" /></${Signature}>` : ''}</div>`;
}
