// SPDX-License-Identifier: Apache-2.0
// A signature: what is signed in words, who signs, and the password again. sign(password) does it and may refuse.
import { html, useEffect, useRef, useState } from './standalone.module.js';
import { bind } from './keys.js';
import { session } from './session.js';
import { Refusal } from './login.js';
import { t } from './words.js';

export function Signature({ title, children, action, sign, close }) {
  const dialog = useRef(null);
  const [error, fail] = useState(null);
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    dialog.current.showModal();
    return bind('escape', () => {
      close();
      return true;
    });
  }, []);
  const onSubmit = async (event) => {
    event.preventDefault();
    if (busy) return;
    setBusy(true);
    fail(null);
    try {
      await sign(event.target.elements.password.value, event.target.elements);
      close();
    } catch (problem) {
      fail(problem);
      setBusy(false);
    }
  };
  return html`<dialog class="help signature" ref=${dialog} onClose=${close} aria-label=${title}><form class="form" onSubmit=${onSubmit}>
    <h2>${title}</h2>${children}
    <label>${t('signature-of', `${session.name || session.user}`)}<input name="password" type="password" autocomplete="current-password" required /></label>
    <${Refusal} error=${error} />
    <div class="buttons"><button type="button" class="button" onClick=${close}>${t('cancel')}</button>
      <button class="button primary" disabled=${busy}>${action || t('sign')}</button></div></form></dialog>`;
}
