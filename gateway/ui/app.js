// SPDX-License-Identifier: Apache-2.0
// The frame: rail, top bar, scan box, help; and which page is shown. The address after # is the page.
import { html, render, useState, useEffect, useRef } from './standalone.module.js';
import { Bench } from './bench.js';
import { Help, applyTheme } from './help.js';
import { Icon, RailIcon } from './icons.js';
import { bind } from './keys.js';
import { connect, disconnect, live, read, useLive } from './live.js';
import { Failed, Loading } from './parts.js';
import { may, refresh, session, useSession } from './session.js';
import { inBand, clock, grouped } from './text.js';
import { t, pick, choose, current } from './words.js';

const PAGES = [['bench', 'b'], ['intake', 'i', 'batch.new'], ['batches', 'l'], ['review', 'r'], ['trail', 't'], ['standards', 's'], ['admin', 'm', 'user.list']];
// A producer's user has his own page and the standards, nothing of the laboratory.
const MINE = [['mine', 'b'], ['standards', 's']];
const maker = () => session.roles.length === 1 && session.roles[0] === 'producer';
const pages = () => (maker() ? MINE : PAGES);
const UNLISTED = ['login', 'me']; // no place in the rail
const shown = ([, , right]) => !right || may(right);

// The Bench comes with the frame; every other page is fetched when it is first wanted.
const LATER = {
  batches: () => import('./batches.js').then((m) => m.Batches), batch: () => import('./batch.js').then((m) => m.BatchPage),
  intake: () => import('./intake.js').then((m) => m.Intake), review: () => import('./review.js').then((m) => m.Review), trail: () => import('./trail.js').then((m) => m.Trail),
  standards: () => import('./standards.js').then((m) => m.Standards), admin: () => import('./admin.js').then((m) => m.Admin),
  mine: () => import('./mine.js').then((m) => m.Mine), login: () => import('./login.js').then((m) => m.Login), me: () => import('./login.js').then((m) => m.Me),
};
const here = new Map();

function Later({ name, ...rest }) {
  const [, arrived] = useState(0);
  const [error, fail] = useState(null);
  const fetchIt = () => {
    fail(null);
    LATER[name]().then((page) => {
      here.set(name, page);
      arrived((n) => n + 1);
    }, fail);
  };
  useEffect(() => {
    if (!here.has(name)) fetchIt();
  }, [name]);
  const Page = here.get(name);
  if (Page) return html`<${Page} ...${rest} />`;
  return error ? html`<${Failed} error=${error} retry=${fetchIt} />` : html`<${Loading} rows=${6} />`;
}

function route() {
  const [page, id, more] = location.hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
  return { page: pages().some(([name]) => name === page) || UNLISTED.includes(page) ? page : pages()[0][0], id: id || '', more: more || '' };
}

// Worked out at every drawing: who looks decides which pages there are.
function useRoute() {
  const [, redraw] = useState(0);
  useEffect(() => {
    const changed = () => redraw((n) => n + 1);
    addEventListener('hashchange', changed);
    return () => removeEventListener('hashchange', changed);
  }, []);
  return route();
}

export function alarmCount(lines) {
  let count = 0;
  for (const line of lines || []) {
    if (['silent', 'down', 'locked'].includes(line.status)) count++;
    for (const instrument of line.instruments || [])
      for (const channel of instrument.channels || [])
        if (inBand(channel.value, channel.band_low, channel.band_high).length > 2) count++;
  }
  return count;
}

// A batch, sample, lot or result with this number; else the list, filtered. '' when nothing fits.
async function find(text) {
  const wanted = text.trim(), same = (value) => (value || '').toLowerCase() === wanted.toLowerCase();
  for (const test of live.bench?.tests || [])
    if (same(test.result?.result)) return `#/trail/${encodeURIComponent(test.result.result)}`;
  const { batches } = await read(`/api/v1/batches?limit=20&q=${encodeURIComponent(wanted.slice(0, 20))}`);
  const batch = batches.find((b) => same(b.batch) || same(b.sample) || same(b.lot));
  if (batch) return `#/batches/${encodeURIComponent(batch.batch)}`;
  if (batches.length) return `#/batches/?${encodeURIComponent(wanted)}`;
  const result = await read(`/api/v1/results/${encodeURIComponent(wanted)}/trace`).catch(() => null);
  return result ? `#/trail/${encodeURIComponent(wanted)}` : '';
}

function ScanBox() {
  const box = useRef(null);
  const [missing, setMissing] = useState('');
  useEffect(() => bind('escape', () => {
    if (document.activeElement !== box.current) return false;
    box.current.value = '';
    setMissing('');
    box.current.blur();
    return true;
  }), []);
  const onKeyDown = async (event) => {
    if (event.key !== 'Enter' || !box.current.value.trim()) return;
    const wanted = box.current.value.trim();
    const target = await find(wanted).catch(() => '');
    if (!box.current || box.current.value.trim() !== wanted) return;
    if (!target) {
      setMissing(wanted);
      return;
    }
    box.current.value = '';
    setMissing('');
    box.current.blur();
    location.hash = target;
  };
  return html`<label class=${`scan${missing ? ' wrong' : ''}`}><${Icon} name="scan" />
    <input id="scan" ref=${box} type="text" autocomplete="off" spellcheck="false" enterkeyhint="search" placeholder=${t('scan')}
      aria-label=${t('scan')} onKeyDown=${onKeyDown} onInput=${() => setMissing('')} /><kbd>/</kbd>
    ${missing && html`<span class="scan-error" role="alert"><${Icon} name="warn" />${t('scan-none', missing)}</span>`}</label>`;
}

function switchLanguage(again) {
  choose(current() === 'zh' ? 'en' : 'zh');
  again();
}

function Languages({ again }) {
  const set = (which) => () => {
    choose(which);
    again();
  };
  return html`<div class="segments" role="group" aria-label=${t('language')}>
    <button lang="zh" aria-pressed=${current() === 'zh'} onClick=${set('zh')}>中文</button>
    <button lang="en" aria-pressed=${current() === 'en'} onClick=${set('en')}>EN</button></div>`;
}

function Rail({ page, waiting }) {
  return html`<nav class="rail" aria-label="assay"><a class="logo" href=${`#/${pages()[0][0]}`}>assay</a>
    ${pages().filter(shown).map(([name]) => html`<a key=${name} href=${`#/${name}`} aria-current=${page === name ? 'page' : undefined}>
      <${RailIcon} name=${name} /><span>${t(name)}</span>
      ${name === 'review' && waiting > 0 ? html`<em>${waiting}</em>` : ''}</a>`)}</nav>`;
}

function Who() {
  const me = useSession();
  return html`<a class="button who" href=${me.user ? '#/me' : '#/login'}>${me.user ? me.name || me.user : t('log-in')}</a>`;
}

// Nothing of the laboratory is shown before one is logged in, where it is not open to all.
function Gate({ again }) {
  const [error, fail] = useState(null);
  const ask = () => refresh().catch(fail);
  const me = useSession();
  useEffect(() => {
    ask();
  }, []);
  useEffect(() => {
    document.title = `${t('log-in')} · assay`;
  });
  return html`<div class="alone"><header class="top"><h1>assay</h1><span class="end"><${Languages} again=${again} /></span></header>
    <main class="page" id="page">${error ? html`<${Failed} error=${error} retry=${ask} />` : me.known ? html`<${Later} name="login" />` : html`<${Loading} />`}</main></div>`;
}

function TopBar({ title, context, again, openHelp }) {
  const { lines, gateway, feed } = useLive();
  const alarms = alarmCount(lines);
  return html`<header class="top"><h1>${title}</h1><span class="context">${context}</span>${maker() ? html`<span class="end"></span>` : html`<${ScanBox} />`}
    ${alarms > 0 && html`<a class="chip und" href="#/bench"><${Icon} name="warn" />${alarms === 1 ? t('alarm-one') : t('alarms', alarms)}</a>`}
    ${gateway?.applied >= 0 && html`<span class=${`chip journal${feed === 'live' ? '' : ' stale'}`}><${Icon} name="journal" />${t('entries', grouped(gateway.applied))}</span>`}
    <${Languages} again=${again} /><${Who} />
    <button class="help-button" onClick=${openHelp} aria-label=${t('keys')} title=${t('read-only-why')}>?</button></header>`;
}

function FeedBar() {
  const { feed, heardAt, gateway } = useLive();
  const [shown, show] = useState(false);
  const trouble = feed !== 'live';
  useEffect(() => {
    if (!trouble) {
      show(false);
      return undefined;
    }
    const timer = setTimeout(() => show(true), 1500);
    return () => clearTimeout(timer);
  }, [trouble]);
  if (trouble && shown)
    return html`<div class="feed" role="alert"><${Icon} name="silent" />${heardAt ? t('feed-lost', clock(heardAt, 'second')) : t('feed-never')}</div>`;
  if (!trouble && gateway && gateway.state !== 'ready')
    return html`<div class="feed" role="alert"><${Icon} name="silent" />${t('state-absent')}</div>`;
  return '';
}

function Whole() {
  const me = useSession();
  const [, redraw] = useState(0);
  return me.known && (me.user || me.anonymous) ? html`<${App} />` : html`<${Gate} again=${() => redraw((n) => n + 1)} />`;
}

function App() {
  const me = useSession();
  const at = useRoute();
  const { batches, gateway, feed } = useLive();
  const [, redraw] = useState(0);
  const [help, setHelp] = useState(false);
  const again = () => redraw((n) => n + 1);
  const waiting = batches?.counts['awaiting-review'] || 0;
  useEffect(() => {
    const done = [
      ...pages().map(([name, key]) => bind(`g ${key}`, () => {
        location.hash = `#/${name}`;
      })),
      bind('alt l', () => switchLanguage(again)),
      bind('?', () => setHelp(true)),
    ];
    return () => done.forEach((off) => off());
  }, [me.user]);
  useEffect(() => { // what is shown depends on who looks
    if (maker()) return undefined; // what is live is the laboratory's
    connect();
    return disconnect;
  }, [me.user]);
  const title = t(at.page === 'login' ? 'log-in' : at.page);
  useEffect(() => {
    document.title = `${title} · assay`;
  }, [title]);
  const context = at.page === 'trail' ? t('trail-sub')
    : at.page === 'mine' ? '' : at.page === 'batches' ? (batches ? t('count', grouped(batches.counts.all)) : '')
      : UNLISTED.includes(at.page) || at.page === 'admin' ? '' : at.page === 'intake' ? t('intake-sub') : at.page === 'standards' ? t('standards-sub') : at.page === 'review' ? (batches ? t('review-count', waiting) : '') : pick(gateway, 'name');
  const page = at.page === 'bench' ? html`<${Bench} />`
    : at.page === 'batches' && at.id && at.id[0] !== '?' ? html`<${Later} name="batch" id=${at.id} />`
      : html`<${Later} key=${at.page} name=${at.page} id=${at.id} more=${at.more} />`;
  return html`<div class=${`app${feed === 'lost' ? ' lost' : ''}`}><${Rail} page=${at.page} waiting=${waiting} />
    <${TopBar} title=${title} context=${context} again=${again} openHelp=${() => setHelp(true)} />
    <div class="below">${maker() ? '' : html`<${FeedBar} />`}<main class="page" id="page">${page}</main></div>
    ${help && html`<${Help} close=${() => setHelp(false)} again=${again} />`}</div>`;
}

choose(current());
applyTheme();
render(html`<${Whole} />`, document.getElementById('app'));
performance.mark('usable'); // what tests/bench measures
