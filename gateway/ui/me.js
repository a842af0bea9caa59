// SPDX-License-Identifier: Apache-2.0
// What one may see and change about oneself: the second factor and the password.
import { html, useState } from './standalone.module.js';
import { Qr } from './cards.js';
import { Code, Field, Form, Login, different } from './login.js';
import { login, logout, refresh, useSession, write } from './session.js';
import { Signature } from './signature.js';
import { t, learn } from './words.js';

learn({
  factor: ['动态验证码', 'Second factor'], 'factor-how': ['登录时除密码外再输入手机上每 30 秒更换的六位数字。', 'A login asks for six digits beside the password, which change every 30 s on your phone.'],
  'factor-on': ['已启用。换手机时重新设置；手机丢了，请管理员取消。', 'On. Set it up again for another phone; an administrator takes it off when one is lost.'],
  'factor-missing': ['实验室要求您的角色启用动态验证码；启用之前不能做别的事。', 'The laboratory wants a second factor of your roles; until it is on nothing else can be done.'],
  'factor-set': ['设置动态验证码', 'Set up'], 'factor-again': ['重新设置', 'Set up again'], 'factor-now': ['现在手机上的验证码', 'The code your present phone shows'],
  'factor-scan': ['用手机上的验证器扫码，或手工输入密钥；密钥只显示这一次。然后输入它显示的六位数字。', 'Scan this with an authenticator, or type the key by hand; it is shown this once. Then enter the six digits it shows.'], 'factor-key': ['密钥', 'Key'], 'factor-turn-on': ['启用', 'Turn on'],
});

const at = (user, what = '') => `/api/v1/users/${encodeURIComponent(user)}/second-factor${what}`;

function SecondFactor({ me }) {
  const [asked, ask] = useState(false);
  const [fresh, show] = useState(null); // the new secret, until its first code has come
  if (fresh)
    return html`<div id="second-factor"><${Form} title=${t('factor')} how=${t('factor-scan')} action=${t('factor-turn-on')} cancel=${() => show(null)} send=${async ({ code }) => {
      await write('POST', at(me.user, '/confirm'), { code });
      show(null);
      await refresh();
    }}><${Qr} text=${fresh.uri} /><p>${t('factor-key')} <code class="command" id="factor-key">${fresh.secret.match(/.{4}/g).join(' ')}</code></p><${Code} /></${Form}></div>`;
  return html`<section class="form" id="second-factor"><h2>${t('factor')}</h2><p class="third" role=${me.factorMissing ? 'alert' : undefined}>${t(me.factorMissing ? 'factor-missing' : me.factor ? 'factor-on' : 'factor-how')}</p>
    <div class="buttons"><button class="button" id="set-up-factor" onClick=${() => ask(true)}>${t(me.factor ? 'factor-again' : 'factor-set')}</button></div>
    ${asked && html`<${Signature} title=${t('factor')} action=${t('factor-set')} close=${() => ask(false)} sign=${async (password, elements) => {
      const answer = await write('POST', at(me.user), me.factor ? { code: elements.code.value } : {}, { password });
      show(answer.second_factor);
    }}>${me.factor && html`<${Field} name="code" label=${t('factor-now')} inputmode="numeric" autocomplete="one-time-code" maxlength="8" />`}</${Signature}>`}</section>`;
}

export function Me() {
  const me = useSession();
  if (!me.user) return html`<${Login} />`;
  return html`<div class="gate"><section class="form"><h2>${me.name || me.user}</h2>
      <dl class="pairs"><dt>${t('user')}</dt><dd>${me.user}</dd><dt>${t('roles')}</dt><dd>${me.roles.map((role) => t(`role-${role}`)).join(' ')}</dd>
        ${me.producer && html`<dt>${t('producer')}</dt><dd>${me.producer}</dd>`}</dl>
      <div class="buttons"><button class="button" onClick=${() => logout()}>${t('log-out')}</button></div></section>
    <${SecondFactor} me=${me} />
    <${Form} title=${t('change-password')} how=${t('change-password-how')} action=${t('change-password')} send=${async ({ password, again, new_password }) => {
      if (again !== new_password) different();
      await write('PUT', `/api/v1/users/${encodeURIComponent(me.user)}/password`, { new_password }, { password });
      if (me.factor) await refresh(); // the code is asked for at the login page
      else await login(me.user, new_password);
    }}>
      <${Field} name="password" label=${t('password-now')} type="password" autocomplete="current-password" maxlength="128" />
      <${Field} name="new_password" label=${t('new-password')} hint=${t('password-how')} type="password" autocomplete="new-password" minlength="8" maxlength="128" />
      <${Field} name="again" label=${t('password-again')} type="password" autocomplete="new-password" maxlength="128" /></${Form}></div>`;
}
