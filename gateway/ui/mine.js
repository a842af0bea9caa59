// SPDX-License-Identifier: Apache-2.0
// A producer's own page, made for a phone: did my batch pass, and if not, by how much.
import { html, useEffect } from './standalone.module.js';
import { useFetched } from './fetched.js';
import { Icon } from './icons.js';
import { bind } from './keys.js';
import { BatchStatus, Empty, Failed, Loading, Ruler, Verdict, limitOf } from './parts.js';
import { useSession } from './session.js';
import { Told } from './told.js';
import { clauseText, withUnit } from './text.js';
import { t, pick, learn, more } from './words.js';

learn({
  'm-batches': ['我的批次', 'My batches'], 'm-none': ['还没有送检的批次。', 'No batches yet.'], 'm-none-how': ['送检后，结果会出现在这里。', 'Results appear here once something has been sent in.'],
  'm-made': ['{} 生产', 'made {}'], 'm-tests': ['{} 项', '{} tests'], 'm-tested': ['{0} 项检了 {1} 项', '{1} of {0} tested'], 'm-failed': ['{} 项不合格', '{} failed'], 'm-undetermined': ['{} 项不能判定', '{} undetermined'],
  'm-replaced': ['已由 {} 更正', 'amended by {}'], 'm-by': ['依据 {0} {1}', 'by {0} {1}'], 'm-others': ['其余项目', 'The others'], 'm-not-final': ['复核和签发之前，结果还可能变。', 'Until it is reviewed and issued, a result may still change.'],
});

// What is final is the verdict; before, what is being done.
const Standing = ({ batch }) => (batch.verdict && ['released', 'awaiting-release'].includes(batch.status) ? html`<${Verdict} verdict=${batch.verdict} />` : html`<${BatchStatus} status=${batch.status} />`);

function List() {
  const me = useSession();
  const { data, error, retry } = useFetched('/api/v1/batches?order=-received&limit=100', me.user);
  return html`<div class="mine"><section><h2>${me.producer || me.name}</h2></section><section><h2>${t('m-batches')}</h2>
    ${error && !data ? html`<${Failed} error=${error} retry=${retry} />` : !data ? html`<${Loading} rows=${4} />` : !data.batches.length ? html`<${Empty} title=${t('m-none')} how=${t('m-none-how')} />`
    : html`<ul>${data.batches.map((batch) => html`<li key=${batch.batch}><a class="own" href=${`#/mine/${encodeURIComponent(batch.batch)}`} data-row=""><span><b>${batch.name || pick(batch, 'product')}</b><small>${t('m-made', batch.produced)}　${t('m-tests', batch.tests_total)}</small></span><${Standing} batch=${batch} /><${Icon} name="next" /></a></li>`)}</ul>`}</section><${Told} path="/api/v1/mine/report" /></div>`;
}

function Result({ test }) {
  const { value, unit, verdict } = test.result;
  const bad = verdict?.verdict === 'fail' ? 'fail' : verdict?.verdict === 'undetermined' ? 'und' : '';
  return html`<section class="own-result"><p class=${`figure ${bad}`}><span>${pick(test, 'analyte')}</span> <b>${value || t('no-value')}</b> <small>${value ? unit : ''}</small></p>
    ${value && verdict?.limit ? html`<${Ruler} value=${value} bounded=${verdict.limit} unit=${unit} verdict=${verdict.verdict} />` : ''}
    ${more(verdict) ? html`<p>${more(verdict)}</p>` : ''}${verdict?.standard ? html`<p class="second">${t('m-by', verdict.standard, clauseText(verdict.clause))}</p>` : ''}</section>`;
}

function One({ id }) {
  const { data: batch, error, retry } = useFetched(`/api/v1/batches/${encodeURIComponent(id)}`, '');
  useEffect(() => bind('escape', () => {
    location.hash = '#/mine';
    return true;
  }), []);
  if (error && !batch) return html`<div class="mine"><${Failed} error=${error} retry=${retry} /></div>`;
  if (!batch) return html`<div class="mine"><${Loading} rows=${5} /></div>`;
  const final = ['released', 'awaiting-release'].includes(batch.status);
  const done = batch.tests.filter((test) => test.result), of = (verdict) => done.filter((test) => test.result.verdict?.verdict === verdict);
  const worse = [...of('fail'), ...of('undetermined')], others = done.filter((test) => !worse.includes(test));
  return html`<div class="mine"><section><a class="back" href="#/mine"><${Icon} name="back" />${t('m-batches')}</a><h2>${batch.name || pick(batch, 'product')}</h2>
      <p class="standing"><${Standing} batch=${batch} /></p>
      <p class="second">${t('m-tested', batch.tests.length, done.length)}${of('fail').length ? html`　${t('m-failed', of('fail').length)}` : ''}${of('undetermined').length ? html`　${t('m-undetermined', of('undetermined').length)}` : ''}<br />${t('produced')} ${batch.produced}　${batch.batch}</p>
      ${final ? '' : html`<p class="second">${t('m-not-final')}</p>`}</section>
    ${final ? worse.map((test) => html`<${Result} key=${test.test} test=${test} />`) : ''}
    ${final && others.length ? html`<section><h2>${worse.length ? t('m-others') : t('tests')}</h2><ul>${others.map((test) => html`<li key=${test.test} class="own"><span><b>${pick(test, 'analyte')}</b><small>${withUnit(test.result.value || t('no-value'), test.result.value && test.result.unit)}　${limitOf(test)}</small></span><${Verdict} verdict=${test.result.verdict?.verdict} /></li>`)}</ul></section>` : ''}
    ${(batch.certificates || []).length ? html`<section><h2>${t('certificate')}</h2><ul>${batch.certificates.map((one) => html`<li key=${one.certificate}><a class="own" data-row="" href=${`/api/v1/certificates/${encodeURIComponent(one.certificate)}/paper`} target="_blank" rel="noopener"><span><b>${one.certificate}</b><small>${one.replaced_by ? t('m-replaced', one.replaced_by) : 'PDF'}</small></span><${Icon} name="next" /></a></li>`)}</ul></section>` : ''}
    <section><p class="second">${pick(batch.scope, 'text')}</p></section></div>`;
}

export const Mine = ({ id }) => (id ? html`<${One} key=${id} id=${id} />` : html`<${List} />`);
