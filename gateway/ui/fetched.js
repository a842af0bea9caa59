// SPDX-License-Identifier: Apache-2.0
// One thing read from the API, and read again when the list it belongs to says that it has changed. Old content stays while
// the new one comes.
import { useEffect, useState } from './standalone.module.js';
import { read } from './live.js';

export function useFetched(path, version) {
  const [at, set] = useState({ path: '', data: null, error: null });
  const [turn, again] = useState(0);
  useEffect(() => {
    if (!path) return undefined;
    let current = true;
    read(path).then((data) => current && set({ path, data, error: null }),
      (error) => current && set((old) => ({ path, data: old.path === path ? old.data : null, error })));
    return () => {
      current = false;
    };
  }, [path, version, turn]);
  const mine = at.path === path;
  return { data: mine ? at.data : null, error: mine ? at.error : null, retry: () => again((n) => n + 1) };
}
