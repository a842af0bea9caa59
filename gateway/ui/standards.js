// SPDX-License-Identifier: Apache-2.0
// Standards: which limit holds, where it is printed, and what the new edition changed. The address names the edition (by its
// file or its number with the year) and what was typed: #/standards/GB 2762-2025/镉
import { html, useEffect, useRef, useState } from './standalone.module.js';
import { CsvLink } from './csv.js';
import { useFetched, useSettled } from './fetched.js';
import { Icon } from './icons.js';
import { bind } from './keys.js';
import { gatewayNow, read } from './live.js';
import { Empty, Failed, Keys, Loading, Status } from './parts.js';
import { NBSP, clauseText, grouped, limitText } from './text.js';
import { t, pick, learn, brackets, current } from './words.js';

learn({
  'st-search': ['汉字、拼音首字母或英文：镉、tqys、lead', 'English, Chinese or pinyin: cadmium, 镉, tqys'],
  'st-editions': ['{} 个版本', '{} editions'], 'st-hits': ['{} 行', '{} rows'], 'st-rows': ['共 {} 行', '{} rows'],
  'st-none': ['没有符合的标准或限量。', 'No standard or limit fits.'], 'st-none-how': ['换一个词，或按 Esc 清除。', 'Try another word, or Esc to clear.'],
  'st-in-force': ['现行', 'in force'], 'st-coming': ['未实施', 'not yet in force'], 'st-over': ['已废止', 'withdrawn'], 'st-label': ['标签明示才适用', 'only when the label declares it'],
  'st-from': ['{} 起实施', 'in force from {}'], 'st-until': ['{} 起由 {} 代替', 'from {} replaced by {}'], 'st-between': ['{} 至 {}', '{} to {}'],
  'st-no-row-no-limit': ['没有列出的：无限量', 'what is not listed has no limit'],
  'st-no-row-not-permitted': ['没有列出的：不得使用', 'what is not listed is not permitted'],
  'st-no-row-left-out': ['没有列出的：不能判定', 'what is not listed cannot be judged'],
  'st-partial': ['本版只收录了部分条款：没有列出的行不能说明什么。', 'Only a part of this edition was entered: that a row is missing says nothing.'],
  'st-partial-compare': ['{} 只收录了部分条款，“新增”的行可能原来就有。', 'Only a part of {} was entered: rows shown as added may have been there before.'],
  category: ['类别', 'Category'], 'st-food': ['食品类别', 'Food'], 'st-analyte': ['项目', 'Analyte'], 'st-confidence': ['核对', 'Verified'],
  'st-high': ['两个来源一致', 'two sources agree'], 'st-medium': ['待核实', 'not verified'], 'st-medium-what': ['只有一个来源：据此判定的结果转人工复核', 'one source only: verdicts by it go to a person'],
  'st-when': ['条件', 'When'], 'st-unless': ['除外', 'Unless'], 'st-except': ['不含', 'Except'], 'st-only': ['仅限', 'Only'], 'st-basis': ['说明', 'Basis'],
  'st-file': ['规格文件', 'Spec file'], 'st-next': ['再列 100 行', '100 more'], 'st-compare': ['与旧版比较', 'Compare with'], 'st-no-compare': ['不比较', 'nothing'],
  'st-changed': ['改变', 'changed'], 'st-added': ['新增', 'added'], 'st-removed': ['删除', 'removed'], 'st-before': ['旧版', 'Before'], 'st-after': ['新版', 'After'],
  'st-change': ['变化', 'Change'], 'st-same': ['两版的行没有差别。', 'No row differs.'], 'st-count': ['改变 {}，新增 {}，删除 {}', '{} changed, {} added, {} removed'],
  'st-choose': ['选一个标准，或直接输入项目名称。', 'Choose a standard, or type the name of an analyte.'],
  'st-as-read': ['网关启动时读入', 'as read when the gateway started'],
});

const PAGE = 100;
const today = () => new Date(gatewayNow()).toISOString().slice(0, 10);

function force(edition) {
  if (!edition.from) return ['check', 'off', t('st-label')];
  if (edition.from > today()) return ['silent', 'und', t('st-coming')];
  if (edition.until && edition.until <= today()) return ['void', 'off', t('st-over')];
  return ['check', 'off', t('st-in-force')];
}

const shortTitle = (edition) => pick(edition, 'title').replace(/^食品安全国家标准\s*/, '');

function Edition({ edition, chosen, typed, choose }) {
  const own = useRef(null);
  useEffect(() => {
    if (chosen) own.current?.scrollIntoView({ block: 'nearest' });
  }, [chosen]);
  const [icon, tone, word] = force(edition);
  return html`<li><button ref=${own} class="edition" data-row="select" aria-pressed=${chosen} onClick=${choose}>
    <span class="line"><b>${edition.standard}</b><${Status} icon=${icon} tone=${tone} word=${word} /></span>
    <span class="line"><span class="second">${shortTitle(edition)}</span><span class="third nowrap">${typed ? t('st-hits', edition.matches) : grouped(edition.rows)}</span></span></button></li>`;
}

const names = (list) => list.map((one) => one[current()] || one.zh).join(current() === 'zh' ? '、' : ', ');

const foodOf = (limit) => (current() === 'zh' ? limit.food_zh || limit.category_zh : limit.category_en || limit.food_zh || limit.category_zh);
const analyteOf = (limit) => (current() === 'zh' ? limit.analyte_zh || limit.analyte : limit.analyte);

function More({ edition, limit }) {
  const facts = [['st-when', names(limit.when)], ['st-unless', names(limit.unless)], ['st-only', limit.only], ['st-except', limit.except], ['st-basis', limit.basis],
    ['method', limit.method], ['clause', clauseText(limit.clause)], ['source-of', limit.source], ['st-confidence', t(`st-${limit.confidence}`) + (limit.confidence === 'medium' ? brackets(t('st-medium-what')) : '')],
    ['CAS', limit.cas], ['st-file', `${edition.file}:${limit.line}`]].filter(([, value]) => value);
  return html`<tr class="row-more"><td colspan="6"><dl class="pairs">${facts.map(([key, value]) => html`<dt>${t(key)}</dt><dd class="wraps">${value}</dd>`)}</dl></td></tr>`;
}

function Row({ edition, limit, open, toggle }) {
  const extra = [names(limit.when), limit.unless.length ? `${t('st-unless')} ${names(limit.unless)}` : ''].filter(Boolean).join('　');
  return html`<tr class=${`opens${open ? ' open' : ''}`} onClick=${toggle}><td class="c-code mono"><button class="row-open" data-row="" aria-expanded=${open}>${limit.category}</button></td><td class="c-food">${foodOf(limit)}</td><td class="c-analyte"><b>${analyteOf(limit)}</b></td>
    <td class="c-limit"><b>${limitText(limit.limit)}</b>${extra ? html`<small>${extra}</small>` : ''}</td><td class="c-clause">${clauseText(limit.clause)}</td>
    <td class="c-sure">${limit.confidence === 'high' ? html`<${Status} icon="check" word=${t('st-high')} />` : html`<${Status} icon="warn" tone="und" word=${t('st-medium')} title=${t('st-medium-what')} />`}</td></tr>
    ${open ? html`<${More} edition=${edition} limit=${limit} />` : ''}`;
}

const head = (columns) => html`<thead><tr>${columns.map(([name, key]) => html`<th class=${name} key=${name}>${t(key)}</th>`)}</tr></thead>`;

// Rows of one edition, a hundred at a time; the address of the first page is what useFetched watches.
function Rows({ edition, typed }) {
  const path = `/api/v1/standards/${edition.edition}/limits?limit=${PAGE}&q=${encodeURIComponent(typed)}`;
  const { data, error, retry } = useFetched(path, edition.sha256);
  const [further, setFurther] = useState({ path: '', limits: [], next: -1 });
  const [open, setOpen] = useState(-1);
  const own = further.path === path ? further : { path, limits: [], next: data?.next ?? -1 };
  const goOn = async () => {
    const answer = await read(`${path}&from=${own.next}`).catch(() => null);
    if (answer) setFurther({ path, limits: [...own.limits, ...answer.limits], next: answer.next });
  };
  if (error && !data) return html`<${Failed} error=${error} retry=${retry} />`;
  if (!data) return html`<${Loading} rows=${8} />`;
  const limits = [...data.limits, ...own.limits];
  if (!limits.length) return html`<${Empty} title=${t('st-none')} how=${t('st-none-how')} />`;
  return html`<table class="limits">${head([['c-code', 'category'], ['c-food', 'st-food'], ['c-analyte', 'st-analyte'], ['c-limit', 'limit'], ['c-clause', 'clause'], ['c-sure', 'st-confidence']])}
    <tbody>${limits.map((limit) => html`<${Row} key=${limit.row} edition=${edition} limit=${limit} open=${open === limit.row} toggle=${() => setOpen(open === limit.row ? -1 : limit.row)} />`)}</tbody></table>
    <div class="more"><span class="third">${limits.length} / ${grouped(data.total)}</span><${CsvLink} path=${`/api/v1/standards/${edition.edition}/limits?q=${encodeURIComponent(typed)}`} />${own.next >= 0 ? html`<button class="button" onClick=${goOn}>${t('st-next')}<kbd>PgDn</kbd></button>` : ''}</div>`;
}

const CHANGE = { changed: ['again', 'und'], added: ['plus', 'off'], removed: ['minus', 'off'] };

function Changes({ edition, since, typed }) {
  const { data, error, retry } = useFetched(`/api/v1/standards/${edition.edition}/changes?since=${encodeURIComponent(since.edition)}`, edition.sha256);
  if (error && !data) return html`<${Failed} error=${error} retry=${retry} />`;
  if (!data) return html`<${Loading} rows=${8} />`;
  const wanted = typed.toLowerCase();
  const fits = (one) => !wanted || [one.analyte, one.analyte_zh, one.category, foodOf(one), one.limit].some((text) => text.toLowerCase().includes(wanted));
  const count = (kind) => data.changes.filter((one) => one.change === kind).length;
  const rows = data.changes.filter((one) => fits(one.after || one.before)).sort((a, b) => (a.change === 'changed' ? 0 : 1) - (b.change === 'changed' ? 0 : 1));
  return html`<p class="counts">${t('st-count', count('changed'), count('added'), count('removed'))}</p>
    ${data.before.partial ? html`<p class="note"><${Icon} name="warn" />${t('st-partial-compare', data.before.standard)}</p>` : ''}
    ${!rows.length ? html`<${Empty} title=${data.changes.length ? t('st-none') : t('st-same')} />` : html`<table class="limits changes">${head([['c-change', 'st-change'], ['c-code', 'category'], ['c-food', 'st-food'], ['c-analyte', 'st-analyte'], ['c-old', 'st-before'], ['c-limit', 'st-after']])}
    <tbody>${rows.slice(0, 400).map((one, i) => {
    const any = one.after || one.before, [icon, tone] = CHANGE[one.change];
    return html`<tr key=${i} tabindex="0" data-row=""><td class="c-change"><${Status} icon=${icon} tone=${tone} word=${t(`st-${one.change}`)} /></td><td class="c-code mono">${any.category}</td><td class="c-food">${foodOf(any)}</td>
      <td class="c-analyte"><b>${analyteOf(any)}</b></td><td class="c-old">${one.before ? limitText(one.before.limit) : '—'}</td><td class="c-limit"><b>${one.after ? limitText(one.after.limit) : '—'}</b></td></tr>`;
  })}</tbody></table>`}`;
}

function Chosen({ edition, editions, typed }) {
  const older = editions.filter((one) => one.number === edition.number && one.from < edition.from);
  const [since, setSince] = useState('');
  const old = older.find((one) => one.edition === since);
  const [icon, tone, word] = force(edition);
  return html`<section class="chosen" aria-label=${edition.standard}><header><h2>${edition.standard}　<span>${pick(edition, 'title')}</span></h2>
      <p class="second"><${Status} icon=${icon} tone=${tone} word=${word} />${edition.from ? html`　${edition.until ? t('st-between', edition.from, edition.until) : t('st-from', edition.from)}` : ''}
        ${edition.until && edition.successor ? html`　${t('st-until', edition.until, edition.successor)}` : ''}　${t('st-rows', grouped(edition.rows))}${edition.unverified ? html`　${t('st-medium')} ${grouped(edition.unverified)}` : ''}　${t(`st-no-row-${edition.no_row}`)}</p>
      <p class="third">${edition.file}　sha256 <span class="mono" title=${edition.sha256}>${edition.sha256.slice(0, 16)}</span>　${t('st-as-read')}
        ${older.length ? html`<label class="end">${t('st-compare')} <select value=${since} onChange=${(event) => setSince(event.target.value)}><option value="">${t('st-no-compare')}</option>
          ${older.map((one) => html`<option key=${one.edition} value=${one.edition}>${one.standard}</option>`)}</select></label>` : ''}</p></header>
    ${edition.partial && !old ? html`<p class="note"><${Icon} name="warn" />${t('st-partial')}</p>` : ''}
    <div class="rows" id="rows" tabindex="-1">${old ? html`<${Changes} edition=${edition} since=${old} typed=${typed} />` : html`<${Rows} edition=${edition} typed=${typed} />`}</div></section>`;
}

export function Standards({ id, more }) {
  const [text, setText] = useState(more || '');
  const box = useRef(null);
  const typed = useSettled(text.trim());
  const { data: all, error, retry } = useFetched('/api/v1/standards', '');
  const { data: found } = useFetched(typed ? `/api/v1/standards?q=${encodeURIComponent(typed)}` : '', '');
  useEffect(() => setText(more || ''), [more]);
  useEffect(() => {
    const off = [bind('f', () => box.current?.focus()), bind('escape', () => {
      if (!box.current?.value && document.activeElement !== box.current) return false;
      setText('');
      box.current.blur();
      return true;
    }), bind('pagedown', () => {
      const rows = document.getElementById('rows');
      if (!rows) return false;
      if (rows.scrollTop + rows.clientHeight < rows.scrollHeight - 8) rows.scrollBy(0, rows.clientHeight - 40);
      else rows.querySelector('.more .button')?.click();
      return true;
    }), bind('pageup', () => {
      document.getElementById('rows')?.scrollBy(0, 40 - document.getElementById('rows').clientHeight);
      return true;
    })];
    return () => off.forEach((one) => one());
  }, []);
  if (error && !all) return html`<div class="standards"><${Failed} error=${error} retry=${retry} /></div>`;
  if (!all) return html`<div class="standards"><${Loading} rows=${8} /></div>`;
  const editions = all.standards;
  const shown = typed ? (found?.standards || []) : editions;
  const named = editions.find((one) => one.edition === id || one.standard === id);
  const chosen = named && (!typed || !found || shown.some((one) => one.edition === named.edition)) ? named
    : typed ? editions.find((one) => one.edition === shown[0]?.edition) : named;
  const open = (edition) => () => {
    history.replaceState(null, '', `#/standards/${encodeURIComponent(edition.edition)}${text ? `/${encodeURIComponent(text)}` : ''}`);
    dispatchEvent(new HashChangeEvent('hashchange'));
  };
  return html`<div class="standards"><div class="editions"><div class="filter"><label><${Icon} name="filter" /><input ref=${box} type="text" value=${text} placeholder=${t('st-search')} aria-label=${t('st-search')}
      autocomplete="off" spellcheck="false" maxlength="40" onInput=${(event) => setText(event.target.value)} /><kbd>F</kbd></label></div>
      <p class="count third" role="status">${t('st-editions', shown.length)}<span class="end"><${Keys} keys=${['J', 'K']} /></span></p>
      <ol>${shown.map((one) => html`<${Edition} key=${one.edition} edition=${one} typed=${typed} chosen=${one.edition === chosen?.edition} choose=${open(one)} />`)}</ol></div>
    ${chosen ? html`<${Chosen} key=${chosen.edition} edition=${chosen} editions=${editions} typed=${typed} />`
    : html`<section class="chosen"><${Empty} title=${typed && found ? t('st-none') : t('st-choose')} how=${typed && found ? t('st-none-how') : ''} /></section>`}</div>`;
}
