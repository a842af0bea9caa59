// SPDX-License-Identifier: Apache-2.0
// The journal in the same few columns for every entry: who did what, when, with which instrument and why. A batch's or a result's
// own story, and the search over all of it.
import { html, useEffect, useRef, useState } from './standalone.module.js';
import { CsvLink } from './csv.js';
import { Icon } from './icons.js';
import { instrumentName } from './instruments.js';
import { live, read } from './live.js';
import { Empty, Failed, Loading, rowProps } from './parts.js';
import { clock, day, grouped, withUnit } from './text.js';
import { t, pick, learn } from './words.js';

learn({
  's-story': ['经过', 'What happened'], 's-search': ['查台账', 'Search the journal'], 's-seq': ['序号', 'No.'], 's-when': ['时间', 'When'], 's-what': ['事项', 'What'], 's-who': ['谁', 'Who'], 's-about': ['对象', 'About'],
  's-why': ['内容与理由', 'Content and reason'], 's-from': ['从', 'From'], 's-to': ['到', 'To'], 's-find': ['查', 'Search'], 's-more': ['往后查', 'go on'], 's-none': ['没有符合的条目。', 'No entry fits.'], 's-end': ['已到台账末尾', 'the end of the journal'],
  's-any': ['任何事项', 'anything'], 's-reason': ['理由里的字', 'In the reason'], 's-about-how': ['批号、检验号或结果号', 'batch, test or result'], 's-entries': ['{} 条', '{} entries'], 's-looking': ['还没查完，可往后查', 'not all has been looked at yet'],
  'k-genesis': ['开账', 'begin'], 'k-start': ['启动', 'start'], 'k-stop': ['停止', 'stop'], 'k-config': ['配置', 'settings'], 'k-spec': ['规格', 'spec'], 'k-driver': ['驱动', 'driver'], 'k-line': ['线路', 'line'], 'k-exchange': ['往来', 'exchange'], 'k-batch': ['收样', 'intake'], 'k-test': ['检验项目', 'test'],
  'k-arm': ['指派', 'arm'], 'k-fill': ['填入', 'fill'], 'k-refused': ['未取用', 'refused'], 'k-result': ['结果', 'result'], 'k-verdict': ['判定', 'verdict'], 'k-review': ['复核签发', 'review'], 'k-clock': ['时钟', 'clock'], 'k-fault': ['故障', 'fault'], 'k-seal': ['封段', 'seal'], 'k-key': ['密钥', 'key'],
  'k-retention': ['保留期', 'retention'], 'k-person': ['人员', 'person'], 'k-identity': ['仪器身份', 'identity'], 'k-producer': ['企业', 'producer'], 'k-instrument': ['仪器', 'instrument'], 'k-programme': ['免费项目', 'programme'], 'k-card': ['检测卡', 'card'], 'k-certificate': ['证书', 'certificate'], 'k-paper': ['打印件', 'print'], 'k-alarm': ['告警', 'alarm'], 'k-rack': ['样品架', 'rack'],
  'a-typed': ['手工录入', 'typed'], 'a-disarm': ['解除', 'disarmed'], 'a-trail-read': ['追溯已读', 'trail read'], 'a-release': ['签发', 'released'], 'a-amend': ['更正', 'amended'], 'a-confirm': ['确认', 'confirmed'], 'a-void': ['作废', 'voided'], 'a-retest': ['复测', 'retest'],
  'a-acknowledge': ['知悉', 'acknowledged'], 'a-calibrate': ['校准', 'calibrated'], 'a-use': ['使用', 'use'], 'a-add': ['登记', 'added'], 'a-change': ['更改', 'changed'], 'a-issue': ['发卡', 'issued'], 'a-redeem': ['用卡', 'redeemed'], 'a-return': ['退回', 'returned'], 'a-revoke': ['作废', 'revoked'],
});

const KINDS = ['batch', 'arm', 'fill', 'refused', 'result', 'verdict', 'review', 'certificate', 'producer', 'card', 'programme', 'instrument', 'rack', 'alarm', 'person', 'identity', 'line', 'fault', 'clock', 'config', 'spec', 'driver'];

export const kindWord = (kind) => t(`k-${kind}`).replace(/^k-/, '');
const actionWord = (action) => {
  const word = t(`a-${action}`);
  return word.startsWith('a-') ? t(action) : word;
};

function contentOf(row) {
  const action = row.action ? actionWord(row.action) : '', said = pick(row, 'text') || row.reason;
  return [action, row.slot, row.value ? withUnit(row.value, row.unit) : '', said.toLowerCase() === action.toLowerCase() ? '' : said].filter(Boolean).join('　');
}

export const openEntry = (seq) => () => {
  location.hash = `#/entry/${seq}`;
};

export function StoryRows({ rows }) {
  return html`<table class="story"><thead><tr><th class="right">${t('s-seq')}</th><th>${t('s-when')}</th><th>${t('s-what')}</th><th>${t('s-about')}</th><th>${t('s-who')}</th><th>${t('s-why')}</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr key=${row.seq} ...${rowProps(openEntry(row.seq))}><td class="right">#${grouped(row.seq)}</td><td class="nowrap">${day(row.at)} ${clock(row.at, 'second')}</td><td><b>${kindWord(row.kind)}</b></td>
      <td>${[row.result || row.test || row.batch || row.line, row.instrument && instrumentName(live.lines, row.instrument)].filter(Boolean).join('　')}</td><td>${row.who}</td><td class="wraps">${contentOf(row)}</td></tr>`)}</tbody></table>`;
}

// What matches the query, page after page from the beginning.
function usePages(query, version) {
  const [at, set] = useState({ query: null, rows: [], next: 0, error: null });
  const more = (from, rows) => read(`/api/v1/trail?${query}&limit=200&after=${from}`).then((page) => {
    const all = [...rows, ...page.entries];
    if (page.next >= 0 && page.entries.length === 0 && from === 0) return more(page.next, all); // nothing among the first ones: go on looking
    return set({ query, rows: all, next: page.next, error: null });
  }, (error) => set({ query, rows, next: -1, error }));
  useEffect(() => {
    if (query !== null) more(0, []);
  }, [query, version]);
  const own = query !== null && at.query === query ? at : { rows: null, next: -1, error: null };
  return { ...own, go: () => more(at.next, at.rows) };
}

const of = (values) => Object.entries(values).filter(([, value]) => value).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');

// Everything that the journal says about one batch, test or result. onEnd: it has been scrolled to its end.
export function Story({ about, version, children, onEnd }) {
  const { rows, next, error, go } = usePages(of({ about }), version);
  const box = useRef(null), asked = useRef(-1);
  const look = () => {
    const at = box.current;
    if (!at || at.scrollTop + at.clientHeight < at.scrollHeight - 8) return;
    if (next < 0) onEnd?.();
    else if (asked.current !== next) { // what comes after is fetched when one gets there
      asked.current = next;
      go();
    }
  };
  useEffect(look, [rows, next]);
  return html`<section class="panel"><div class="panel-head"><h2>${t('s-story')}</h2>${rows ? html`<span class="second">${t('s-entries', grouped(rows.length))}</span>` : ''}<span class="end"><${CsvLink} path=${`/api/v1/trail?${of({ about })}`} />${children}</span></div>
    ${error ? html`<${Failed} error=${error} retry=${go} />` : !rows ? html`<${Loading} />` : html`<div class="table-scroll story-scroll" ref=${box} onScroll=${look} tabindex="0" role="region" aria-label=${t('s-story')}><${StoryRows} rows=${rows} /></div>
      ${next >= 0 ? html`<p class="panel-body"><button class="button small" onClick=${go}>${t('s-more')}</button></p>` : ''}`}</section>`;
}

export function Search() {
  const [query, ask] = useState(null);
  const { rows, next, error, go } = usePages(query, '');
  const onSubmit = (event) => {
    event.preventDefault();
    ask(of(Object.fromEntries(new FormData(event.target))));
  };
  return html`<section class="panel search"><div class="panel-head"><h2>${t('s-search')}</h2>${rows ? html`<span class="second" role="status">${t('s-entries', grouped(rows.length))}　${next >= 0 ? t('s-looking') : t('s-end')}</span>` : ''}${query !== null ? html`<span class="end"><${CsvLink} path=${`/api/v1/trail?${query}`} /></span>` : ''}</div>
    <form class="search-form" onSubmit=${onSubmit} aria-label=${t('s-search')}><label>${t('s-who')}<input name="who" maxlength="60" autocomplete="off" /></label>
      <label>${t('s-what')}<select name="what"><option value="">${t('s-any')}</option>${KINDS.map((kind) => html`<option key=${kind} value=${kind}>${kindWord(kind)}</option>`)}</select></label>
      <label>${t('s-about')}<input name="about" maxlength="60" placeholder=${t('s-about-how')} autocomplete="off" spellcheck="false" /></label>
      <label>${t('instrument')}<select name="instrument"><option value=""></option>${(live.lines || []).flatMap((line) => line.instruments || []).map((one) => html`<option key=${one.instrument} value=${one.instrument}>${pick(one, 'name') || one.instrument}</option>`)}</select></label>
      <label>${t('s-reason')}<input name="reason" maxlength="60" autocomplete="off" /></label><label>${t('s-from')}<input type="date" name="from" /></label><label>${t('s-to')}<input type="date" name="to" /></label>
      <button class="button primary"><${Icon} name="filter" />${t('s-find')}</button></form>
    ${error ? html`<${Failed} error=${error} retry=${go} />` : query === null ? '' : !rows ? html`<${Loading} />` : !rows.length ? html`<${Empty} title=${t('s-none')} />`
    : html`<div class="table-scroll story-scroll" tabindex="0" role="region" aria-label=${t('s-search')}><${StoryRows} rows=${rows} /></div>`}
    ${next >= 0 && rows ? html`<p class="panel-body"><button class="button small" onClick=${go}>${t('s-more')}</button></p>` : ''}</section>`;
}
