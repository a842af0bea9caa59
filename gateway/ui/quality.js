// SPDX-License-Identifier: Apache-2.0
// Quality: what is held and why, the charts of the controls, and the release of results by a second person.
import { html, useState } from './standalone.module.js';
import { CsvLink } from './csv.js';
import { useAtMost, useFetched } from './fetched.js';
import { useLive } from './live.js';
import { Field } from './login.js';
import { Empty, Failed, Loading, Status, rowProps } from './parts.js';
import { ControlChart } from './quality_chart.js';
import { Materials, Runs } from './quality_controls.js';
import { Rounds, Uncertainty } from './quality_scores.js';
import { may, useSession, write } from './session.js';
import { Signature } from './signature.js';
import { clock, day, withUnit } from './text.js';
import { t, pick, learn } from './words.js';

learn({
  'q-held': ['暂扣的结果', 'Results held'], 'q-none': ['没有暂扣的结果。', 'No results are held.'], 'q-none-how': ['质控失控或砝码核查不合格时，上次合格质控以来的结果会排到这里。', 'When a control breaks a rule or a check weight fails, every result since the last good one comes here.'],
  'q-open': ['待查明', 'to be explained'], 'q-explained': ['待放行', 'to be released'], 'q-released': ['已放行', 'released'],
  'q-explain': ['写明原因和措施', 'Cause and action'], 'q-release': ['放行', 'Release'], 'q-cause': ['原因', 'Cause'], 'q-action': ['采取的措施', 'Action taken'], 'q-why': ['放行的理由', 'Why they may be released'],
  'q-explain-how': ['签名含义：我查明了原因并采取了措施。放行须由另一个人签名。', 'The signature means: I found the cause and acted on it. Somebody else has to release the results.'],
  'q-release-how': ['签名含义：我核对了原因和措施，以下结果可以使用。', 'The signature means: I have looked at cause and action, and these results may be used.'],
  'q-second': ['要由 {} 以外的人放行', 'somebody other than {} releases them'], 'q-batches': ['涉及 {} 批', '{} batches'], 'q-since': ['自 {}', 'since {}'],
  'q-gone': ['此前已签发的批次：{}，请考虑更正', 'already released before: {}; consider an amended certificate'],
  'q-charts': ['控制图', 'Control charts'], 'q-no-charts': ['还没有质控数据。', 'No controls have been measured yet.'], 'q-no-charts-how': ['先登记质控物质，再下达质控。', 'Register a control material, then order a run of controls.'],
  'q-material': ['质控物质', 'Material'], 'q-level': ['水平', 'Level'], 'q-basis': ['界限来自', 'Limits from'], 'q-points': ['点数', 'Points'], 'q-back': ['全部控制图', 'All charts'],
  'q-basis-history': ['自身历史（已冻结）', 'its own history, frozen'], 'q-basis-certificate': ['证书', 'the certificate'], 'q-basis-': ['还没有', 'none yet'],
  'q-freeze': ['冻结界限', 'Freeze the limits'], 'q-freeze-how': ['签名含义：我核对了这些点，界限由它们算出，此后以此判断。3 s 以外的点会列出，仍计入，除非写明理由剔除。', 'The signature means: I have looked at these points, and the limits are worked out from them. Points beyond 3 s are shown and stay in, unless they are left out with a reason.'], 'q-freeze-why': ['冻结的理由', 'Why now'],
  'q-left-out': ['剔除的点（每行：检验号=理由）', 'Points left out (one a line: TEST=WHY)'], 'q-relative': ['极差除以均值（%）', 'ranges as % of the mean'], 'q-outliers': ['3 s 以外：{}', 'beyond 3 s: {}'], 'q-excluded': ['已剔除：{}', 'left out: {}'],
});

const TONES = { open: ['warn', 'fail'], explained: ['awaiting-release', 'und'], released: ['released', 'off'] };
const HOLDS = '/api/v1/qc/holds';

// The form behind a button: cause and action by one person, the release by another.
function Question({ hold, step, done, close }) {
  const path = `${HOLDS}/${encodeURIComponent(hold.hold)}/${step}`;
  const send = async (password, fields) => {
    const body = step === 'explain' ? { cause: fields.cause.value.trim(), action: fields.action.value.trim() } : { reason: fields.reason.value.trim() };
    await write('POST', path, body, { password });
    done();
  };
  return html`<${Signature} title=${`${hold.hold}　${t(step === 'explain' ? 'q-explain' : 'q-release')}`} action=${t(step === 'explain' ? 'sign' : 'q-release')} sign=${send} close=${close}>
    <p>${pick(hold, 'text')}</p>
    ${step === 'explain' ? html`<${Field} name="cause" label=${t('q-cause')} maxlength="60" /><${Field} name="action" label=${t('q-action')} maxlength="60" />`
    : html`<dl class="pairs"><dt>${t('q-cause')}</dt><dd>${hold.cause}</dd><dt>${t('q-action')}</dt><dd>${hold.action}</dd></dl><${Field} name="reason" label=${t('q-why')} maxlength="60" />`}
    <p class="second">${t(step === 'explain' ? 'q-explain-how' : 'q-release-how')}</p></${Signature}>`;
}

function Hold({ hold, ask }) {
  const me = useSession();
  const [icon, tone] = TONES[hold.status] || TONES.open;
  const own = hold.explained_by && hold.explained_by === me.user;
  return html`<li class="hold" tabindex="0" data-row=""><${Status} icon=${icon} tone=${tone} word=${t(`q-${hold.status}`)} />
    <div><b>${pick(hold, 'text')}</b>
      <p class="second">${hold.hold}　${hold.run}　${hold.instrument}${hold.method ? `　${hold.method}` : ''}　${t('q-since', `${day(hold.opened)} ${clock(hold.opened)}`)}</p>
      <p class="third">${t('q-batches', hold.batches.length)}${hold.batches.slice(0, 12).map((batch) => html`　<a key=${batch} href=${`#/batches/${encodeURIComponent(batch)}`}>${batch}</a>`)}</p>
      ${hold.released_before?.length ? html`<p class="said">${t('q-gone', hold.released_before.join(' '))}</p>` : ''}
      ${hold.cause ? html`<dl class="pairs"><dt>${t('q-cause')}</dt><dd>${hold.cause}</dd><dt>${t('q-action')}</dt><dd>${hold.action}　<span class="third">${hold.explained_by}</span></dd></dl>` : ''}</div>
    <span class="hold-buttons">${may('qc.hold.explain') ? html`<button class="button" onClick=${() => ask({ hold, step: 'explain' })}>${t('q-explain')}</button>` : ''}
      ${hold.status === 'explained' && may('qc.hold.release') && !own ? html`<button class="button primary" onClick=${() => ask({ hold, step: 'release' })}>${t('q-release')}</button>` : ''}
      ${hold.status === 'explained' && own ? html`<small class="third">${t('q-second', me.name || me.user)}</small>` : ''}</span></li>`;
}

function Holds({ version }) {
  const { data, error, retry } = useFetched(HOLDS, version);
  const [asked, ask] = useState(null);
  return html`<section class="panel"><div class="panel-head"><h2>${t('q-held')}</h2>${data ? html`<span class="second">${data.holds.length}</span>` : ''}<span class="end"><${CsvLink} path=${HOLDS} /></span></div>
    ${error && !data ? html`<${Failed} error=${error} retry=${retry} />` : !data ? html`<${Loading} rows=${2} />`
    : !data.holds.length ? html`<${Empty} title=${t('q-none')} how=${t('q-none-how')} />`
      : html`<ul class="holds">${data.holds.map((hold) => html`<${Hold} key=${hold.hold} hold=${hold} ask=${ask} />`)}</ul>`}
    ${asked ? html`<${Question} ...${asked} done=${retry} close=${() => ask(null)} />` : ''}</section>`;
}

const chartAddress = (chart) => `#/quality/${encodeURIComponent(chart.material)}/${encodeURIComponent(chart.instrument)}`;

function ChartRow({ chart }) {
  const open = () => {
    location.hash = chartAddress(chart);
  };
  return html`<tr ...${rowProps(open)}><td><a href=${chartAddress(chart)}>${pick(chart, 'name') || chart.material}</a>　<span class="third">${chart.lot || ''}</span></td><td>${t(`q-kind-${chart.kind}`)}</td><td>${chart.method}</td><td>${chart.instrument}</td>
    <td class="right">${chart.level}</td><td>${t(`q-basis-${chart.basis}`)}</td><td class="right">${chart.points}</td></tr>`;
}

function Charts({ version }) {
  const { data, error, retry } = useFetched('/api/v1/qc/charts', version);
  return html`<section class="panel"><div class="panel-head"><h2>${t('q-charts')}</h2><span class="end"><${CsvLink} path="/api/v1/qc/charts" /></span></div>
    ${error && !data ? html`<${Failed} error=${error} retry=${retry} />` : !data ? html`<${Loading} rows=${3} />`
    : !data.charts.length ? html`<${Empty} title=${t('q-no-charts')} how=${t('q-no-charts-how')} command="assay qc --help" />`
      : html`<div class="table-scroll" tabindex="0" role="region" aria-label=${t('q-charts')}><table class="list q-list"><thead><tr><th>${t('q-material')}</th><th></th><th>${t('method')}</th><th>${t('instrument')}</th><th class="right">${t('q-level')}</th><th>${t('q-basis')}</th><th class="right">${t('q-points')}</th></tr></thead>
        <tbody>${data.charts.map((chart) => html`<${ChartRow} key=${chart.material + chart.instrument} chart=${chart} />`)}</tbody></table></div>`}</section>`;
}

// The limits from the chart's own points, signed.
function Freeze({ chart, close, done }) {
  const ranges = chart.kind === 'duplicate';
  const send = async (password, fields) => {
    const left = fields.left_out.value.split('\n').map((line) => line.trim()).filter(Boolean);
    await write('POST', `/api/v1/qc/charts/${encodeURIComponent(chart.material)}/freeze`,
      { instrument: chart.instrument, reason: fields.reason.value.trim(), ...(left.length ? { left_out: left } : {}), ...(ranges ? { relative: fields.relative.checked } : {}) }, { password });
    done();
  };
  return html`<${Signature} title=${t('q-freeze')} action=${t('q-freeze')} sign=${send} close=${close}>
    ${ranges ? html`<label class="check"><input type="checkbox" name="relative" />${t('q-relative')}</label>` : ''}
    <label>${t('q-left-out')}<textarea name="left_out" rows="3" spellcheck="false"></textarea></label><${Field} name="reason" label=${t('q-freeze-why')} maxlength="60" />
    <p class="second">${t('q-freeze-how')}</p></${Signature}>`;
}

const LEAST_POINTS = 20;

function One({ material, instrument, version }) {
  const { data, error, retry } = useFetched(`/api/v1/qc/charts/${encodeURIComponent(material)}?instrument=${encodeURIComponent(instrument)}`, version);
  const [asked, ask] = useState(false);
  const chart = data, frozen = chart?.frozen;
  return html`<section class="panel"><div class="panel-head"><h2>${chart ? `${pick(chart, 'name') || chart.material}　${chart.instrument}` : material}</h2><span class="end">${chart && chart.list.length >= LEAST_POINTS && may('qc.chart.freeze') ? html`<button class="button" id="freeze" onClick=${() => ask(true)}>${t('q-freeze')}</button>` : ''}<a href="#/quality">${t('q-back')}</a></span></div>
    ${error && !chart ? html`<${Failed} error=${error} retry=${retry} />` : !chart ? html`<${Loading} rows=${5} />`
    : html`<div class="panel-body"><p class="second">${t(`q-kind-${chart.kind}`)}　${chart.method}　${t('q-level')} ${chart.level}　${t('q-basis')} ${t(`q-basis-${chart.basis}`)}${chart.value ? `　${withUnit(`${chart.value} ± ${chart.uncertainty}`, chart.unit)}` : ''}</p>
      ${frozen?.outliers?.length || frozen?.left_out?.length ? html`<p class="said">${frozen.outliers.length ? t('q-outliers', frozen.outliers.join(' ')) : ''}　${frozen.left_out.length ? t('q-excluded', frozen.left_out.map((one) => `${one.test} ${one.reason}`).join('　')) : ''}</p>` : ''}
      <${ControlChart} chart=${chart} /></div>`}
    ${asked ? html`<${Freeze} chart=${chart} close=${() => ask(false)} done=${retry} />` : ''}</section>`;
}

// Methods that somebody may mean: those of charts and of open tests.
function useMethods(version) {
  const { data } = useFetched('/api/v1/qc/charts', version), { data: materials } = useFetched('/api/v1/qc/materials', version);
  return [...new Set([...(data?.charts || []), ...(materials?.materials || [])].map((one) => one.method))].sort();
}

function Everything({ version }) {
  const methods = useMethods(version);
  return html`<${Holds} version=${version} /><${Charts} version=${version} /><${Runs} version=${version} /><${Materials} version=${version} methods=${methods} /><${Rounds} version=${version} methods=${methods} /><${Uncertainty} methods=${methods} />`;
}

export function Quality({ id, more }) {
  useSession();
  const { gateway } = useLive();
  const version = useAtMost(gateway?.applied || 0, 1500);
  return html`<div class="batch quality">${id ? html`<${One} key=${id + more} material=${id} instrument=${more} version=${version} />` : html`<${Everything} version=${version} />`}</div>`;
}
