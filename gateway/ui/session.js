// SPDX-License-Identifier: Apache-2.0
// Who is logged in here, what he may do, and the way every write goes: with the session's key, refused in words.
//
//   const me = useSession();                     draws again when somebody logs in or out
//   may('batch.confirm')                         a command of the API's rights
//   await write('POST', path, body, { password, ifMatch, key })
//
// write throws an Error with problem {code, text_zh, text_en} and status; signature-needed: ask with signature.js first.
import { useEffect, useState } from './standalone.module.js';
import { read } from './live.js';

export const session = {
  known: false, // asked at least once
  user: '', name: '', roles: [], producer: '', rights: new Set(), csrf: '',
  factor: false, factorMissing: false, // a second factor: he has one; lab.xml wants one and he has none
  firstAdmin: false, // nobody can log in yet
  anonymous: false, // whoever is here may look
};

const listeners = new Set();
const notify = () => listeners.forEach((listener) => listener());

export function useSession() {
  const [, set] = useState(0);
  useEffect(() => {
    const listener = () => set((n) => n + 1);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, []);
  return session;
}

export const may = (right) => session.rights.has(right);

function take(body) {
  session.user = body?.user || '';
  session.name = body?.name || '';
  session.roles = (body?.roles || '').split(' ').filter(Boolean);
  session.producer = body?.producer || '';
  session.rights = new Set(body?.rights || []);
  session.csrf = body?.csrf || '';
  session.factor = body?.second_factor === true;
  session.factorMissing = body?.second_factor_missing === true;
}

// Ask the gateway who is here.
export async function refresh() {
  const open = await read('/api/v1/login');
  session.firstAdmin = open.first_admin;
  session.anonymous = open.anonymous_read;
  take(open.me);
  session.known = true;
  notify();
}

export async function write(method, path, body = {}, { password, ifMatch, key } = {}) {
  const headers = { Accept: 'application/json', 'Content-Type': 'application/json', 'Accept-Language': document.documentElement.lang };
  if (session.csrf) headers['X-CSRF-Token'] = session.csrf;
  if (ifMatch) headers['If-Match'] = ifMatch;
  if (key) headers['Idempotency-Key'] = key;
  const answer = await fetch(path, { method, headers, cache: 'no-store', body: JSON.stringify(password === undefined ? body : { ...body, password }) });
  const said = await answer.json().catch(() => null);
  if (answer.ok) return said;
  if (answer.status === 401 && said?.code === 'login-required' && session.user) {
    take(null);
    notify();
  }
  throw Object.assign(new Error(said?.title || String(answer.status)), { problem: said, status: answer.status });
}

async function begin(path, body) {
  const me = await write('POST', path, body);
  session.firstAdmin = false;
  take(me);
  notify();
}

export const login = (user, password, code) => begin('/api/v1/session', code ? { user, password, code } : { user, password });
export const firstAdmin = (body) => begin('/api/v1/first-admin', body);

export async function logout() {
  await write('DELETE', '/api/v1/session').catch((error) => {
    if (error.status !== 401) throw error;
  });
  take(null);
  notify();
}
