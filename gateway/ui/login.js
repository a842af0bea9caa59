// SPDX-License-Identifier: Apache-2.0
// Logging in, with a second factor where there is one, and making the first administrator.
import { html, useEffect, useRef, useState } from './standalone.module.js';
import { Icon } from './icons.js';
import { firstAdmin, login, useSession } from './session.js';
import { t, pick } from './words.js';

export const Refusal = ({ error }) => (error ? html`<p class="refusal" role="alert"><${Icon} name="warn" /><span>${pick(error.problem, 'text') || error.message}</span></p>` : '');

// A form that sends itself: send(values) may refuse, and then its words stand above the button.
export function Form({ title, how, send, action, cancel, children }) {
  const [error, fail] = useState(null);
  const [busy, setBusy] = useState(false);
  const onSubmit = async (event) => {
    event.preventDefault();
    const form = event.target;
    if (busy) return;
    setBusy(true);
    fail(null);
    try {
      await send(Object.fromEntries(new FormData(form)), form);
    } catch (problem) {
      fail(problem);
    }
    setBusy(false);
  };
  return html`<form class="form" onSubmit=${onSubmit} aria-label=${title}><h2>${title}</h2>${how && html`<p class="third">${how}</p>`}${children}
    <${Refusal} error=${error} /><div class="buttons">${cancel && html`<button type="button" class="button" onClick=${cancel}>${t('cancel')}</button>`}<button class="button primary" disabled=${busy}>${action}</button></div></form>`;
}

export const Field = ({ name, label, hint, ...rest }) => html`<label>${label}<input name=${name} required ...${rest} />${hint && html`<small class="third">${hint}</small>`}</label>`;

// Comes into a form that is in use: it takes the focus.
export function Code() {
  const input = useRef(null);
  useEffect(() => input.current.focus(), []);
  return html`<label>${t('factor-code')}<input name="code" required ref=${input} inputmode="numeric" autocomplete="one-time-code" spellcheck="false" maxlength="8" /><small class="third">${t('factor-code-how')}</small></label>`;
}

export function different() {
  throw Object.assign(new Error(t('passwords-differ')), { problem: null });
}

export function Login() {
  const me = useSession();
  const [asked, ask] = useState(false); // for the code of a second factor
  const home = () => {
    if (location.hash.startsWith('#/login')) location.hash = '#/bench';
  };
  if (me.firstAdmin)
    return html`<div class="gate"><${Form} title=${t('first-admin')} how=${t('first-admin-how')} action=${t('first-admin-make')} send=${async ({ again, ...body }) => {
      if (again !== body.new_password) different();
      await firstAdmin(body);
      home();
    }}>
      <${Field} name="code" label=${t('code')} hint=${t('code-where')} autocomplete="off" spellcheck="false" maxlength="30" autofocus />
      <${Field} name="user" label=${t('user')} hint=${t('user-how')} autocomplete="username" spellcheck="false" maxlength="31" />
      <${Field} name="name" label=${t('full-name')} autocomplete="name" maxlength="60" />
      <${Field} name="new_password" label=${t('new-password')} hint=${t('password-how')} type="password" autocomplete="new-password" minlength="8" maxlength="128" />
      <${Field} name="again" label=${t('password-again')} type="password" autocomplete="new-password" maxlength="128" /></${Form}></div>`;
  return html`<div class="gate"><${Form} title=${t('log-in')} action=${t('log-in')} send=${async ({ user, password, code }) => {
    try {
      await login(user.trim(), password, code);
    } catch (problem) {
      if (problem.problem?.code !== 'second-factor-needed' || code) throw problem;
      return ask(true);
    }
    return home();
  }}>
    <${Field} name="user" label=${t('user')} autocomplete="username" spellcheck="false" maxlength="31" autofocus />
    <${Field} name="password" label=${t('password')} type="password" autocomplete="current-password" maxlength="128" />
    ${asked && html`<${Code} />`}</${Form}></div>`;
}
