// SPDX-License-Identifier: Apache-2.0
// Admin: instruments and their calibration, people and tokens, the programme of free tests, and how the gateway itself is.
import { html, useState } from './standalone.module.js';
import { CsvLink } from './csv.js';
import { useAtMost, useFetched } from './fetched.js';
import { Calibrated } from './instrument.js';
import { Icon } from './icons.js';
import { useLive } from './live.js';
import { Empty, Failed, LineStatus, Loading, Status, rowProps } from './parts.js';
import { Programmes } from './programme.js';
import { may, useSession, write } from './session.js';
import { Signature } from './signature.js';
import { Field } from './login.js';
import { State } from './state.js';
import { t, pick, learn } from './words.js';

learn({
  'd-instruments': ['仪器', 'Instruments'], 'd-people': ['人员', 'People'], 'd-programme': ['免费项目', 'Programme'], 'd-state': ['状态', 'State'], 'd-methods': ['能力（方法）', 'Methods'], 'd-methods-of': ['{} 能做的方法', 'Methods {} is competent for'],
  'd-methods-how': ['方法代号，一行一个；空着就是没有登记能力', 'ids of methods, one a line; empty: none registered'], 'd-methods-any': ['未登记', 'none registered'],
  'd-factor': ['有动态验证码', 'second factor'], 'd-factor-off': ['取消验证码', 'Take factor off'], 'd-factor-off-of': ['取消 {} 的动态验证码', 'Take off the second factor of {}'], 'd-factor-off-how': ['手机丢失时用。登录全部结束，之后只用密码登录，直到本人重新设置。请先当面确认是本人。', 'For a lost phone. All logins end; from then on the password alone logs in, until the user sets one up again. Make sure first who asks.'],
});

const ROLES = ['technician', 'reviewer', 'qa', 'admin', 'producer'];
const TOKEN_ROLES = ['read', 'technician', 'qa', 'producer'];

const roleWords = (roles) => roles.split(' ').map((role) => t(`role-${role}`)).join(' ');
const checked = (elements, all) => all.filter((role) => elements[`role-${role}`].checked).join(' ');

const Roles = ({ all, have = '' }) => html`<fieldset><legend>${t('roles')}</legend>${all.map((role) => html`<label key=${role} class="check">
  <input type="checkbox" name=${`role-${role}`} defaultChecked=${` ${have} `.includes(` ${role} `)} />${t(`role-${role}`)}</label>`)}</fieldset>`;

const Producer = ({ have = '' }) => html`<${Field} name="producer" label=${t('producer-of')} required=${false} maxlength="200" defaultValue=${have} />`;
const Reason = ({ required = true }) => html`<${Field} name="reason" label=${t('reason')} required=${required} maxlength="200" />`;

const at = (user, what) => `/api/v1/users/${encodeURIComponent(user)}/${what}`;

function Change({ what, user, token, done, close }) {
  const finish = (work) => async (password, elements) => {
    const answer = await work(password, elements);
    done(answer);
  };
  if (what === 'add')
    return html`<${Signature} title=${t('user-add')} action=${t('user-add')} close=${close} sign=${finish((password, e) => write('POST', '/api/v1/users', {
      user: e.user.value.trim(), name: e.name.value.trim(), roles: checked(e, ROLES), producer: e.producer.value.trim(), new_password: e.new_password.value }, { password }))}>
      <${Field} name="user" label=${t('user')} hint=${t('user-how')} spellcheck="false" autocomplete="off" maxlength="31" />
      <${Field} name="name" label=${t('full-name')} autocomplete="off" maxlength="60" /><${Roles} all=${ROLES} /><${Producer} />
      <${Field} name="new_password" label=${t('new-password')} hint=${t('password-how')} type="password" autocomplete="new-password" minlength="8" maxlength="128" /></${Signature}>`;
  if (what === 'roles')
    return html`<${Signature} title=${t('roles-of', user.user)} close=${close} sign=${finish((password, e) => write('PUT', at(user.user, 'roles'), {
      roles: checked(e, ROLES), producer: e.producer.value.trim(), reason: e.reason.value }, { password }))}>
      <${Roles} all=${ROLES} have=${user.roles} /><${Producer} have=${user.producer} /><${Reason} /></${Signature}>`;
  if (what === 'methods')
    return html`<${Signature} title=${t('d-methods-of', user.user)} close=${close} sign=${finish((password, e) => write('PUT', at(user.user, 'methods'), {
      methods: e.methods.value.split(/[\s,，、]+/).filter(Boolean), reason: e.reason.value }, { password }))}>
      <label>${t('d-methods')}<textarea name="methods" rows="4" spellcheck="false" defaultValue=${(user.methods || []).join('\n')}></textarea><small class="third">${t('d-methods-how')}</small></label><${Reason} /></${Signature}>`;
  if (what === 'password')
    return html`<${Signature} title=${t('password-of', user.user)} close=${close} sign=${finish((password, e) => write('PUT', at(user.user, 'password'), {
      new_password: e.new_password.value }, { password }))}>
      <${Field} name="new_password" label=${t('new-password')} hint=${t('password-how')} type="password" autocomplete="new-password" minlength="8" maxlength="128" /></${Signature}>`;
  if (what === 'factor-off')
    return html`<${Signature} title=${t('d-factor-off-of', user.user)} close=${close} sign=${finish((password, e) => write('POST', at(user.user, 'second-factor/drop'), {
      reason: e.reason.value }, { password }))}><p>${t('d-factor-off-how')}</p><${Reason} /></${Signature}>`;
  if (what === 'disable' || what === 'enable')
    return html`<${Signature} title=${t(`user-${what}`, user.user)} close=${close} sign=${finish((password, e) => write('POST', at(user.user, what), {
      reason: e.reason.value }, { password }))}><p>${t(`user-${what}-how`)}</p><${Reason} /></${Signature}>`;
  if (what === 'token')
    return html`<${Signature} title=${t('token-add')} action=${t('token-add')} close=${close} sign=${finish((password, e) => write('POST', '/api/v1/tokens', {
      name: e.name.value.trim(), roles: checked(e, TOKEN_ROLES), producer: e.producer.value.trim(), days: Number(e.days.value) }, { password }))}>
      <${Field} name="name" label=${t('token-name')} autocomplete="off" maxlength="60" /><${Roles} all=${TOKEN_ROLES} have="read" /><${Producer} />
      <${Field} name="days" label=${t('token-days')} type="number" min="1" max="366" defaultValue="90" /></${Signature}>`;
  return html`<${Signature} title=${t('token-revoke', token.name)} close=${close} sign=${finish((password, e) => write('POST', `/api/v1/tokens/${encodeURIComponent(token.token)}/revoke`, {
    reason: e.reason.value }, { password }))}><${Reason} /></${Signature}>`;
}

const Changes = ({ children }) => html`<td class="changes">${children}</td>`;
const Button = ({ word, press }) => html`<button class="button small" onClick=${press}>${word}</button>`;

function Users({ users, change }) {
  return html`<table class="list people"><thead><tr><th>${t('user')}</th><th>${t('full-name')}</th><th>${t('roles')}</th><th>${t('d-methods')}</th><th>${t('status')}</th><th><span class="only-read">${t('n-change')}</span></th></tr></thead>
    <tbody>${users.map((user) => html`<tr key=${user.user}><td>${user.user}</td><td>${user.name}</td><td>${roleWords(user.roles)} ${user.producer && html`<small>${user.producer}</small>`}</td>
      <td><small>${(user.methods || []).join('、') || t('d-methods-any')}</small></td><td><${Status} icon=${user.disabled ? 'disabled' : 'online'} word=${user.disabled ? t('disabled') : t('user-active')} />${user.second_factor && html` <small>${t('d-factor')}</small>`}</td>
      <${Changes}>${may('user.add') && html`<${Button} word=${t('roles')} press=${() => change('roles', { user })} /><${Button} word=${t('d-methods')} press=${() => change('methods', { user })} /><${Button} word=${t('password')} press=${() => change('password', { user })} />${user.second_factor && html`<${Button} word=${t('d-factor-off')} press=${() => change('factor-off', { user })} />`}
        <${Button} word=${user.disabled ? t('enable') : t('disable')} press=${() => change(user.disabled ? 'enable' : 'disable', { user })} />`}</${Changes}></tr>`)}</tbody></table>`;
}

function Tokens({ tokens, change }) {
  if (!tokens.length) return html`<${Empty} title=${t('tokens-none')} how=${t('tokens-how')} />`;
  return html`<table class="list people"><thead><tr><th>${t('token-name')}</th><th>${t('roles')}</th><th>${t('token-until')}</th><th>${t('status')}</th><th><span class="only-read">${t('n-change')}</span></th></tr></thead>
    <tbody>${tokens.map((token) => html`<tr key=${token.token}><td>${token.name} <small>${token.token}</small></td><td>${roleWords(token.roles)} ${token.producer && html`<small>${token.producer}</small>`}</td>
      <td>${token.until.slice(0, 10)}</td><td><${Status} icon=${token.revoked ? 'disabled' : 'online'} word=${token.revoked ? t('revoked') : t('user-active')} /></td>
      <${Changes}>${may('token.revoke') && !token.revoked && html`<${Button} word=${t('revoke')} press=${() => change('revoke', { token })} />`}</${Changes}></tr>`)}</tbody></table>`;
}

function Instruments() {
  const { gateway } = useLive();
  const { data, error, retry } = useFetched('/api/v1/instruments', useAtMost(gateway?.applied, 10000));
  if (error && !data) return html`<section class="panel"><${Failed} error=${error} retry=${retry} /></section>`;
  if (!data) return html`<section class="panel"><${Loading} rows=${6} /></section>`;
  return html`<section class="panel"><div class="panel-head"><h2>${t('d-instruments')}</h2><span class="end"><${CsvLink} path="/api/v1/instruments" /></span></div><div class="table-scroll"><table class="story"><thead><tr><th>${t('instrument')}</th><th>${t('n-location')}</th><th>${t('serial')}</th><th>${t('line')}</th><th>${t('n-users')}</th><th>${t('n-due')}</th></tr></thead>
    <tbody>${data.instruments.map((one) => html`<tr key=${one.instrument} ...${rowProps(() => {
    location.hash = `#/instrument/${encodeURIComponent(one.instrument)}`;
  })}><td><b>${pick(one, 'name')}</b>　<small class="third">${one.model}</small></td><td>${one.location}</td><td>${one.serial || one.serial_seen}</td><td><${LineStatus} status=${one.line_status} /></td><td>${one.users.length ? one.users.join('、') : t('n-anybody')}</td><td><${Calibrated} until=${one.calibrated_until} /></td></tr>`)}</tbody></table></div></section>`;
}

function People() {
  const [version, again] = useState(0);
  const [change, setChange] = useState(null);
  const [secret, setSecret] = useState('');
  const users = useFetched(may('user.list') ? '/api/v1/users' : '', version), tokens = useFetched(may('token.list') ? '/api/v1/tokens' : '', version);
  const open = (what, which = {}) => setChange({ what, ...which });
  if (!may('user.list')) return html`<section class="panel"><${Empty} title=${t('not-for-you')} how=${t('not-for-you-how')} /></section>`;
  if (users.error || tokens.error) return html`<section class="panel"><${Failed} error=${users.error || tokens.error} retry=${() => again((n) => n + 1)} /></section>`;
  return html`<section class="panel"><div class="panel-head"><h2>${t('users')}</h2><span class="end">${may('user.add') && html`<button class="button" id="add-user" onClick=${() => open('add')}>${t('user-add')}</button>`}</span></div>
      ${users.data ? html`<div class="table-scroll"><${Users} users=${users.data.users} change=${open} /></div>` : html`<${Loading} />`}</section>
    <section class="panel"><div class="panel-head"><h2>${t('tokens')}</h2><span class="end">${may('token.add') && html`<button class="button" id="add-token" onClick=${() => open('token')}>${t('token-add')}</button>`}</span></div>
      ${secret && html`<div class="panel-body" role="status"><p><${Icon} name="warn" /> ${t('token-once')}</p><code class="command" id="secret">${secret}</code></div>`}
      ${tokens.data ? html`<div class="table-scroll"><${Tokens} tokens=${tokens.data.tokens} change=${open} /></div>` : html`<${Loading} />`}</section>
    ${change && html`<${Change} ...${change} close=${() => setChange(null)} done=${(answer) => {
      setSecret(answer?.token?.secret || '');
      again((n) => n + 1);
    }} />`}`;
}

const PARTS = [['instruments', 'instrument.list', Instruments], ['people', 'user.list', People], ['programme', 'programme.list', Programmes], ['state', 'status', State]];

export function Admin({ id }) {
  useSession();
  const parts = PARTS.filter(([, right]) => may(right));
  if (!parts.length) return html`<${Empty} title=${t('not-for-you')} how=${t('not-for-you-how')} />`;
  const [name, , Part] = parts.find(([one]) => one === id) || parts[0];
  return html`<div class="admin-page"><nav class="tabs" aria-label=${t('admin')}>${parts.map(([one]) => html`<a key=${one} href=${`#/admin/${one}`} aria-current=${one === name ? 'true' : undefined}>${t(`d-${one}`)}</a>`)}</nav><div class="batch admin"><${Part} /></div></div>`;
}
