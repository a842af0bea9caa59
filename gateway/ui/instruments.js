// SPDX-License-Identifier: Apache-2.0
// Lines and their instruments: quiet when well, coloured where somebody is needed.
import { html, useState } from './standalone.module.js';
import { gatewayNow, traceOf, useLive } from './live.js';
import { Empty, LineStatus, Loading, Quantity, Status, Trace, lineTone } from './parts.js';
import { clock, inBand, lasted, range, readingWord, withUnit } from './text.js';
import { t, pick, listed } from './words.js';

const SPAN_MS = 600000;
const SPAN_LEAST_MS = 60000;
const OLD_MS = 90000;

// Ten minutes, or as long as there is anything to show.
const spanOf = (points, now) => Math.min(SPAN_MS, Math.max(SPAN_LEAST_MS, points.length ? now - points[0].at : 0));

export function findInstrument(lines, id) {
  for (const line of lines || [])
    for (const instrument of line.instruments || []) if (instrument.instrument === id) return { line, instrument };
  return null;
}

export const instrumentName = (lines, id) => pick(findInstrument(lines, id)?.instrument, 'name') || id;

// The end of a device path says which port; the whole is shown on focus.
const shortAddress = (address) => (address || '').split('/').pop();

function bandOf(channel) {
  return inBand(channel.value, channel.band_low, channel.band_high);
}

// What stands under the instrument's name: model, calibration, or the other channels.
function details(instrument, main) {
  const parts = [];
  for (const channel of instrument.channels || [])
    if (channel !== main && channel.value) parts.push(`${pick(channel, 'name')} ${channel.unit === main?.unit ? channel.value : withUnit(channel.value, channel.unit)}`);
  if (main?.band_low || main?.band_high) parts.push(t('band', range(main.band_low, main.band_high, main.unit)));
  if (parts.length < 2) parts.unshift(instrument.model_seen || instrument.model);
  if (instrument.calibrated_until) parts.push(t('calibrated', instrument.calibrated_until));
  return parts.filter(Boolean).join('　');
}

function overdue(instrument) {
  return instrument.calibrated_until && instrument.calibrated_until < new Date(gatewayNow()).toISOString().slice(0, 10);
}

function ChannelState({ line, instrument, channel, armed, now }) {
  if (lineTone(line.status) === 'fail')
    return html`<${Status} icon="down" tone="fail" word=${line.code === 'hang-up' || !pick(line, 'text') ? t('line-lost') : t(line.status)} />`;
  if (overdue(instrument)) return html`<${Status} icon="silent" tone="und" word=${t('overdue')} />`;
  if (!channel?.at) return html`<${Status} icon="empty" word=${t('no-reading')} />`;
  if (now - new Date(channel.at).getTime() > OLD_MS || line.status === 'silent')
    return html`<${Status} icon="silent" tone=${line.status === 'silent' ? 'und' : 'off'} word=${t('read-at', clock(channel.at))} />`;
  const stable = channel.flags?.includes('dynamic') ? t('dynamic') : channel.flags?.includes('stable') ? t('stable') : '';
  if (armed) return html`<${Status} icon="armed" tone="accent" word=${listed([t('armed-here'), stable])} />`;
  const band = bandOf(channel);
  if (band === 'low' || band === 'high') return html`<${Status} icon="warn" tone="fail" word=${t(band)} />`;
  if (band === 'in') return html`<${Status} icon="check" tone="pass" word=${t('in')} />`;
  return html`<${Status} icon=${channel.flags?.includes('dynamic') ? 'wave' : 'check'} word=${stable || clock(channel.at)} />`;
}

function Instrument({ line, instrument, armed, feedLost, look }) {
  const now = gatewayNow();
  const channels = instrument.channels || [];
  const main = channels.find((c) => c.band_low || c.band_high) || channels[0];
  const band = main ? bandOf(main) : '';
  const bad = lineTone(line.status) === 'fail' || band === 'low' || band === 'high';
  const points = main ? traceOf(instrument.instrument, main.channel) : [];
  const word = line.status === 'down' || line.status === 'locked' ? t('no-reading') : readingWord(main);
  const stale = feedLost || line.status === 'down' || line.status === 'silent';
  const below = bad && lineTone(line.status) === 'fail' ? pick(line, 'text') : details(instrument, main);
  return html`<div class=${`instrument${armed ? ' armed' : ''}${bad ? ' bad' : ''}${stale ? ' stale' : ''}`}>
    <div class="who"><div class="name">${main ? html`<button class="look" data-row="" onClick=${() => look({ instrument, channel: main })} title=${t('to-history')}>${pick(instrument, 'name')}</button>` : pick(instrument, 'name')}</div><div class="sub" title=${below}>${below}</div></div>
    <${Trace} points=${points} span=${spanOf(points, now)} now=${now} width=${64} height=${26}
      low=${main?.band_low} high=${main?.band_high} tone=${bad ? 'fail' : armed ? 'accent' : ''} />
    <div class="what"><div class="val">${word ? html`<span class="word">${word}</span>` : html`<${Quantity} value=${main.value} unit=${main.unit} />`}</div>
      <div class="state"><${ChannelState} line=${line} instrument=${instrument} channel=${main} armed=${armed} now=${now} /></div></div></div>`;
}

export function Instruments({ lines, armed }) {
  const { feed } = useLive();
  const [shown, show] = useState(null);
  const [History, setHistory] = useState(null);
  const look = async (which) => {
    const module = History ? null : await import('./history.js').catch(() => null);
    if (module) setHistory(() => module.History);
    if (module || History) show(which);
  };
  const count = (status) => (lines || []).filter((line) => line.status === status).length;
  const now = gatewayNow();
  return html`<section class="panel instruments" aria-label=${t('lines')}>
    <div class="panel-head"><h2>${t('lines')}</h2><span class="end">${['online', 'silent', 'down', 'locked'].filter((s) => s === 'online' || count(s))
    .map((s) => html`<${LineStatus} key=${s} status=${s} word=${`${count(s)} ${t(s)}`} />`)}</span></div>
    <div class="instrument-list">
    ${!lines ? html`<${Loading} rows=${6} />` : !lines.length ? html`<${Empty} title=${t('lines-none')} how=${t('lines-none-how')} />`
    : lines.map((line) => html`<div class="line-group" key=${line.line}><div class="line-head"><span title=${line.address}>${[pick(line, 'name') || line.line, line.transport, shortAddress(line.address), line.settings].filter(Boolean).join('　')}</span>
        <${LineStatus} status=${line.status} word=${['silent', 'down', 'locked'].includes(line.status) && line.since ? `${t(line.status)} ${lasted(line.since, now)}` : t(line.status)} /></div>
        ${(line.instruments || []).map((instrument) => html`<${Instrument} key=${instrument.instrument} line=${line} instrument=${instrument}
          armed=${armed === instrument.instrument} feedLost=${feed === 'lost'} look=${look} />`)}</div>`)}</div>
    ${shown && History ? html`<${History} ...${shown} close=${() => show(null)} />` : ''}</section>`;
}
