// SPDX-License-Identifier: Apache-2.0
// A certificate: what it says, the print as it stands in the journal, its proof, and the one that replaces it.
import { html, useEffect, useState } from './standalone.module.js';
import { CsvLink } from './csv.js';
import { useAtMost, useFetched } from './fetched.js';
import { Icon } from './icons.js';
import { bind } from './keys.js';
import { useLive } from './live.js';
import { Field, Refusal } from './login.js';
import { Empty, Failed, Loading, Status, Verdict, rowProps, short } from './parts.js';
import { Proof } from './proof.js';
import { may, useSession, write } from './session.js';
import { Signature } from './signature.js';
import { Story } from './story.js';
import { clock, day, grouped, limitText, withUnit } from './text.js';
import { t, pick, learn, brackets } from './words.js';

learn({
  'c-list': ['已签发的证书', 'Certificates issued'], 'c-none': ['还没有签发证书。', 'No certificate has been issued yet.'], 'c-open': ['打开证书 PDF', 'Open the PDF'], 'c-printing': ['PDF 正在打印进台账……', 'The PDF is on its way into the journal……'],
  'c-amend': ['更正', 'Amend'], 'c-amend-title': ['更正证书 {}', 'Amend certificate {}'], 'c-amend-how': ['先把下面的经过读到底并确认已读。新证书另有编号，写明替代哪一张和为什么；旧证书仍可查。', 'Read what happened, below, to its end first and say so. The new certificate has a number of its own and names the one it replaces, and why; the old one stays.'],
  'c-amend-sign': ['签名并更正', 'Sign and amend'], 'c-replaces': ['替代 {}', 'replaces {}'], 'c-replaced': ['已由 {} 替代', 'replaced by {}'], 'c-issued': ['{0} 由 {1} 签发', 'issued {0} by {1}'], 'c-read-trail': ['我已读完追溯', 'I have read the trail'], 'c-why': ['更正原因', 'Why amended'],
  'c-nd': ['未检出', 'not detected'], 'c-paper': ['打印件', 'Print'], 'c-bytes': ['{} 字节', '{} bytes'],
});

const href = (id) => `#/certificate/${encodeURIComponent(id)}`;

function List() {
  const [after, setAfter] = useState('0');
  const { gateway } = useLive();
  const { data, error, retry } = useFetched(`/api/v1/certificates?after=${after}`, useAtMost(gateway?.applied, 5000));
  if (error && !data) return html`<div class="batch"><${Failed} error=${error} retry=${retry} /></div>`;
  if (!data) return html`<div class="batch"><${Loading} rows=${6} /></div>`;
  return html`<div class="batch"><section class="panel"><div class="panel-head"><h2>${t('c-list')}</h2><span class="end"><${CsvLink} path="/api/v1/certificates" /></span></div>
    ${!data.certificates.length ? html`<${Empty} title=${t('c-none')} />` : html`<div class="table-scroll"><table class="story"><thead><tr><th>${t('certificate')}</th><th>${t('batch')}</th><th>${t('producer')}</th><th>${t('verdict')}</th><th>${t('release')}</th><th>${t('status')}</th></tr></thead>
      <tbody>${data.certificates.map((one) => html`<tr key=${one.certificate} ...${rowProps(() => {
    location.hash = href(one.certificate);
  })}><td><b>${one.certificate}</b></td><td>${one.batch}　${one.name}</td><td>${one.producer}</td><td><${Verdict} verdict=${one.verdict} tag=${false} /></td><td>${one.who}　${day(one.issued)} ${clock(one.issued)}</td>
        <td>${one.replaced_by ? t('c-replaced', one.replaced_by) : one.replaces ? t('c-replaces', one.replaces) : ''}</td></tr>`)}</tbody></table></div>`}
    <div class="panel-body buttons start">${after !== '0' ? html`<button class="button" onClick=${() => setAfter('0')}>${t('page-before')}</button>` : ''}${data.next ? html`<button class="button" onClick=${() => setAfter(data.next)}>${t('page-next')}</button>` : ''}</div></section></div>`;
}

const found = ({ value, unit, censored, lod, ...result }) => (censored === 'not-detected' ? `${t('c-nd')}${lod ? brackets(`LOD ${lod}`) : ''}` : value ? withUnit(value, unit) : pick(result, 'text') || t('no-value'));

const Items = ({ tests }) => html`<section class="panel"><div class="panel-head"><h2>${t('tests')}</h2></div><div class="table-scroll"><table class="story"><thead><tr><th>${t('analyte')}</th><th>${t('method')}</th><th class="right">${t('result')}</th><th>${t('limit')}</th><th>${t('verdict')}</th></tr></thead>
  <tbody>${tests.map((test) => html`<tr key=${test.test}><td><b>${pick(test, 'analyte')}</b></td><td>${test.method?.standard}</td><td class="right"><b>${test.result ? found(test.result) : '—'}</b></td>
    <td>${limitText(test.limit?.text) || t('no-limit-here')}　<span class="third">${test.limit?.standard || ''}</span></td><td><${Verdict} verdict=${test.verdict?.verdict} tag=${false} /></td></tr>`)}</tbody></table></div></section>`;

function One({ id }) {
  useSession();
  const { gateway } = useLive();
  const [asked, ask] = useState(false), [ended, setEnded] = useState(''), [read, setRead] = useState(false), [refused, fail] = useState(null);
  const { data: one, error, retry } = useFetched(`/api/v1/certificates/${encodeURIComponent(id)}`, useAtMost(gateway?.applied, 2000));
  useEffect(() => bind('escape', () => {
    location.hash = '#/certificate';
    return true;
  }), []);
  if (error && !one) return html`<div class="batch"><section class="panel"><${Failed} error=${error} retry=${retry} /></section></div>`;
  if (!one) return html`<div class="batch"><${Loading} rows=${6} /></div>`;
  const paper = `/api/v1/certificates/${encodeURIComponent(id)}/paper`;
  return html`<div class="batch certificate"><section class="panel batch-head"><a class="back" href="#/certificate"><${Icon} name="back" />${t('c-list')}</a>
      <div class="title"><h2>${one.certificate}</h2><span class="second"><a href=${`#/batches/${encodeURIComponent(one.batch)}`}>${one.batch}</a>　${one.name}　${one.producer}</span></div>
      <div class="verdict-line"><span class="big"><${Verdict} verdict=${one.verdict} /></span>${one.replaced_by ? html`<a href=${href(one.replaced_by)}><${Status} icon="warn" tone="und" word=${t('c-replaced', one.replaced_by)} /></a>` : ''}${one.replaces ? html`<a href=${href(one.replaces)}>${t('c-replaces', one.replaces)}</a>` : ''}</div>
      ${one.reason ? html`<p class="said"><span class="third">${t('c-why')}</span>　${one.reason}</p>` : ''}<p class="second">${t('c-issued', `${day(one.issued)} ${clock(one.issued)}`, one.who)}</p>
      <p class="second">${one.paper_seq ? html`${t('c-paper')}　${t('c-bytes', grouped(one.paper_bytes))}　sha256 ${short(one.paper_sha256, 24)}` : html`<span role="status">${t('c-printing')}</span>`}</p>
      <div class="buttons start">${one.paper_seq ? html`<a class="button primary" id="paper" href=${paper} target="_blank" rel="noopener">${t('c-open')}<${Icon} name="arrow" /></a>` : ''}
        ${may('certificate.amend') && !one.replaced_by ? html`<button class="button" id="amend" onClick=${() => ask(true)}>${t('c-amend')}</button><button class="button" id="read-trail" disabled=${ended !== one.batch} onClick=${() => write('POST', `/api/v1/batches/${encodeURIComponent(one.batch)}/trail-read`).then(() => setRead(true), fail)}>${t('c-read-trail')}</button>` : ''}
        ${read ? html`<${Status} icon="check" tone="pass" word=${t('trail-read')} />` : ''}<${Refusal} error=${refused} /></div></section>
    ${one.document?.tests ? html`<${Items} tests=${one.document.tests} />` : ''}<${Proof} seq=${one.paper_seq || one.seq} proofOf=${one.batch} /><${Story} about=${one.batch} version=${one.seq} onEnd=${() => setEnded(one.batch)} />
    ${asked ? html`<${Signature} title=${t('c-amend-title', one.certificate)} action=${t('c-amend-sign')} close=${() => ask(false)} sign=${async (password, elements) => {
      const { certificate } = await write('POST', `/api/v1/certificates/${encodeURIComponent(id)}/amend`, { reason: elements.reason.value.trim() }, { password, ifMatch: one.etag });
      location.hash = href(certificate.certificate);
    }}><p>${t('c-amend-how')}</p><${Field} name="reason" label=${t('c-why')} maxlength="60" /></${Signature}>` : ''}</div>`;
}

export const Certificate = ({ id }) => (id ? html`<${One} key=${id} id=${id} />` : html`<${List} />`);
