// SPDX-License-Identifier: Apache-2.0
// The frame: rail, top bar, scan box, help; and which page is shown. The address after # is the page.
import { html, render, useState, useEffect, useRef } from './standalone.module.js';
import { Bell } from './bell.js';
import { Bench } from './bench.js';
import { Help, applyTheme } from './help.js';
import { Icon, RailIcon } from './icons.js';
import { bind } from './keys.js';
import { connect, disconnect, useLive } from './live.js';
import { Failed, Loading } from './parts.js';
import { ScanBox } from './scan.js';
import { may, refresh, session, useSession } from './session.js';
import { clock, grouped } from './text.js';
import { t, pick, choose, current } from './words.js';

// The pages in the order of the rail: name, its key after G, the right without which it is not shown, and where it comes from. The
// Bench comes with the frame; every other page is fetched when it is first wanted.
const PAGES = [
  ['bench', 'b', '', null],
  ['intake', 'i', 'batch.new', () => import('./intake.js').then((m) => m.Intake)],
  ['batches', 'l', '', () => import('./batches.js').then((m) => m.Batches)],
  ['review', 'r', '', () => import('./review.js').then((m) => m.Review)],
  ['quality', 'q', 'qc.chart.list', () => import('./quality.js').then((m) => m.Quality)],
  ['trail', 't', '', () => import('./trail.js').then((m) => m.Trail)],
  ['standards', 's', '', () => import('./standards.js').then((m) => m.Standards)],
  ['district', 'd', '', () => import('./district.js').then((m) => m.District)],
  ['producers', 'p', 'producer.list', () => import('./producers.js').then((m) => m.Producers)],
  ['admin', 'm', 'instrument.list', () => import('./admin.js').then((m) => m.Admin)],
];
// A producer's user has his own page and the standards, nothing of the laboratory.
const MINE = [['mine', 'b', '', () => import('./mine.js').then((m) => m.Mine)], PAGES.find(([name]) => name === 'standards')];
// Pages that others lead to.
const UNLISTED = [
  ['login', '', '', () => import('./login.js').then((m) => m.Login)], ['me', '', '', () => import('./me.js').then((m) => m.Me)],
  ['batch', '', '', () => import('./batch.js').then((m) => m.BatchPage)],
  ['release', '', '', () => import('./release.js').then((m) => m.Release)],
  ['certificate', '', '', () => import('./certificate.js').then((m) => m.Certificate)],
  ['entry', '', '', () => import('./entry.js').then((m) => m.Entry)],
  ['alarms', '', '', () => import('./alarms.js').then((m) => m.Alarms)],
  ['instrument', '', '', () => import('./instrument.js').then((m) => m.InstrumentPage)],
];
const maker = () => session.roles.length === 1 && session.roles[0] === 'producer';
const pages = () => (maker() ? MINE : PAGES);
const known = () => [...pages(), ...(maker() ? UNLISTED.slice(0, 2) : UNLISTED)];
const shown = ([, , right]) => !right || may(right);
const wider = (name) => ({ release: 'review', entry: 'trail', certificate: 'batches', instrument: 'admin', batch: 'batches' })[name] || name; // whose place in the rail it has

const here = new Map();

function Later({ name, ...rest }) {
  const [, arrived] = useState(0);
  const [error, fail] = useState(null);
  const fetchIt = () => {
    fail(null);
    known().find(([one]) => one === name)[3]().then((page) => {
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
  return { page: known().some(([name]) => name === page) ? page : pages()[0][0], id: id || '', more: more || '' };
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

// Upright and narrow there is room for five; the others come behind one more button.
function Rail({ page, waiting }) {
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(false), [page]);
  return html`<nav class=${`rail${open ? ' open' : ''}`} aria-label="assay"><a class="logo" href=${`#/${pages()[0][0]}`}>assay</a>
    ${pages().filter(shown).map(([name]) => html`<a key=${name} href=${`#/${name}`} aria-current=${wider(page) === name ? 'page' : undefined}>
      <${RailIcon} name=${name} /><span>${t(name)}</span>
      ${name === 'review' && waiting > 0 ? html`<em>${waiting}</em>` : ''}</a>`)}
    ${pages().filter(shown).length > 5 ? html`<button class="rail-more" aria-expanded=${open} onClick=${() => setOpen(!open)}><${RailIcon} name="more" /><span>${t('more-pages')}</span></button>` : ''}</nav>`;
}

function Who() {
  const me = useSession();
  return html`<a class="button who" href=${me.user ? '#/me' : '#/login'}>${me.user ? me.name || me.user : t('log-in')}</a>`;
}

// Nothing of the laboratory is shown before one is logged in, where it is not open to all, with the second factor that is wanted.
function Gate({ again }) {
  const [error, fail] = useState(null);
  const ask = () => refresh().catch(fail);
  const me = useSession();
  useEffect(() => {
    ask();
  }, []);
  useEffect(() => {
    document.title = `${t(me.factorMissing ? 'me' : 'log-in')} · assay`;
  });
  return html`<div class="alone"><header class="top"><h1>assay</h1><span class="end"><${Languages} again=${again} /></span></header>
    <main class="page" id="page">${error ? html`<${Failed} error=${error} retry=${ask} />` : me.known ? html`<${Later} name=${me.factorMissing ? 'me' : 'login'} />` : html`<${Loading} />`}</main></div>`;
}

function TopBar({ title, context, again, openHelp }) {
  const { gateway, feed } = useLive();
  return html`<header class="top"><h1>${title}</h1><span class="context">${context}</span>${maker() ? html`<span class="end"></span>` : html`<${ScanBox} /><${Bell} />`}
    ${gateway?.applied >= 0 && html`<span class=${`chip journal${feed === 'live' ? '' : ' stale'}`}><${Icon} name="journal" />${t('entries', grouped(gateway.applied))}</span>`}
    <${Languages} again=${again} /><${Who} />
    <button class="help-button" onClick=${openHelp} aria-label=${t('keys')}>?</button></header>`;
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
  return me.known && (me.user || me.anonymous) && !me.factorMissing ? html`<${App} />` : html`<${Gate} again=${() => redraw((n) => n + 1)} />`;
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
      ...pages().filter(shown).map(([name, key]) => bind(`g ${key}`, () => {
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
  const title = t({ login: 'log-in', alarms: 'alarms-page', instrument: 'instrument' }[at.page] || at.page);
  useEffect(() => {
    document.title = `${title} · assay`;
  }, [title]);
  const contexts = {
    bench: () => pick(gateway, 'name'), intake: () => t('intake-sub'), trail: () => t('trail-sub'), standards: () => t('standards-sub'),
    batches: () => (batches ? t('count', grouped(batches.counts.all)) : ''), review: () => (batches ? t('review-count', waiting) : ''),
  };
  const one = at.page === 'batches' && at.id && at.id[0] !== '?';
  const page = at.page === 'bench' ? html`<${Bench} id=${at.id} />` : html`<${Later} key=${one ? 'batch' : at.page} name=${one ? 'batch' : at.page} id=${at.id} more=${at.more} />`;
  return html`<div class=${`app${feed === 'lost' ? ' lost' : ''}`}><${Rail} page=${at.page} waiting=${waiting} />
    <${TopBar} title=${title} context=${contexts[at.page]?.() || ''} again=${again} openHelp=${() => setHelp(true)} />
    <div class="below">${maker() ? '' : html`<${FeedBar} />`}<main class="page" id="page">${page}</main></div>
    ${help && html`<${Help} close=${() => setHelp(false)} again=${again} />`}</div>`;
}

choose(current());
applyTheme();
render(html`<${Whole} />`, document.getElementById('app'));
performance.mark('usable'); // what tests/bench measures
