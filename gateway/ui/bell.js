// SPDX-License-Identifier: Apache-2.0
// What the bell in the top bar counts: alarms that nobody has taken note of, and channels out of their band.
import { html } from './standalone.module.js';
import { useAtMost, useFetched } from './fetched.js';
import { Icon } from './icons.js';
import { useLive } from './live.js';
import { may, session } from './session.js';
import { inBand } from './text.js';
import { t } from './words.js';

const dead = (line) => ['silent', 'down', 'locked'].includes(line.status);

export function outOfBand(lines) {
  const out = [];
  for (const line of lines || [])
    for (const instrument of line.instruments || [])
      for (const channel of instrument.channels || []) {
        const where = inBand(channel.value, channel.band_low, channel.band_high);
        if (where === 'low' || where === 'high') out.push({ instrument, channel, where });
      }
  return out;
}

// Asked for again when a line's state or the journal has moved, at most every few seconds.
export function useAlarms() {
  const { lines, gateway } = useLive();
  const states = JSON.stringify((lines || []).map((line) => [line.line, line.status]));
  const version = `${states} ${useAtMost(gateway?.applied, 5000)}`;
  const { data, error, retry } = useFetched(may('alarm.list') || (!session.user && session.anonymous) ? '/api/v1/alarms' : '', version);
  return { alarms: data?.alarms, error, retry };
}

export function Bell() {
  const { lines } = useLive();
  const { alarms } = useAlarms();
  const open = alarms ? alarms.filter((one) => !one.acknowledged).length : (lines || []).filter(dead).length;
  const count = open + outOfBand(lines).length;
  return html`<a class=${`chip bell${count ? ' und' : ''}`} href="#/alarms" aria-label=${count === 1 ? t('alarm-one') : t('alarms', count)}><${Icon} name=${count ? 'warn' : 'bell'} /><span>${!count ? '' : count === 1 ? t('alarm-one') : t('alarms', count)}</span></a>`;
}
