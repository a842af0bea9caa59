// SPDX-License-Identifier: Apache-2.0
// Text of numbers, times and bytes. Quantities stay the text they are: nothing here makes a reading a number, except
// plot(), whose result only places a point in a drawing.
import { t, current } from './words.js';

export const NBSP = '\u00a0';
export const withUnit = (value, unit) => (unit ? `${value}${NBSP}${unit}` : value);

export const plot = (text) => {
  const match = /^-?\d+(\.\d+)?/.exec(text || '');
  return match ? Number(match[0]) : NaN;
};

// The specs name a clause in Chinese and then in English, "表1 table 1"; what has one name only is shown as it is.
export function clauseText(clause) {
  const both = /^(.*[\u4e00-\u9fff].*?) ([a-z][\x20-\x7e]*)$/.exec(clause || '');
  return both ? both[current() === 'zh' ? 1 : 2] : clause || '';
}

// A limit in words, "不得使用 not permitted", in the language of the page; figures and units are no words.
function limitWords(text) {
  const both = /^(.*[\u4e00-\u9fff].*?) ([a-z]{2,}(?:[ +;]|$)[\x20-\x7e≤≥±]*)$/.exec(text || '');
  return both ? both[current() === 'zh' ? 1 : 2] : text || '';
}
export const limitText = (text) => limitWords(text).replace(/ /g, NBSP);

// A step of a derivation ends in the limit as the specs have it, with both its names.
export const stepText = (text) => (text || '').replace(/([:：] ?)([^:：]*)$/, (whole, colon, tail) => `${colon}${limitWords(tail)}`);

// -1, 0, 1 for two decimals given as text, exactly; null when one of them is none.
export function compareDecimals(a, b) {
  const read = (text) => /^(-?)(\d+)(?:\.(\d+))?(?:\([+-]\))?$/.exec(text || '');
  const x = read(a), y = read(b);
  if (!x || !y) return null;
  const scale = Math.max((x[3] || '').length, (y[3] || '').length);
  const whole = (m) => BigInt(m[1] + m[2] + (m[3] || '').padEnd(scale, '0'));
  const p = whole(x), q = whole(y);
  return p < q ? -1 : p > q ? 1 : 0;
}

// 'in', 'low', 'high'; '' when there is no band or no number.
export function inBand(value, low, high) {
  if (!low && !high) return '';
  const over = low ? compareDecimals(value, low) : 1, under = high ? compareDecimals(value, high) : -1;
  if (over === null || under === null) return '';
  return over < 0 ? 'low' : under > 0 ? 'high' : 'in';
}

export function range(low, high, unit) {
  if (low && high) return withUnit(`${low}${current() === 'zh' ? '～' : '–'}${high}`, unit);
  if (high) return withUnit(`≤${NBSP}${high}`, unit);
  return low ? withUnit(`≥${NBSP}${low}`, unit) : '';
}

// How many leading characters of the newest reading have not moved over the readings before it.
export function settledLength(texts) {
  const last = texts[texts.length - 1] || '';
  let settled = texts.length < 2 ? 0 : last.length;
  for (const text of texts) {
    if (text.length !== last.length) return 0;
    let same = 0;
    while (same < settled && text[same] === last[same]) same++;
    settled = Math.min(settled, same);
  }
  return settled;
}

const two = (n) => String(n).padStart(2, '0');

export function clock(at, detail = 'minute') {
  const when = new Date(at);
  if (!at || Number.isNaN(when.getTime())) return '';
  const minute = `${two(when.getHours())}:${two(when.getMinutes())}`;
  if (detail === 'minute') return minute;
  const second = `${minute}:${two(when.getSeconds())}`;
  return detail === 'second' ? second : `${second}.${String(when.getMilliseconds()).padStart(3, '0')}`;
}

export function day(at) {
  const when = new Date(at);
  if (!at || Number.isNaN(when.getTime())) return '';
  return `${two(when.getMonth() + 1)}-${two(when.getDate())}`;
}

export function lasted(from, to) {
  const seconds = Math.max(0, Math.round((to - new Date(from).getTime()) / 1000));
  const zh = current() === 'zh';
  if (seconds < 60) return zh ? `${seconds} 秒` : `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return zh ? `${minutes} 分` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return zh ? `${hours} 时 ${minutes % 60} 分` : `${hours} h ${minutes % 60} min`;
  return zh ? `${Math.floor(hours / 24)} 天` : `${Math.floor(hours / 24)} d`;
}

export const grouped = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, current() === 'zh' ? '\u2009' : ',');

export function bytesOf(hex) {
  const clean = (hex || '').replace(/\s+/g, '');
  const out = [];
  for (let i = 0; i + 1 < clean.length; i += 2) out.push(parseInt(clean.slice(i, i + 2), 16));
  return out;
}

export const hexByte = (byte) => byte.toString(16).toUpperCase().padStart(2, '0');

// One line for the list of frames: printable text with control characters named, or hex pairs when it is no text.
// Returns parts: {text} or {control}.
export function oneLine(hex, most = 40) {
  const names = { 2: 'STX', 3: 'ETX', 4: 'EOT', 5: 'ENQ', 6: 'ACK', 9: 'TAB', 10: 'LF', 13: 'CR', 21: 'NAK', 23: 'ETB', 27: 'ESC' };
  const all = bytesOf(hex);
  const bytes = all.slice(0, most);
  const text = bytes.every((b) => b >= 0x80 || b >= 0x20 || names[b]) && bytes.filter((b) => b >= 0x20 && b < 0x7f).length * 3 >= bytes.length;
  const more = all.length > most ? [{ text: '…' }] : [];
  if (!text) return [{ text: bytes.map(hexByte).join(' ') }, ...more];
  const parts = [];
  let run = [];
  const flush = () => {
    if (run.length) parts.push({ text: new TextDecoder().decode(new Uint8Array(run)) });
    run = [];
  };
  for (const byte of bytes) {
    if (names[byte]) {
      flush();
      parts.push({ control: names[byte] });
    } else run.push(byte);
  }
  flush();
  return [...parts, ...more];
}

// m3 -> ['m', '3']
export const symbol = (name) => /^([A-Za-z]+)(\d+)$/.exec(name || '')?.slice(1) || [name || '', ''];

export function readingWord(reading) {
  if (!reading) return t('no-reading');
  if (reading.reason) return t(reading.reason);
  return reading.value ? '' : t('no-reading');
}
