// SPDX-License-Identifier: Apache-2.0
// One thing read from the API, and read again when the list it belongs to says that it has changed. Old content stays while
// the new one comes.
import { useEffect, useRef, useState } from './standalone.module.js';
import { read } from './live.js';

const BUSY_MS = 700;

// A value that changes often, passed on at most every so many ms; the last one always is.
export function useAtMost(value, everyMs) {
  const [shown, show] = useState(value);
  const last = useRef(0);
  useEffect(() => {
    const wait = Math.max(0, last.current + everyMs - performance.now());
    const timer = setTimeout(() => {
      last.current = performance.now();
      show(value);
    }, wait);
    return () => clearTimeout(timer);
  }, [value]);
  return shown;
}

// What was typed, once the typing pauses.
export function useSettled(text, pauseMs = 180) {
  const [settled, set] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => set(text), pauseMs);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}

export function useFetched(path, version) {
  const [at, set] = useState({ path: '', data: null, error: null });
  const [turn, again] = useState(0);
  useEffect(() => {
    if (!path) return undefined;
    let current = true, timer = 0;
    read(path).then((data) => current && set({ path, data, error: null }),
      (error) => {
        if (!current) return;
        if (error.status === 503) timer = setTimeout(() => again((n) => n + 1), BUSY_MS); // the state is being written to
        set((old) => ({ path, data: old.path === path ? old.data : null, error }));
      });
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [path, version, turn]);
  const mine = at.path === path;
  return { data: mine ? at.data : null, error: mine ? at.error : null, retry: () => again((n) => n + 1) };
}
