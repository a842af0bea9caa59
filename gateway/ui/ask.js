// SPDX-License-Identifier: Apache-2.0
// A question in front of the page: a form that sends itself and then closes. A signature has its own, signature.js.
import { html, useEffect, useRef } from './standalone.module.js';
import { bind } from './keys.js';
import { Form } from './login.js';

export function Ask({ title, how, action, send, close, children }) {
  const dialog = useRef(null);
  useEffect(() => {
    dialog.current.showModal();
    return bind('escape', () => {
      close();
      return true;
    });
  }, []);
  return html`<dialog class="help signature" ref=${dialog} onClose=${close} aria-label=${title}><${Form} title=${title} how=${how} action=${action} cancel=${close} send=${async (values, form) => {
    await send(values, form);
    close();
  }}>${children}</${Form}></dialog>`;
}
