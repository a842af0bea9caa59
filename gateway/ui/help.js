// SPDX-License-Identifier: Apache-2.0
// The list of keys, and the choice of colours.
import { html, useEffect, useRef, useState } from './standalone.module.js';
import { bind } from './keys.js';
import { live } from './live.js';
import { Keys } from './parts.js';
import { t } from './words.js';

const STORED = 'assay-theme';

function stored() {
  try {
    return localStorage.getItem(STORED) || 'system';
  } catch {
    return 'system';
  }
}

export function applyTheme(theme = stored()) {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    localStorage.setItem(STORED, theme);
  } catch { /* it holds until the page is closed */ }
}

const LIST = [
  [['/'], 'where-all', 'help-scan'], [['G', 'B I L R Q T S D P M'], 'where-all', 'help-go'], [['J', 'K', '↓', '↑'], 'where-lists', 'help-move'],
  [['Enter'], 'where-lists', 'help-open'], [['PgDn', 'PgUp'], 'where-lists', 'help-page'], [['Esc'], 'where-all', 'help-esc'], [['F'], 'batches', 'help-filter'],
  [['T'], 'batches', 'help-trail'], [['L'], 'review', 'help-clause'], [['1', '2', '3'], 'review', 'help-choose'], [['Ctrl', 'Enter'], 'review', 'help-sign'], [['Enter', 'Esc'], 'bench', 'help-bench'], [['⌫'], 'bench', 'help-back'], [['[', ']'], 'where-trail', 'help-readings'], [['Enter', 'D'], 'where-trail', 'help-proof'], [['Alt', 'L'], 'where-all', 'help-language'],
  [['?'], 'where-all', 'help-help'],
];

export function Help({ close, again }) {
  const dialog = useRef(null);
  const [theme, setTheme] = useState(stored());
  useEffect(() => {
    dialog.current.showModal();
    return bind('escape', () => {
      close();
      return true;
    });
  }, []);
  const choose = (which) => () => {
    applyTheme(which);
    setTheme(which);
    again();
  };
  return html`<dialog class="help" ref=${dialog} onClose=${close} aria-label=${t('keys')}>
    <div class="panel-head"><h2>${t('keys')}</h2><span class="end"><button class="button" onClick=${close}>${t('close')}</button></span></div>
    <table><tbody>${LIST.map(([keys, where, what]) => html`<tr key=${what}><td><${Keys} keys=${keys} /></td><td class="third">${t(where)}</td><td>${t(what)}</td></tr>`)}</tbody></table>
    <div class="help-foot"><span>${t('theme')}</span><div class="segments" role="group" aria-label=${t('theme')}>
      ${['system', 'light', 'dark'].map((which) => html`<button key=${which} aria-pressed=${theme === which} onClick=${choose(which)}>${t(`theme-${which}`)}</button>`)}</div>
      <span class="end third">${live.gateway ? t('version', live.gateway.version) : ''}　<a href="/ui/licenses.txt">${t('licenses')}</a></span></div>
  </dialog>`;
}
