// SPDX-License-Identifier: Apache-2.0
// The district: which risks the producers share. A heat map and the ranked list behind it, from there to the batches and on to the bytes.
import { html, useState } from './standalone.module.js';
import { CsvLink } from './csv.js';
import { useFetched } from './fetched.js';
import { Interval, percent, Rate, rateWords } from './figures.js';
import { Icon } from './icons.js';
import { Empty, Failed, Loading, Status, Verdict, rowProps } from './parts.js';
import { may, useSession } from './session.js';
import { limitText, withUnit } from './text.js';
import { t, pick, learn } from './words.js';

learn({
  'd-all': ['全部季度', 'All quarters'], 'd-quarter': ['季度', 'Quarter'], 'd-failed': ['不合格', 'Failed'], 'd-near': ['接近限量', 'Near the limit'], 'd-undetermined': ['不能判定', 'Undetermined'],
  'd-map': ['热力图', 'Heat map'], 'd-map-how': ['每格：不合格 / 有结论；▲ 预警（错误发现率 5%）；越深越高', 'each cell: failed / judged; ▲ alarm (false-discovery rate 5 %); the darker, the higher'],
  'd-ranked': ['排序', 'Ranked'], 'd-group': ['类别与项目', 'Class and item'], 'd-alarm': ['预警', 'alarm'], 'd-shrunk': ['收缩后', 'Shrunk'], 'd-trend': ['趋势', 'Trend'],
  'd-origins': ['来源比较', 'Origins compared'], 'd-quarters': ['各季度', 'Quarters'], 'd-coverage': ['覆盖：没有检过的法定项目', 'Coverage: legal items nobody has tested'], 'd-sentinel': ['哨点', 'Sentinel points'],
  'd-tested': ['{1} 项检过 {0} 项', '{0} of {1} items tested'], 'd-none': ['还没有结论。', 'Nothing has been judged yet.'], 'd-none-how': ['结果判定后，这里会出现比率和它们的区间。', 'Rates and their intervals appear here once results are judged.'],
  'd-items': ['背后的批次', 'The batches behind it'], 'd-back': ['全区', 'The district'], 'd-share': ['占限量', 'Of the limit'], 'd-older': ['更早', 'Older'],
  'd-report': ['季度报告', 'Quarter report'], 'd-report-csv': ['{} 报告 CSV', '{} report, CSV'], 'd-report-pdf': ['{} 报告 PDF', '{} report, PDF'], 'd-batches': ['{} 批', '{} batches'], 'd-saved': ['免费检测节省 {} 元', 'free tests saved {} yuan'],
  'd-rising': ['上升', 'rising'], 'd-falling': ['下降', 'falling'], 'd-no-trend': ['看不出', 'none'], 'd-unknown': ['季度不足', 'too few quarters'], 'd-bytes': ['到字节', 'to the bytes'],
  'd-held': ['质控暂扣、未计入', 'Held, left out'], 'd-is-held': ['暂扣', 'held'], 'd-no-method': ['本室没有方法', 'no method here'],
});

const PAIR = 'class,analyte';
const toGroup = (group, quarter) => `#/district/${encodeURIComponent(group.class || '-')}/${encodeURIComponent(quarter ? `${group.analyte}@${quarter}` : group.analyte)}`;
const SHADES = [0, 0.02, 0.05, 0.1, 0.2, 0.4];
const shade = (rate) => (!rate.n ? 'none' : rate.count === 0 ? 'zero' : `s${SHADES.filter((edge) => Number(rate.figure) > edge).length}`);

const CELL = 54, HIGH = 30, SIDE = 170, HEAD = 118, OVERHANG = 150;

// What fits in so many half-width places; the whole name is in the title. What stands in brackets goes first.
function shortName(name, places) {
  const wide = (text) => [...text].reduce((sum, c) => sum + (c.codePointAt(0) > 0x2e80 ? 2 : 1), 0);
  let text = wide(name) > places ? name.replace(/\s*[(（].*$/u, '') : name;
  if (wide(text) <= places) return text;
  while (wide(text) > places - 1) text = [...text].slice(0, -1).join('');
  return `${text.trimEnd()}…`;
}

function HeatMap({ groups, quarter }) {
  const classes = [...new Map(groups.map((g) => [g.class, g])).values()].sort((a, b) => (a.class < b.class ? -1 : 1));
  const analytes = [...new Map(groups.map((g) => [g.analyte, g])).values()].sort((a, b) => (a.analyte < b.analyte ? -1 : 1));
  const row = new Map(classes.map((g, i) => [g.class, i])), column = new Map(analytes.map((g, i) => [g.analyte, i]));
  const width = SIDE + analytes.length * CELL + OVERHANG, height = HEAD + classes.length * HIGH + 4;
  return html`<div class="heat-scroll" tabindex="0" role="region" aria-label=${t('d-map')}><svg class="heat" width=${width} height=${height} viewBox=${`0 0 ${width} ${height}`}>
    ${analytes.map((g, i) => html`<text key=${g.analyte} x=${SIDE + i * CELL + 20} y=${HEAD - 8} transform=${`rotate(-35 ${SIDE + i * CELL + 20} ${HEAD - 8})`}><title>${pick(g, 'analyte')}</title>${shortName(pick(g, 'analyte'), 26)}</text>`)}
    ${classes.map((g, i) => html`<text key=${g.class} class="side" x=${SIDE - 8} y=${HEAD + i * HIGH + 20} text-anchor="end"><title>${pick(g, 'class')}</title>${shortName(pick(g, 'class'), 24)}</text>`)}
    ${groups.map((g) => {
    const x = SIDE + column.get(g.analyte) * CELL, y = HEAD + row.get(g.class) * HIGH;
    const words = `${pick(g, 'class')} ${pick(g, 'analyte')}: ${rateWords(g.failed)}${g.alarm ? ` ${t('d-alarm')}` : ''}`;
    return html`<a key=${`${g.class} ${g.analyte}`} href=${toGroup(g, quarter)} aria-label=${words}><title>${words}</title><rect class=${`cell ${shade(g.failed)}${g.alarm ? ' alarm' : ''}`} x=${x + 1} y=${y + 1} width=${CELL - 2} height=${HIGH - 2} />
      <text class=${`in ${shade(g.failed)}`} x=${x + CELL / 2} y=${y + 20} text-anchor="middle">${g.alarm ? '▲' : ''}${g.failed.count}/${g.failed.n}</text></a>`;
  })}</svg></div>`;
}

const GroupName = ({ group }) => html`${group.class_zh ? pick(group, 'class') : ''}${group.class_zh && group.analyte_zh ? ' · ' : ''}${group.analyte_zh ? pick(group, 'analyte') : ''}${group.origin_zh ? pick(group, 'origin') : ''}`;

function Groups({ groups, quarter, open }) {
  return html`<div class="wide-scroll" tabindex="0" role="region" aria-label=${t('d-ranked')}><table class="list figures"><thead><tr><th>${t('d-group')}</th><th>${t('d-failed')}</th><th><span class="hidden">95 %</span></th><th>${t('d-near')}</th><th>${t('d-shrunk')}</th><th>q</th></tr></thead>
    <tbody>${groups.map((g) => html`<tr key=${`${g.class} ${g.analyte} ${g.origin}`} ...${open ? rowProps(() => {
    location.hash = toGroup(g, quarter);
  }) : {}}><td><b><${GroupName} group=${g} /></b>${g.alarm ? html` <${Status} icon="warn" word=${t('d-alarm')} tone="fail" tag=${true} />` : ''}</td><td><${Rate} rate=${g.failed} /></td><td><${Interval} rate=${g.failed} /></td>
      <td><${Rate} rate=${g.near} /></td><td>${g.shrunk?.n ? `${percent(g.shrunk.figure)} % (${percent(g.shrunk.low)}–${percent(g.shrunk.high)} %)` : '—'}</td><td>${g.q ? Number(g.q).toFixed(3) : ''}</td></tr>`)}</tbody></table></div>`;
}

const DIRECTIONS = { rising: ['rising', 'fail', 'd-rising'], falling: ['falling', 'pass', 'd-falling'], none: ['minus', 'off', 'd-no-trend'], unknown: ['empty', 'off', 'd-unknown'] };

function Quarters({ rows }) {
  return html`<div class="wide-scroll" tabindex="0" role="region" aria-label=${t('d-quarters')}><table class="list figures"><thead><tr><th>${t('d-quarter')}</th><th>${t('d-failed')}</th><th><span class="hidden">95 %</span></th><th>${t('d-undetermined')}</th></tr></thead><tbody>${rows.map((q) => html`<tr key=${q.quarter}>
    <td>${q.quarter}</td><td><${Rate} rate=${q.failed} /></td><td><${Interval} rate=${q.failed} /></td><td>${q.undetermined ?? ''}${q.held ? ` · ${t('d-is-held')} ${q.held}` : ''}</td></tr>`)}</tbody></table></div>`;
}

function Coverage() {
  const { data, error, retry } = useFetched('/api/v1/district/coverage', '');
  if (!data) return error ? html`<${Failed} error=${error} retry=${retry} />` : html`<${Loading} />`;
  return html`<p>${t('d-tested', data.tested, data.items)}</p>${data.products.map((p) => html`<details key=${p.product}><summary>${pick(p, 'name')} <span class="third">${t('d-tested', p.tested, p.items)}</span></summary>
    <ul class="untested">${p.untested.map((item) => html`<li key=${`${item.analyte} ${item.standard}`}>${pick({ a_zh: item.analyte_zh, a_en: item.analyte }, 'a')} <span class="third">${item.standard} ${limitText(item.limit)}${item.testable ? '' : ` · ${t('d-no-method')}`}</span></li>`)}</ul></details>`)}`;
}

const Panel = ({ title, end, csv, children }) => html`<section class="panel"><div class="panel-head"><h2>${title}</h2>${end || csv ? html`<span class="end">${end} ${csv && html`<${CsvLink} path=${csv} />`}</span>` : ''}</div><div class="panel-body">${children}</div></section>`;

function Whole() {
  useSession();
  const [quarter, choose] = useState('');
  const filter = quarter ? `quarter=${quarter}` : '';
  const overview = useFetched(`/api/v1/district/overview?${filter}`, ''), rates = useFetched(`/api/v1/district/rates?by=${PAIR}${filter ? `&${filter}` : ''}`, '');
  const failed = overview.error || rates.error;
  if (failed && !(overview.data && rates.data)) return html`<${Failed} error=${failed} retry=${overview.error ? overview.retry : rates.retry} />`;
  if (!overview.data || !rates.data) return html`<${Loading} rows=${8} />`;
  const o = overview.data, groups = rates.data.groups;
  if (!o.by_quarter.length) return html`<${Empty} title=${t('d-none')} how=${t('d-none-how')} />`;
  return html`<div class="district">
    <div class="district-top"><label>${t('d-quarter')} <select value=${quarter} onChange=${(event) => choose(event.target.value)}><option value="">${t('d-all')}</option>${o.by_quarter.map((q) => html`<option key=${q.quarter} value=${q.quarter}>${q.quarter}</option>`)}</select></label>
      <span>${t('d-failed')} <${Rate} rate=${o.failed} /></span><span>${t('d-near')} <${Rate} rate=${o.near} /></span><span>${t('d-undetermined')} <b>${o.undetermined}</b></span>${o.held ? html`<span>${t('d-held')} <b>${o.held}</b></span>` : ''}<span>${t('d-batches', o.batches)}</span><span>${t('d-saved', (o.saved_fen / 100).toFixed(2))}</span></div>
    <${Panel} title=${t('d-map')} end=${t('d-map-how')}><${HeatMap} groups=${groups} quarter=${quarter} /></${Panel}>
    <${Panel} title=${t('d-ranked')} csv=${`/api/v1/district/rates?by=${PAIR}${filter ? `&${filter}` : ''}`}><${Groups} groups=${groups} quarter=${quarter} open=${true} /></${Panel}>
    <${Panel} title=${t('d-origins')}><${Groups} groups=${o.origins} /></${Panel}>
    ${o.sentinel.length ? html`<${Panel} title=${t('d-sentinel')}><${Groups} groups=${o.sentinel} /></${Panel}>` : ''}
    <${Panel} title=${t('d-quarters')}><${Quarters} rows=${o.by_quarter} /></${Panel}>
    <${Panel} title=${t('d-report')}><p>${o.by_quarter.map((q) => html`<a class="button" key=${q.quarter} href=${`/api/v1/district/quarters/${q.quarter}`} download=${`${q.quarter}.csv`}><${Icon} name="falling" />${t('d-report-csv', q.quarter)}</a> `)}</p>
      ${may('district.paper') ? html`<p>${o.by_quarter.map((q) => html`<a class="button" key=${q.quarter} href=${`/api/v1/district/quarters/${q.quarter}/paper`} target="_blank" rel="noopener" data-paper=${q.quarter}><${Icon} name="released" />${t('d-report-pdf', q.quarter)}</a> `)}</p>` : ''}</${Panel}>
    <${Panel} title=${t('d-coverage')} csv="/api/v1/district/coverage"><${Coverage} /></${Panel}></div>`;
}

const share = (item) => {
  const of = (text) => {
    const [n, d = '1'] = text.split('/');
    return (Number(n) / Number(d)) * 100;
  };
  if (!item.share_high) return '—';
  return item.share_low === item.share_high ? `${of(item.share_high).toFixed(0)} %` : `< ${of(item.share_high).toFixed(0)} %`;
};

function One({ of, analyte, quarter }) {
  const [before, older] = useState(0);
  const where = `class=${encodeURIComponent(of)}&analyte=${encodeURIComponent(analyte)}`;
  const items = useFetched(`/api/v1/district/items?${where}${quarter ? `&quarter=${quarter}` : ''}${before ? `&before=${before}` : ''}`, ''), trend = useFetched(`/api/v1/district/trend?${where}`, '');
  if (items.error && !items.data) return html`<${Failed} error=${items.error} retry=${items.retry} />`;
  if (!items.data || !trend.data) return html`<${Loading} rows=${8} />`;
  const series = trend.data.groups[0];
  const [icon, tone, word] = DIRECTIONS[series?.trend.direction || 'unknown'];
  return html`<div class="district"><div class="district-top"><a class="back" href="#/district"><${Icon} name="back" />${t('d-back')}</a><h2>${series ? html`<${GroupName} group=${series} />` : analyte}${quarter ? `　${quarter}` : ''}</h2><span>${t('d-trend')} <${Status} icon=${icon} tone=${tone} word=${t(word)} />${series?.trend.p ? html` <small>p ${Number(series.trend.p).toFixed(3)}</small>` : ''}</span></div>
    ${series ? html`<${Panel} title=${t('d-quarters')} csv=${`/api/v1/district/trend?${where}`}><${Quarters} rows=${series.quarters} /></${Panel}>` : ''}
    <${Panel} title=${t('d-items')} csv=${`/api/v1/district/items?${where}${quarter ? `&quarter=${quarter}` : ''}`}><div class="wide-scroll" tabindex="0" role="region" aria-label=${t('d-items')}><table class="list figures items"><thead><tr><th>${t('batch')}</th><th>${t('product')}</th><th>${t('producer')}</th><th>${t('d-quarter')}</th><th>${t('result')}</th><th>${t('limit')}</th><th>${t('d-share')}</th><th>${t('verdict')}</th><th><span class="hidden">${t('d-bytes')}</span></th></tr></thead>
      <tbody>${items.data.items.map((item) => html`<tr key=${item.seq}><td><a href=${`#/batches/${encodeURIComponent(item.batch)}`}><b>${item.batch}</b></a></td><td>${item.name || pick(item, 'product')}</td><td>${item.producer}</td><td>${item.quarter}</td><td>${withUnit(item.value, item.unit)}</td>
        <td>${limitText(item.limit)} <small>${item.standard}</small></td><td>${share(item)}</td><td>${item.held ? html`<${Status} icon="warn" word=${t('d-is-held')} tone="und" />` : html`<${Verdict} verdict=${item.outcome} />`}</td><td><a href=${`#/trail/${encodeURIComponent(item.result)}`}>${t('d-bytes')}</a></td></tr>`)}</tbody></table></div>
      ${items.data.next ? html`<button class="button" onClick=${() => older(items.data.next)}>${t('d-older')}</button>` : ''}</${Panel}></div>`;
}

export function District({ id, more }) {
  const [analyte, quarter] = more.split('@');
  return id ? html`<${One} key=${`${id} ${more}`} of=${id} analyte=${analyte} quarter=${quarter || ''} />` : html`<${Whole} />`;
}
