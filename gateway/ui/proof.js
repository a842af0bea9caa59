// SPDX-License-Identifier: Apache-2.0
// The proof ladder: an entry's leaf, hash by hash, up to the root of the oldest signed checkpoint over it (RFC 6962, 2.1.1). This
// browser does the hashing itself, and looks at the signature where it knows Ed25519; it takes nobody's word but the leaf's and the key's.
import { html, useEffect, useState } from './standalone.module.js';
import { useFetched } from './fetched.js';
import { Icon } from './icons.js';
import { bind } from './keys.js';
import { Failed, Loading, Status, short } from './parts.js';
import { bytesOf, day, clock, grouped } from './text.js';
import { t, learn } from './words.js';

learn({
  'p-title': ['包含证明', 'Inclusion proof'], 'p-how': ['叶与 {} 个旁枝哈希，逐级合成检查点的根', 'the leaf and {} siblings, hashed up to the checkpoint’s root'],
  'p-leaf': ['叶 {}', 'leaf {}'], 'p-root': ['根，共 {} 条', 'root of {} entries'], 'p-sides': ['旁枝在上者居右，在下者居左', 'siblings above are right, below are left'],
  'p-none': ['还没有签名的检查点覆盖第 {} 条，最多等一分钟。', 'No signed checkpoint covers entry {} yet; a minute at most.'],
  'p-checkpoint': ['检查点', 'Checkpoint'], 'p-note': ['C2SP 签名文书', 'C2SP signed note'], 'p-checks': ['核对', 'Checks'], 'p-took': ['用时 {} ms', 'took {} ms'],
  'p-path': ['逐级哈希', 'Hashes'], 'p-path-how': ['{} 级合成同一个根', '{} steps to the same root'], 'p-size': ['条数', 'Entries'], 'p-size-how': ['第 {0} 条在 {1} 条之内', 'entry {0} is among {1}'],
  'p-sign': ['签名', 'Signature'], 'p-sign-how': ['Ed25519，用本机给出的公钥；请与实验室公布的比对：{}', 'Ed25519, by the key this machine gives; compare it with the published one: {}'], 'p-sign-not-here': ['此浏览器不能核对 Ed25519 签名，请离线核对', 'this browser cannot check Ed25519; check it offline'], 'p-sign-other': ['由更早的密钥签名，请离线核对', 'signed by an earlier key; check it offline'], 'p-holds': ['通过', 'holds'], 'p-not': ['不符', 'does not hold'], 'p-unknown': ['未能核对', 'could not check'],
  'p-all': ['{} 项通过', '{} hold'], 'p-bad': ['{} 项不符', '{} do not hold'], 'p-again': ['重新核对', 'Check again'], 'p-get': ['下载证明', 'Get the proof'], 'p-whole': ['焦点所在的哈希', 'The hash in focus'],
  'p-table': ['逐级列出', 'Step by step'], 'p-step': ['级', 'Step'], 'p-side': ['旁枝', 'Sibling'], 'p-left': ['左', 'left'], 'p-right': ['右', 'right'], 'p-becomes': ['合成', 'Becomes'],
  'p-offline': ['不信任本机？在任何电脑上离线核对：', 'Do not trust this machine? Check it offline, anywhere:'], 'p-short': ['证书上印的短码', 'The short code on the certificate'],
  'p-no-crypto': ['此浏览器不能计算哈希', 'this browser cannot hash'],
});

const hex = (bytes) => [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');

async function node(left, right) {
  const digest = await crypto.subtle.digest('SHA-256', new Uint8Array([1, ...bytesOf(left), ...bytesOf(right)]));
  return hex(new Uint8Array(digest));
}

// RFC 9162, 2.1.3.2 (the same as RFC 6962's tree): every step with its sibling, on which side, and what becomes of both. null:
// the path is too long or too short for this leaf and size.
export async function climb(index, size, leaf, path) {
  let at = index, last = size - 1, hash = leaf;
  const steps = [], odd = (n) => n % 2 === 1, half = (n) => Math.floor(n / 2);
  for (const sibling of path) {
    if (last === 0) return null;
    const left = odd(at) || at === last;
    hash = left ? await node(sibling, hash) : await node(hash, sibling);
    if (left) while (!odd(at) && at !== 0) {
      at = half(at);
      last = half(last);
    }
    steps.push({ sibling, side: left ? 'left' : 'right', hash });
    at = half(at);
    last = half(last);
  }
  return last === 0 ? steps : null;
}

function readNote(note) {
  const [origin, size, root] = (note || '').split('\n');
  let bytes = '';
  try {
    bytes = hex(Uint8Array.from(atob(root || ''), (c) => c.charCodeAt(0)));
  } catch { /* what is no base64 is no root */ }
  return { origin, size: Number(size), root: bytes };
}

// A C2SP signed note by its verifier key, name+hash+base64(1, key). 'other': another key signed it; 'unknown': no Ed25519 here.
export async function signature(note, key) {
  const [, name, id, packed] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(key || '') || [];
  const end = note.indexOf('\n\n'), unpack = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  try {
    const line = note.slice(end + 2).split('\n').find((one) => one.startsWith(`\u2014 ${name} `) && hex(unpack(one.split(' ')[2]).slice(0, 4)) === id);
    if (!line) return 'other';
    const raw = unpack(packed);
    if (raw[0] !== 1 || raw.length !== 33) return 'unknown';
    const imported = await crypto.subtle.importKey('raw', raw.slice(1), 'Ed25519', false, ['verify']);
    return (await crypto.subtle.verify('Ed25519', imported, unpack(line.split(' ')[2]).slice(4), new TextEncoder().encode(note.slice(0, end + 1)))) ? 'holds' : 'not';
  } catch {
    return 'unknown';
  }
}

async function check(found) {
  const began = performance.now(), note = readNote(found.checkpoint.note);
  if (!globalThis.crypto?.subtle) return { note, steps: [], path: 'unknown', size: 'unknown', sign: 'unknown', took: 0 };
  const steps = await climb(found.seq, note.size, found.leaf, found.path);
  const top = steps?.length ? steps[steps.length - 1].hash : found.leaf;
  return {
    note, steps: steps || [], sign: await signature(found.checkpoint.note, found.key), path: steps && top === note.root ? 'holds' : 'not',
    size: found.seq < note.size && note.size === found.checkpoint.size ? 'holds' : 'not', took: Math.max(1, Math.round(performance.now() - began)),
  };
}

const STEP = 58, BOX = 42, HEIGHT = 118;

function Ladder({ found, steps, focus }) {
  const width = steps.length * STEP + BOX + 8;
  const x = (i) => 4 + i * STEP, cut = (hash) => hash.slice(0, 4);
  const props = (hash, name) => ({ tabindex: '0', role: 'img', 'aria-label': `${name} ${hash}`, onFocus: () => focus(hash), onMouseEnter: () => focus(hash) });
  const box = (hash, at, y, kind, name) => html`<g class=${`hash ${kind}`} ...${props(hash, name)}><rect x=${at} y=${y} width=${BOX} height="20" rx="3" /><text x=${at + BOX / 2} y=${y + 14} text-anchor="middle">${cut(hash)}</text></g>`;
  return html`<div class="ladder" tabindex="0" role="region" aria-label=${t('p-title')}><svg width=${width} height=${HEIGHT} viewBox="0 0 ${width} ${HEIGHT}">
    <line class="rung" x1=${x(0) + BOX} x2=${x(steps.length)} y1="56" y2="56" />
    ${steps.map((step, i) => html`<line class="rung" x1=${x(i) + BOX} x2=${x(i) + BOX + 18} y1=${step.side === 'right' ? 24 : 88} y2=${step.side === 'right' ? 46 : 66} />`)}
    ${box(found.leaf, x(0), 46, 'leaf', t('leaf'))}
    ${steps.map((step, i) => html`${box(step.sibling, x(i) + 28, step.side === 'right' ? 4 : 88, 'sibling', t(`p-${step.side}`))}
      ${box(step.hash, x(i + 1), 46, i === steps.length - 1 ? 'root' : 'part', i === steps.length - 1 ? t('p-root', '') : t('p-becomes'))}`)}</svg></div>`;
}

function Steps({ steps }) {
  return html`<details class="ladder-table"><summary>${t('p-table')}</summary><div class="table-scroll" tabindex="0" role="region" aria-label=${t('p-table')}><table><thead><tr><th>${t('p-step')}</th><th>${t('p-side')}</th><th>${t('p-becomes')}</th></tr></thead>
    <tbody>${steps.map((step, i) => html`<tr key=${i}><td>${i + 1}</td><td>${t(`p-${step.side}`)} <span class="mono">${step.sibling}</span></td><td class="mono">${step.hash}</td></tr>`)}</tbody></table></div></details>`;
}

const SIGNS = { holds: ['check', 'pass'], not: ['cross', 'fail'], unknown: ['warn', 'und'] };

const Check = ({ name, how, is }) => html`<tr><th scope="row">${name}</th><td class="wraps">${how}</td><td><${Status} icon=${SIGNS[is][0]} tone=${SIGNS[is][1]} word=${t(`p-${is}`)} /></td></tr>`;

// seq: the entry; proofOf: a batch whose whole proof can be fetched, '' none.
export function Proof({ seq, proofOf = '' }) {
  const [turn, again] = useState(0);
  const [checked, set] = useState(null);
  const [focused, focus] = useState('');
  const { data: found, error, retry } = useFetched(`/api/v1/journal/${seq}/inclusion`, turn);
  const waits = error?.problem?.code === 'not-found-signed';
  useEffect(() => {
    if (!waits) return undefined;
    const timer = setTimeout(() => again((n) => n + 1), 5000);
    return () => clearTimeout(timer);
  }, [waits, turn]);
  useEffect(() => {
    let current = true;
    set(null);
    if (found) check(found).then((answer) => current && set(answer));
    return () => {
      current = false;
    };
  }, [found]);
  const file = proofOf ? `/api/v1/batches/${encodeURIComponent(proofOf)}/proof` : '';
  useEffect(() => {
    const off = [bind('enter', (event) => {
      if (event.target.closest?.('a, button, summary, [data-row]')) return false;
      again((n) => n + 1);
      return true;
    }), bind('d', () => {
      if (!file) return false;
      location.assign(file);
      return true;
    })];
    return () => off.forEach((one) => one());
  }, [file]);
  if (waits) return html`<section class="panel"><div class="panel-head"><h2>${t('p-title')}</h2></div><p class="panel-body second" role="status">${t('p-none', grouped(seq))}</p></section>`;
  if (error && !found) return html`<section class="panel"><${Failed} error=${error} retry=${retry} /></section>`;
  if (!found || !checked) return html`<section class="panel"><${Loading} rows=${3} /></section>`;
  const { note, steps } = checked, both = [checked.path, checked.size, checked.sign];
  const bad = both.filter((is) => is === 'not').length, good = both.filter((is) => is === 'holds').length;
  return html`<section class="panel proof"><div class="panel-head"><h2>${t('p-title')}</h2><span class="second">${t('p-how', steps.length)}</span><span class="end">RFC 6962　SHA-256</span></div>
      <div class="panel-body"><${Ladder} found=${found} steps=${steps} focus=${focus} />
        <p class="ladder-ends third"><span>${t('p-leaf', grouped(found.seq))}</span><span>${t('p-sides')}</span><span>${t('p-root', grouped(note.size))}</span></p>
        <p class="third asked" aria-live="polite">${t('p-whole')}　<span class="mono">${focused || note.root}</span></p><${Steps} steps=${steps} /></div></section>
    <div class="trail-two"><section class="panel"><div class="panel-head"><h2>${t('p-checkpoint')}</h2><span class="end">${t('p-note')}</span></div><div class="panel-body"><pre class="note-text">${found.checkpoint.note}</pre>
        <div class="offline"><span>${t('p-short')}</span><code>${note.size} / ${(note.root.slice(0, 16).match(/.{4}/g) || []).join(' ')}</code></div></div></section>
      <section class="panel checks-panel"><div class="panel-head"><h2>${t('p-checks')}</h2>${bad ? html`<${Status} tag icon="cross" tone="fail" word=${t('p-bad', bad)} />` : good ? html`<${Status} tag icon="journal" tone="pass" word=${t('p-all', good)} />` : html`<${Status} tag icon="warn" tone="und" word=${t('p-no-crypto')} />`}<span class="end">${t('p-took', checked.took)}</span></div>
        <div class="panel-body"><table class="check-list"><tbody><${Check} name=${t('p-path')} how=${t('p-path-how', steps.length)} is=${checked.path} /><${Check} name=${t('p-size')} how=${t('p-size-how', grouped(found.seq), grouped(note.size))} is=${checked.size} />
          <${Check} name=${t('p-sign')} how=${checked.sign === 'other' ? t('p-sign-other') : checked.sign === 'unknown' ? t('p-sign-not-here') : t('p-sign-how', found.key)} is=${SIGNS[checked.sign] ? checked.sign : 'unknown'} /></tbody></table>
        <div class="offline"><span>${t('p-offline')}</span><code>${proofOf ? `assay proof check ${proofOf}.proof` : 'assay verify DIR'}</code></div>
        <div class="buttons start"><button class="button primary" onClick=${() => again((n) => n + 1)}><${Icon} name="again" />${t('p-again')}<kbd>Enter</kbd></button>
          ${file ? html`<a class="button" href=${file} download=${`${proofOf}.proof`}><${Icon} name="falling" />${t('p-get')}<kbd>D</kbd></a>` : ''}</div></div></section></div>`;
}
