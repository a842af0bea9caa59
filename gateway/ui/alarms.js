// SPDX-License-Identifier: Apache-2.0
// Alarms: what somebody has to look at now, the oldest unread first; taking note of one needs a reason and is an entry.
import { html, useState } from './standalone.module.js';
import { Ask } from './ask.js';
import { useAlarms, outOfBand } from './bell.js';
import { CsvLink } from './csv.js';
import { Icon } from './icons.js';
import { gatewayNow, useLive } from './live.js';
import { Field } from './login.js';
import { Empty, Failed, Loading, Status } from './parts.js';
import { may, useSession, write } from './session.js';
import { clock, day, lasted, range, withUnit } from './text.js';
import { t, pick, learn } from './words.js';

learn({
  'l-none': ['没有告警。', 'No alarms.'], 'l-none-how': ['断线、静默、校准到期、磁盘、时钟和免费名额不足会排到这里。', 'Lines that are down, silent instruments, calibrations, disk, clock and free tests come here.'],
  'l-ack': ['知悉', 'Take note'], 'l-ack-title': ['知悉告警', 'Take note of an alarm'], 'l-ack-how': ['写明做了什么、谁来处理。告警在原因消失前仍列在这里。', 'Say what is being done and by whom. It stays listed until its cause is gone.'], 'l-noted': ['{0} 已知悉，{1}', '{0} took note, {1}'],
  'l-open': ['未知悉', 'Not noted'], 'l-notice': ['提醒', 'notice'], 'l-alarm': ['告警', 'alarm'], 'l-since': ['自 {}', 'since {}'], 'l-all-days': ['已 {}', 'for {}'], 'l-band': ['读数越界，回到范围内即消失', 'reading out of band; gone when it is back'],
  'al-line': ['线路', 'line'], 'al-instrument': ['仪器', 'instrument'], 'al-calibration': ['校准', 'calibration'], 'al-entitlement': ['免费名额', 'free tests'], 'al-clock': ['时钟', 'clock'], 'al-disk': ['磁盘', 'disk'], 'al-fault': ['故障', 'fault'], 'al-certificate': ['证书', 'certificate'], 'al-quality': ['质控', 'quality'],
});

const WHERE = { line: '#/bench', instrument: '#/instrument/', calibration: '#/instrument/', certificate: '#/certificate/', entitlement: '#/admin/programme', quality: '#/quality' };

function Alarm({ alarm, ask }) {
  const noted = alarm.acknowledged, tone = noted ? 'off' : alarm.level === 'alarm' ? 'fail' : 'und';
  const where = WHERE[alarm.kind] && (WHERE[alarm.kind].endsWith('/') ? WHERE[alarm.kind] + encodeURIComponent(alarm.subject) : WHERE[alarm.kind]);
  return html`<li class="alarm" tabindex="0" data-row=""><${Status} icon=${noted ? 'check' : alarm.level === 'alarm' ? 'down' : 'warn'} tone=${tone} word=${t(`l-${alarm.level}`)} />
    <div><b>${pick(alarm, 'text')}</b><p class="third">${t(`al-${alarm.kind}`)}${alarm.since ? `　${t('l-since', `${day(alarm.since)} ${clock(alarm.since)}`)}　${t('l-all-days', lasted(alarm.since, gatewayNow()))}` : ''}${where ? html`　<a href=${where}>${alarm.subject}</a>` : `　${alarm.subject}`}</p>
      ${noted ? html`<p class="second">${t('l-noted', noted.who, `${day(noted.at)} ${clock(noted.at)}`)}　${noted.reason}</p>` : ''}</div>
    ${!noted && may('alarm.acknowledge') ? html`<button class="button" onClick=${() => ask(alarm)}><${Icon} name="check" />${t('l-ack')}</button>` : ''}</li>`;
}

export function Alarms() {
  useSession();
  const { lines } = useLive();
  const { alarms, error, retry } = useAlarms();
  const [asked, ask] = useState(null);
  const bands = outOfBand(lines);
  if (error && !alarms) return html`<div class="batch"><section class="panel"><${Failed} error=${error} retry=${retry} /></section></div>`;
  if (!alarms) return html`<div class="batch"><section class="panel"><${Loading} rows=${4} /></section></div>`;
  const sorted = [...alarms].sort((a, b) => Number(!!a.acknowledged) - Number(!!b.acknowledged) || (a.level === b.level ? 0 : a.level === 'alarm' ? -1 : 1));
  return html`<div class="batch alarms"><section class="panel"><div class="panel-head"><h2>${t('alarms-page')}</h2><span class="second">${t('l-open')} ${alarms.filter((one) => !one.acknowledged).length}</span><span class="end"><${CsvLink} path="/api/v1/alarms" /></span></div>
    ${!sorted.length && !bands.length ? html`<${Empty} title=${t('l-none')} how=${t('l-none-how')} />` : html`<ul>${sorted.map((alarm) => html`<${Alarm} key=${alarm.alarm} alarm=${alarm} ask=${ask} />`)}
      ${bands.map(({ instrument, channel, where }) => html`<li class="alarm" key=${instrument.instrument + channel.channel} tabindex="0" data-row=""><${Status} icon="warn" tone="fail" word=${t(where)} /><div><b>${pick(instrument, 'name')}　${withUnit(channel.value, channel.unit)}</b>
        <p class="third">${t('band', range(channel.band_low, channel.band_high, channel.unit))}　${t('l-band')}</p></div></li>`)}</ul>`}</section>
    ${asked ? html`<${Ask} title=${t('l-ack-title')} how=${t('l-ack-how')} action=${t('l-ack')} close=${() => ask(null)} send=${async ({ reason }) => {
      await write('POST', '/api/v1/alarms/acknowledge', { alarm: asked.alarm, reason: reason.trim() });
      retry();
    }}><p><b>${pick(asked, 'text')}</b></p><${Field} name="reason" label=${t('reason')} maxlength="60" autofocus /></${Ask}>` : ''}</div>`;
}
