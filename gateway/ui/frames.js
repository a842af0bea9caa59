// SPDX-License-Identifier: Apache-2.0
// The latest frames: what came, what it was read as, and where it went.
import { html } from './standalone.module.js';
import { Empty, Loading, OneLine, Status } from './parts.js';
import { clock, withUnit } from './text.js';
import { t, pick } from './words.js';

function nameOf(lines, frame) {
  for (const line of lines || [])
    if (line.line === frame.line) {
      const instrument = (line.instruments || []).find((i) => i.instrument === frame.instrument);
      return pick(instrument, 'name') || pick(line, 'name') || frame.line;
    }
  return frame.instrument || frame.line;
}

function readingText(frame) {
  const first = frame.readings?.[0];
  if (!first) return '';
  if (first.reason || !first.value) return t(first.reason || 'no-reading');
  return withUnit(first.value, first.unit);
}

function Fate({ frame }) {
  const first = frame.readings?.[0];
  if (frame.fate === 'filled') return html`<${Status} icon="check" tone="pass" word=${t('filled')} />`;
  if (frame.fate === 'evidence') return html`<${Status} icon="check" tone="pass" word=${t('as-evidence')} />`;
  if (frame.fate === 'refused') return html`<${Status} icon="warn" tone="und" word=${frame.detail || t('refused')} />`;
  if (frame.outcome !== 'ok') {
    const fine = frame.outcome === 'identity' || frame.outcome === 'fence';
    return html`<${Status} icon=${fine ? 'check' : 'warn'} tone=${fine ? 'off' : 'und'} word=${t(`outcome-${frame.outcome}`)} title=${frame.detail} />`;
  }
  if (first?.reason) return html`<${Status} icon="empty" word=${t(first.reason)} />`;
  if (first?.flags?.includes('dynamic')) return html`<${Status} icon="wave" tone="accent" word=${t('not-stable')} />`;
  return html`<${Status} icon="empty" word=${t('unassigned')} />`;
}

export function Frames({ frames, lines }) {
  return html`<section class="panel frames" aria-label=${t('frames')}><div class="panel-head"><h2>${t('frames')}</h2><span class="end">${t('bytes-first')}</span></div>
    ${!frames ? html`<${Loading} rows=${5} />` : !frames.length ? html`<${Empty} title=${t('no-bytes')} />` : html`<div class="frames-scroll">
    <table><thead><tr><th class="at">${t('arrived')}</th><th class="from">${t('source')}</th><th>${t('raw')}</th><th class="value right">${t('reading')}</th><th class="fate">${t('fate')}</th></tr></thead>
    <tbody>${frames.map((frame, i) => html`<tr key=${frame.seq} class=${i === 0 ? 'new' : ''}><td class="at third">${clock(frame.at, 'milli')}</td><td class="from">${nameOf(lines, frame)}</td>
      <td class="raw mono">${frame.received ? html`<${OneLine} hex=${frame.received} />` : html`<span class="third">${t('no-bytes')}</span>`}</td>
      <td class="value right"><b>${readingText(frame)}</b></td><td class="fate"><${Fate} frame=${frame} /></td></tr>`)}</tbody></table></div>`}</section>`;
}
