// SPDX-License-Identifier: Apache-2.0
// The bytes that one reading came from.
import { html } from './standalone.module.js';
import { instrumentName } from './instruments.js';
import { useLive } from './live.js';
import { Empty, Hex, OneLine, short } from './parts.js';
import { clock, day, grouped } from './text.js';
import { t } from './words.js';

const spans = (reading) => ({ value: [reading.value_at, reading.value_length], unit: [reading.unit_at, reading.unit_length] });

// Replicate by replicate; within one, as they were weighed.
export const inOrder = (readings) => [...(readings || [])].sort((a, b) => a.replicate - b.replicate);

export function Bytes({ reading }) {
  const { lines } = useLive();
  const exchange = reading.exchange;
  if (!exchange) return html`<section class="panel bytes"><div class="panel-head"><h2>${t('bytes')}</h2></div><${Empty} title=${t('typed-trail')} /></section>`;
  const sent = (exchange.events || []).filter((e) => e.direction === 'tx' && e.hex);
  const { value, unit } = spans(reading);
  return html`<section class="panel bytes"><div class="panel-head"><h2>${t('bytes')}</h2><span class="second">${instrumentName(lines, reading.instrument)}　${day(exchange.at)} ${clock(exchange.at, 'milli')}</span>
      <span class="end"><span class="legend v">${t('value')} ${reading.value}</span><span class="legend u">${t('unit')} ${reading.unit}</span></span></div>
    <div class="panel-body two"><div>
      <p class="third asked">${sent.length ? html`${t('of-request')}　<span class="mono">${sent.map((e) => html`<${OneLine} hex=${e.hex} />`)}</span>` : t('unasked')}</p>
      <${Hex} hex=${exchange.received} value=${value} unit=${unit} />
      ${value[1] > 0 ? html`<p class="third asked">${t('value')}　${t('bytes-of', value[0], value[0] + value[1] - 1)}</p>` : ''}</div>
      <dl class="pairs"><dt>${t('seq')}</dt><dd><b>${grouped(exchange.seq)}</b></dd><dt>${t('leaf')}</dt><dd>${short(exchange.leaf)}</dd>
        <dt>${t('instrument')}</dt><dd>${reading.instrument}</dd><dt>${t('serial')}</dt><dd>${reading.serial || '—'}</dd>
        <dt>${t('driver')}</dt><dd>${reading.driver ? `${reading.driver.name} ${reading.driver.version}` : '—'}</dd><dt></dt><dd>${short(reading.driver?.sha256)}</dd></dl></div></section>`;
}

// The same, short, for Review.
export function BytesInShort({ reading }) {
  if (!reading?.exchange) return html`<p class="third">${t('typed-trail')}</p>`;
  return html`<div class="bytes-short"><${Hex} hex=${reading.exchange.received} ...${spans(reading)} />
    <div><span class="legend v">${t('value')} <b>${reading.value}</b></span><br /><span class="legend u">${t('unit')} <b>${reading.unit}</b></span></div></div>`;
}
