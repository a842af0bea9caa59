// SPDX-License-Identifier: Apache-2.0
// Release: a second person reads the batch's trail to its end, says so, and signs; the certificate gets its number.
import { html, useEffect, useRef, useState } from './standalone.module.js';
import { Attention } from './batches.js';
import { useBatch, trailOf } from './batch.js';
import { useFetched } from './fetched.js';
import { Icon } from './icons.js';
import { useLive } from './live.js';
import { Refusal } from './login.js';
import { BatchStatus, Empty, Failed, Keys, Loading, Status, Verdict, limitOf } from './parts.js';
import { may, useSession, write } from './session.js';
import { Story } from './story.js';
import { clock, day, withUnit } from './text.js';
import { t, pick, learn, more } from './words.js';

learn({
  'r-waiting': ['待签发', 'Awaiting release'], 'r-none': ['没有待签发的批次。', 'Nothing waits for release.'], 'r-none-how': ['合格的批次和复核过的批次会排到这里，由另一个人签发。', 'Batches that pass, and those reviewed, come here for another person to release.'],
  'r-to-review': ['待复核', 'Reviews'], 'r-release': ['签发', 'Release'], 'r-step-read': ['一　读追溯', '1　Read the trail'], 'r-step-sign': ['二　签名', '2　Sign'],
  'r-read-first': ['先把左边的经过读到底。', 'Read what happened, to its end, first.'], 'r-read': ['我已读完追溯', 'I have read the trail'], 'r-was-read': ['{} 已读到此处', 'read up to here, {}'], 'r-meaning': ['签名含义：我未参与此批的检验与复核，已读其追溯，同意签发证书。', 'The signature means: I had no hand in this batch, have read its trail and agree that its certificate be issued.'],
  'r-note': ['附言（可不填）', 'Note (may be empty)'], 'r-sign': ['签名并签发', 'Sign and release'], 'r-signing': ['签发中……', 'releasing……'], 'r-not-you': ['签发要复核人的角色，且不能是参与过此批的人。', 'Release needs the role reviewer, and somebody who had no hand in the batch.'], 'r-nobody': ['登录后才能签发。', 'Log in to release.'],
  'r-password': ['{} 的登录密码', 'Password of {}'], 'r-results': ['结果', 'Results'], 'r-after': ['证书编号即刻产生，PDF 随后进台账。发错只能另签更正证书。', 'The certificate is numbered at once, its PDF follows into the journal. A mistake can only be amended by another certificate.'],
});

// What the trail holds after my last reading of it has not been read.
function readAt(batch, user) {
  const mine = (batch.reviews || []).filter((one) => one.action === 'trail-read' && one.who === user).pop();
  const since = (batch.reviews || []).some((one) => one.action !== 'trail-read' && one.seq > (mine?.seq || 0));
  return mine && !since ? mine : null;
}

function Sign({ batch, ended, again }) {
  const me = useSession();
  const [note, setNote] = useState(''), [password, setPassword] = useState('');
  const [error, fail] = useState(null), [busy, setBusy] = useState(false);
  const form = useRef(null);
  const read = readAt(batch, me.user), path = `/api/v1/batches/${encodeURIComponent(batch.batch)}`;
  const acknowledge = () => write('POST', `${path}/trail-read`).then(() => {
    fail(null);
    again();
  }, fail);
  const onSubmit = async (event) => {
    event.preventDefault();
    if (busy || !read || !password) return;
    setBusy(true);
    fail(null);
    try {
      const { certificate } = await write('POST', `${path}/release`, { reason: note.trim() }, { password, ifMatch: batch.etag });
      location.hash = `#/certificate/${encodeURIComponent(certificate.certificate)}`;
    } catch (problem) {
      fail(problem);
      if (problem.problem?.code === 'trail-unread') again();
    }
    setPassword('');
    setBusy(false);
  };
  if (!me.user) return html`<aside class="decision" aria-label=${t('r-release')}><h2>${t('r-release')}</h2><p class="second">${t('r-nobody')}</p><a class="button" href="#/login">${t('log-in')}</a></aside>`;
  if (!may('batch.trail-read')) return html`<aside class="decision" aria-label=${t('r-release')}><h2>${t('r-release')}</h2><p class="second">${t('r-not-you')}</p></aside>`;
  return html`<aside class="decision" aria-label=${t('r-release')}><form ref=${form} onSubmit=${onSubmit} onKeyDown=${(event) => event.key === 'Enter' && (event.ctrlKey || event.metaKey) && form.current.requestSubmit()}>
    <h2>${t('r-step-read')}</h2>${read ? html`<${Status} icon="check" tone="pass" word=${t('r-was-read', `${day(read.at)} ${clock(read.at)}`)} />`
    : html`<p>${ended ? '' : t('r-read-first')}</p><button type="button" class="button" id="trail-read" disabled=${!ended} onClick=${acknowledge}><${Icon} name="check" />${t('r-read')}</button>`}
    <h2>${t('r-step-sign')}</h2>${may('batch.release') ? '' : html`<p class="second">${t('r-not-you')}</p>`}
    <label>${t('r-note')}<textarea rows="2" maxlength="60" value=${note} onInput=${(e) => setNote(e.target.value)}></textarea></label>
    <label>${t('r-password', me.name || me.user)}<input type="password" autocomplete="current-password" value=${password} onInput=${(e) => setPassword(e.target.value)} required /></label>
    <p class="second">${t('r-meaning')}</p><p class="second">${t('record-digest')} <span class="mono">#${batch.seq}</span></p><${Refusal} error=${error} />
    <button class="button sign" disabled=${!read || !password || busy || !may('batch.release')}><${Icon} name="awaiting-release" />${busy ? t('r-signing') : t('r-sign')}<kbd>Ctrl ↵</kbd></button></form><p class="third after">${t('r-after')}</p></aside>`;
}

function Results({ batch }) {
  return html`<section class="panel"><div class="panel-head"><h2>${t('r-results')}</h2></div><div class="table-scroll"><table class="story"><thead><tr><th>${t('analyte')}</th><th>${t('method')}</th><th class="right">${t('result')}</th><th>${t('limit')}</th><th>${t('verdict')}</th><th></th></tr></thead>
    <tbody>${batch.tests.map((test) => html`<tr key=${test.test}><td><b>${pick(test, 'analyte')}</b></td><td>${test.method_standard}</td><td class="right"><b>${test.result ? withUnit(test.result.value || t('no-value'), test.result.value && test.result.unit) : '—'}</b></td>
      <td>${limitOf(test)}　<span class="third">${test.result?.verdict?.standard || test.limit?.standard || ''}</span></td><td><${Verdict} verdict=${test.result?.verdict?.verdict} tag=${false} /></td><td>${test.result ? html`<a href=${trailOf(test.result)}>${t('to-trail')}</a>` : ''}</td></tr>`)}</tbody></table></div></section>`;
}

export function Release({ id }) {
  const { batches } = useLive();
  const list = useFetched('/api/v1/batches?status=awaiting-release&order=received&limit=100', JSON.stringify(batches?.counts));
  const queue = list.data?.batches || [], chosen = queue.find((one) => one.batch === id) || queue[0];
  const { data: batch, error, retry } = useBatch(chosen?.batch || '');
  const [ended, setEnded] = useState('');
  useEffect(() => setEnded(''), [chosen?.batch]);
  const head = html`<div class="queue-head"><h2>${t('r-waiting')}</h2><span class="end"><a href="#/review">${t('r-to-review')}</a><${Keys} keys=${['J', 'K']} /></span></div>`;
  if (list.error && !list.data) return html`<div class="review none"><${Failed} error=${list.error} retry=${list.retry} /></div>`;
  if (!list.data) return html`<div class="review none"><${Loading} rows=${6} /></div>`;
  if (!queue.length) return html`<div class="review none"><section class="panel">${head}<${Empty} title=${t('r-none')} how=${t('r-none-how')} /></section></div>`;
  return html`<div class="review release"><div class="queue">${head}<div role="listbox" aria-label=${t('r-waiting')}>${queue.map((one) => html`<button key=${one.batch} class="queue-item" data-row="select" role="option" aria-selected=${one === chosen} onClick=${() => {
    location.hash = `#/release/${encodeURIComponent(one.batch)}`;
  }}><span class="line"><b>${one.name || pick(one, 'product')}</b><span class="third">${day(one.received)}</span></span><span class="second">${one.batch}</span><span class="line"><${Verdict} verdict=${one.verdict} tag=${false} /><span class="second reason"><${Attention} batch=${one} /></span></span></button>`)}</div></div>
    <div class="review-evidence" tabindex="0" role="region" aria-label=${t('evidence')}>${batch ? html`<div class="review-head"><div><p class="second"><${BatchStatus} status=${batch.status} />　<a href=${`#/batches/${encodeURIComponent(batch.batch)}`}>${batch.batch}</a>　${batch.producer}</p>
        <div class="big"><span class="name">${batch.name || pick(batch, 'product')}</span><${Verdict} verdict=${batch.verdict} /></div>${more(batch) ? html`<p class="said">${more(batch)}</p>` : ''}<p class="second">${pick(batch.scope, 'text')}</p></div></div>
      <${Results} batch=${batch} /><${Story} key=${batch.batch} about=${batch.batch} version=${JSON.stringify([batch.seq, batch.reviews?.length])} onEnd=${() => setEnded(batch.batch)} />`
    : error ? html`<${Failed} error=${error} retry=${retry} />` : html`<${Loading} rows=${8} />`}</div>
    ${batch ? html`<${Sign} key=${batch.batch} batch=${batch} ended=${ended === batch.batch} again=${retry} />` : html`<aside class="decision"></aside>`}</div>`;
}
