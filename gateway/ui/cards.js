// SPDX-License-Identifier: Apache-2.0
// A producer's cards: how many free tests each still carries, its ledger, and the card itself to print, with its QR code.
import { html, useState } from './standalone.module.js';
import { encode } from './uqr.js';
import { Ask } from './ask.js';
import { useFetched } from './fetched.js';
import { Icon } from './icons.js';
import { Field } from './login.js';
import { Empty, Failed, Loading, Status, rowProps } from './parts.js';
import { may, write } from './session.js';
import { clock, day } from './text.js';
import { t, pick, learn } from './words.js';

learn({
  'card-did-issue': ['发卡', 'issued'], 'card-did-redeem': ['用卡', 'redeemed'], 'card-did-return': ['退回', 'returned'], 'card-did-revoke': ['作废', 'revoked'],
  'card-list': ['检测卡', 'Cards'], 'card-none': ['还没有检测卡。', 'No card yet.'], 'card-issue': ['发卡', 'Issue a card'], 'card-programme': ['免费项目', 'Programme'], 'card-tests': ['次数', 'Tests'], 'card-until': ['有效至', 'Valid until'], 'card-left': ['剩余', 'left'], 'card-revoke': ['作废此卡', 'Revoke'], 'card-revoke-how': ['余下的次数退回项目；用过的不变。', 'What is left goes back to the programme; what was used stays.'],
  'card-active': ['有效', 'active'], 'card-revoked': ['已作废', 'revoked'], 'card-print': ['打印此卡 PDF', 'Print the card, PDF'], 'card-free': ['免费全项检测卡', 'Free full-item tests'], 'card-times': ['{} 次', '{} tests'], 'card-ledger': ['台账', 'Ledger'], 'card-saved': ['已省 {} 元', '{} yuan saved'], 'card-unpriced': ['{} 项没有价格', '{} items have no price'], 'card-no-programme': ['还没有免费项目，请质量负责人在“管理”里设立。', 'There is no programme yet; QA sets one up in Admin.'], 'card-scan': ['收样时扫此码', 'scan at intake'],
});

// Fen to yuan, as text.
export const yuan = (fen) => `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, '0')}`;

export function Qr({ text }) {
  const { size, data } = encode(text, { ecc: 'M', border: 4 });
  const cells = [];
  data.forEach((row, y) => row.forEach((dark, x) => dark && cells.push(`M${x} ${y}h1v1h-1z`)));
  return html`<svg class="qr" viewBox="0 0 ${size} ${size}" role="img" aria-label=${text} shape-rendering="crispEdges"><rect width=${size} height=${size} fill="#fff" /><path d=${cells.join('')} fill="#000" /></svg>`;
}

function Issue({ producer, close, done }) {
  const { data } = useFetched('/api/v1/programmes', '');
  const programmes = data?.programmes || [];
  if (data && !programmes.length) return html`<${Ask} title=${t('card-issue')} how=${t('card-no-programme')} action=${t('close')} close=${close} send=${async () => {}} />`;
  return html`<${Ask} title=${t('card-issue')} action=${t('card-issue')} close=${close} send=${async ({ programme, tests, valid_until }) => {
    const { card } = await write('POST', '/api/v1/cards', { programme, producer: producer.producer, tests: Number(tests), valid_until });
    done(card);
  }}><label>${t('card-programme')}<select name="programme" required>${programmes.map((one) => html`<option key=${one.programme} value=${one.programme}>${pick(one, 'name') || one.programme}　${t('card-left')} ${one.remaining}</option>`)}</select></label>
    <${Field} name="tests" label=${t('card-tests')} type="number" min="1" max="1000" /><${Field} name="valid_until" label=${t('card-until')} type="date" required=${false} /></${Ask}>`;
}

export function Cards({ producer, chosen, again }) {
  const [asked, ask] = useState('');
  const at = (card) => `#/producers/${encodeURIComponent(producer.producer)}/${encodeURIComponent(card)}`;
  return html`<section class="panel"><div class="panel-head"><h2>${t('card-list')}</h2><span class="end">${may('card.issue') ? html`<button class="button" id="issue-card" onClick=${() => ask('issue')}><${Icon} name="plus" />${t('card-issue')}</button>` : ''}</span></div>
    ${!producer.cards?.length ? html`<${Empty} title=${t('card-none')} />` : html`<div class="table-scroll"><table class="story"><thead><tr><th>${t('card-list')}</th><th>${t('card-programme')}</th><th class="right">${t('card-tests')}</th><th class="right">${t('card-left')}</th><th>${t('card-until')}</th><th>${t('status')}</th><th></th></tr></thead>
      <tbody>${producer.cards.map((card) => html`<tr key=${card.card} aria-selected=${card.card === chosen} ...${rowProps(() => {
    location.hash = at(card.card);
  })}><td><b class="mono">${card.card}</b></td><td>${card.programme}</td><td class="right">${card.tests}</td><td class="right"><b>${card.remaining}</b></td><td>${card.valid_until}</td>
        <td><${Status} icon=${card.status === 'active' ? 'check' : 'void'} word=${t(`card-${card.status}`)} /></td><td class="right">${may('card.revoke') && card.status === 'active' ? html`<button class="button small" onClick=${(event) => {
    event.stopPropagation();
    ask(card.card);
  }}>${t('card-revoke')}</button>` : ''}</td></tr>`)}</tbody></table></div>`}
    ${asked === 'issue' ? html`<${Issue} producer=${producer} close=${() => ask('')} done=${(card) => {
      again();
      location.hash = at(card.card);
    }} />` : asked ? html`<${Ask} title=${t('card-revoke')} how=${t('card-revoke-how')} action=${t('card-revoke')} close=${() => ask('')} send=${async ({ reason }) => {
      await write('POST', `/api/v1/cards/${encodeURIComponent(asked)}/revoke`, { reason: reason.trim() });
      again();
    }}><p class="mono">${asked}</p><${Field} name="reason" label=${t('reason')} maxlength="60" /></${Ask}>` : ''}</section>`;
}


export function CardSheet({ id, producer }) {
  const { data: card, error, retry } = useFetched(`/api/v1/cards/${encodeURIComponent(id)}`, `${producer.used} ${producer.entitled}`);
  if (error && !card) return html`<section class="panel"><${Failed} error=${error} retry=${retry} /></section>`;
  if (!card) return html`<section class="panel"><${Loading} rows=${4} /></section>`;
  const saved = card.ledger.reduce((sum, row) => sum + (row.saved_fen || 0), 0);
  return html`<section class="panel card-sheet"><div class="sheet"><${Qr} text=${card.card} /><div><p class="second">${t('card-free')}</p><h2>${producer.name}</h2><p class="mono"><b>${card.card}</b></p><p><b class="figure">${card.remaining}</b> / ${t('card-times', card.tests)}</p><p class="third">${card.valid_until ? `${t('card-until')} ${card.valid_until}　` : ''}${t('card-scan')}</p></div></div>
    <div class="panel-body"><div class="buttons start"><a class="button" href=${`/api/v1/cards/${encodeURIComponent(card.card)}/paper`} target="_blank" rel="noopener"><${Icon} name="released" />${t('card-print')}</a></div>
      <h3>${t('card-ledger')}　<span class="second">${t('card-saved', yuan(saved))}</span></h3><ul class="plain">${card.ledger.map((row) => html`<li key=${row.seq}><span class="third">${day(row.at)} ${clock(row.at)}　<a href=${`#/entry/${row.seq}`}>#${row.seq}</a></span>　<b>${t(`card-did-${row.action}`)}</b>　${row.who}${row.batch ? html`　<a href=${`#/batches/${encodeURIComponent(row.batch)}`}>${row.batch}</a>` : ''}${row.saved_fen ? `　${t('card-saved', yuan(row.saved_fen))}` : ''}${row.unpriced?.length ? html`　<span class="third">${t('card-unpriced', row.unpriced.length)}</span>` : ''}　${row.reason || ''}</li>`)}</ul></div></section>`;
}
