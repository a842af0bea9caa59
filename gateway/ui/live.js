// SPDX-License-Identifier: Apache-2.0
// What the gateway says, as it says it. One EventSource while the page is visible; each event is the newest whole state of
// its topic, so a lost connection loses nothing but time.
import { useState, useEffect } from './standalone.module.js';

const TOPICS = ['gateway', 'lines', 'bench', 'frames', 'batches'];
const QUIET_MS = 40000; // the gateway ticks every 15 s
const KEPT = 1200; // readings kept of one channel
const HISTORY_MS = 600000;

export const live = {
  gateway: null, lines: null, bench: null, frames: null, batches: null,
  feed: 'connecting', // live, lost
  heardAt: 0, offsetMs: 0, traces: new Map(),
};

const listeners = new Set();
let source = null, retryMs = 0, timer = 0, wanted = false;

const notify = () => listeners.forEach((listener) => listener());

export function useLive() {
  const [, set] = useState(0);
  useEffect(() => {
    const listener = () => set((n) => n + 1);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, []);
  return live;
}

export const gatewayNow = () => Date.now() + live.offsetMs;

export async function read(path) {
  const answer = await fetch(path, { headers: { Accept: 'application/json' }, cache: 'no-store' });
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw Object.assign(new Error(body?.title || String(answer.status)), { problem: body, status: answer.status });
  if (body && answer.headers.get('ETag')) Object.defineProperty(body, 'etag', { value: answer.headers.get('ETag') }); // for If-Match
  return body;
}

export const traceOf = (instrument, channel) => live.traces.get(`${instrument}/${channel}`)?.points || [];

async function fillTrace(trace, instrument, channel) {
  try {
    const from = new Date(gatewayNow() - HISTORY_MS).toISOString();
    const answer = await read(`/api/v1/history?instrument=${encodeURIComponent(instrument)}&channel=${encodeURIComponent(channel)}&from=${encodeURIComponent(from)}`);
    const seen = new Set(trace.points.map((p) => p.key));
    const older = answer.readings.map((r) => ({ key: `${r.seq}.${r.idx}`, at: new Date(r.at).getTime(), value: r.value }))
      .filter((p) => !seen.has(p.key));
    trace.points = [...older, ...trace.points].sort((a, b) => a.at - b.at).slice(-KEPT);
    notify();
  } catch { /* the trace begins with what arrives */ }
}

function addReadings(lines) {
  for (const line of lines)
    for (const instrument of line.instruments || [])
      for (const channel of instrument.channels || []) {
        const id = `${instrument.instrument}/${channel.channel}`;
        let trace = live.traces.get(id);
        if (!trace) {
          trace = { points: [] };
          live.traces.set(id, trace);
          fillTrace(trace, instrument.instrument, channel.channel);
        }
        const key = `${channel.seq}.${channel.idx}`;
        if (!channel.at || trace.points[trace.points.length - 1]?.key === key) continue;
        trace.points.push({ key, at: new Date(channel.at).getTime(), value: channel.value });
        if (trace.points.length > KEPT) trace.points.shift();
      }
}

function hear(topic, event) {
  let data;
  try {
    data = JSON.parse(event.data);
  } catch {
    return;
  }
  live.heardAt = Date.now();
  live.feed = 'live';
  retryMs = 0;
  if (topic === 'tick') live.offsetMs = new Date(data.now).getTime() - Date.now();
  else live[topic] = data;
  if (topic === 'lines') addReadings(data);
  notify();
}

function lose() {
  source?.close();
  source = null;
  if (live.feed === 'live' || !live.heardAt) live.feed = live.heardAt ? 'lost' : 'connecting';
  notify();
  if (document.hidden || !wanted) return;
  clearTimeout(timer);
  timer = setTimeout(connect, retryMs);
  retryMs = Math.min(5000, retryMs * 2 || 500);
}

export function connect() {
  wanted = true;
  clearTimeout(timer);
  source?.close();
  source = new EventSource('/api/v1/events');
  source.onerror = lose;
  for (const topic of [...TOPICS, 'tick']) source.addEventListener(topic, (event) => hear(topic, event));
}

// Nobody is here who may look.
export function disconnect() {
  wanted = false;
  clearTimeout(timer);
  source?.close();
  source = null;
}

// A hidden page costs the gateway nothing, and does not use up one of the browser's few connections.
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) {
    if (wanted) connect();
  } else {
    clearTimeout(timer);
    source?.close();
    source = null;
  }
});
setInterval(() => {
  if (source && live.feed === 'live' && Date.now() - live.heardAt > QUIET_MS) lose();
  else if (!document.hidden) notify(); // ages and "20 s ago" move on
}, 1000);
