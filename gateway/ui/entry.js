// SPDX-License-Identifier: Apache-2.0
// One entry of the journal as it stands there: header, body, bytes, and its way to a signed checkpoint.
import { html, useEffect } from './standalone.module.js';
import { useFetched } from './fetched.js';
import { Icon } from './icons.js';
import { bind } from './keys.js';
import { Empty, Failed, Hex, Loading } from './parts.js';
import { Proof } from './proof.js';
import { kindWord } from './story.js';
import { clock, day, grouped } from './text.js';
import { t, learn } from './words.js';

learn({
  entry: ['台账条目', 'Journal entry'], 'e-kind': ['事项', 'Kind'], 'e-at': ['记入时间', 'Written'], 'e-body': ['正文', 'Body'], 'e-none': ['没有第 {} 条。', 'There is no entry {}.'], 'e-bytes': ['原始字节 {}', '{} raw bytes'], 'e-cut': ['只显示前 {} 字节', 'the first {} bytes are shown'],
});

const SHOWN = 512; // bytes

export function Entry({ id }) {
  const seq = /^\d{1,15}$/.test(id) ? Number(id) : -1;
  const { data, error, retry } = useFetched(seq < 0 ? '' : `/api/v1/journal?from=${seq}&limit=1&raw=1`, '');
  useEffect(() => bind('escape', () => {
    history.back();
    return true;
  }), []);
  if (error && !data) return html`<div class="trail-none"><section class="panel"><${Failed} error=${error} retry=${retry} /></section></div>`;
  if (!data && seq >= 0) return html`<div class="trail-none"><${Loading} rows=${8} /></div>`;
  const entry = data?.entries.find((one) => one.seq === seq);
  if (!entry) return html`<div class="trail-none"><section class="panel"><${Empty} title=${t('e-none', id)} /></section></div>`;
  const bytes = (entry.raw || '').length / 2;
  return html`<div class="trail-none entry"><section class="panel"><div class="panel-head"><a class="back" href="#/trail"><${Icon} name="back" />${t('trail')}</a><h2>#${grouped(seq)}　${kindWord(entry.kind)}</h2><span class="end">${day(entry.at)} ${clock(entry.at, 'milli')}</span></div>
      <div class="panel-body"><dl class="pairs"><dt>${t('e-kind')}</dt><dd>${entry.kind}</dd><dt>${t('e-at')}</dt><dd>${entry.at}</dd>${entry.line ? html`<dt>${t('line')}</dt><dd>${entry.line}</dd>` : ''}<dt>${t('leaf')}</dt><dd class="wraps mono">${entry.leaf}</dd></dl>
        <h3>${t('e-body')}</h3><pre class="note-text" tabindex="0" aria-label=${t('e-body')}>${JSON.stringify(entry.body, null, 2)}</pre>
        ${bytes ? html`<h3>${t('e-bytes', grouped(bytes))}</h3>${bytes > SHOWN ? html`<p class="third">${t('e-cut', grouped(SHOWN))}</p>` : ''}<div class="story-scroll" tabindex="0" role="region" aria-label=${t('raw-bytes')}><${Hex} hex=${entry.raw.slice(0, 2 * SHOWN)} /></div>` : ''}</div></section>
    <${Proof} seq=${seq} /></div>`;
}
