// SPDX-License-Identifier: Apache-2.0
// The decision on a batch under review: nothing preselected; a choice, a reason and the password, and the words that are signed.
import { html, useEffect, useRef, useState } from './standalone.module.js';
import { Icon } from './icons.js';
import { bind } from './keys.js';
import { Refusal } from './login.js';
import { may, useSession, write } from './session.js';
import { t, pick, learn } from './words.js';

learn({
  'd-confirm-fail': ['确认不合格', 'Confirm the fail'], 'd-confirm-pass': ['确认合格', 'Confirm the pass'], 'd-confirm-undetermined': ['确认不能判定', 'Confirm undetermined'],
  'd-confirm-what': ['判定成立，转他人签发', 'the verdict stands; somebody else releases it'],
  'd-retest': ['安排复测', 'Order a retest'], 'd-retest-what': ['首次结果保留，规则先定', 'the first result stays; the rule is fixed first'],
  'd-void': ['作废', 'Void'], 'd-void-what': ['仅限有过失证据，原值仍可查', 'only with evidence of a mistake; the values stay'],
  'd-retest-which': ['复测哪一项', 'Which test'], 'd-rule': ['以哪个结果为准', 'Which result counts'],
  'd-rule-retest-decides': ['以复测结果为准', 'the retest decides'], 'd-rule-worst-decides': ['取两次中较差的', 'the worse of both decides'],
  'd-reason': ['理由（必填）', 'Reason (needed)'], 'd-password': ['{} 的登录密码', 'Password of {}'], 'd-each': ['每次签名都要输入', 'asked at every signature'],
  'd-meaning-confirm': ['签名含义：我已复核以上证据，确认此批的判定。', 'The signature means: I have reviewed this evidence and confirm the verdict.'],
  'd-meaning-retest': ['签名含义：我已复核以上证据，安排复测，规则如上。', 'The signature means: I have reviewed this evidence and order a retest by the rule above.'],
  'd-meaning-void': ['签名含义：我有过失证据，将此批作废。', 'The signature means: I have evidence of a mistake and void this batch.'],
  'd-sign-confirm-fail': ['签名并确认不合格', 'Sign and confirm the fail'], 'd-sign-confirm-pass': ['签名并确认合格', 'Sign and confirm the pass'],
  'd-sign-confirm-undetermined': ['签名并确认不能判定', 'Sign and confirm undetermined'], 'd-sign-retest': ['签名并安排复测', 'Sign and order the retest'], 'd-sign-void': ['签名并作废', 'Sign and void'],
  'd-sign-none': ['先选一项', 'choose first'], 'd-signing': ['签名中……', 'signing……'],
  'd-after': ['签发人须不同于检验人和复核人。签名写入台账后不能删除，只能另立更正。', 'Whoever releases must be neither the tester nor the reviewer. A signature in the journal cannot be deleted, only corrected.'],
  'd-not-you': ['需要复核员的角色', 'this needs the role reviewer'], 'd-nobody': ['登录后才能签名。', 'Log in to sign.'], 'd-login': ['登录', 'Log in'],
});

const REASON_MAX = 60; // characters; the recorder takes 200 bytes of UTF-8

const actionsOf = (batch) => {
  const judged = ['pass', 'fail', 'undetermined'].includes(batch.verdict) ? batch.verdict : 'undetermined';
  return [
    { name: 'confirm', right: 'batch.confirm', title: `d-confirm-${judged}`, sign: `d-sign-confirm-${judged}`, tone: judged === 'fail' ? 'fail' : '' },
    { name: 'retest', right: 'test.retest', title: 'd-retest', sign: 'd-sign-retest', tone: '' },
    { name: 'void', right: 'batch.void', title: 'd-void', sign: 'd-sign-void', tone: 'fail' },
  ];
};

function Choice({ action, number, chosen, choose }) {
  const allowed = may(action.right);
  return html`<label class=${`choice-card ${action.tone}${chosen ? ' chosen' : ''}${allowed ? '' : ' off'}`}><input type="radio" name="action" value=${action.name} checked=${chosen} disabled=${!allowed} onChange=${() => choose(action.name)} />
    <span><b>${t(action.title)}</b><small>${t(`d-${action.name}-what`)}</small>${allowed ? '' : html`<small>${t('d-not-you')}</small>`}</span><kbd>${number}</kbd></label>`;
}

async function send(batch, action, values, etag) {
  const { reason, password, test, rule } = values;
  if (action === 'retest') return write('POST', `/api/v1/tests/${encodeURIComponent(test)}/retest`, { rule, reason }, { password });
  return write('POST', `/api/v1/batches/${encodeURIComponent(batch.batch)}/${action}`, { reason }, { password, ifMatch: etag });
}

export function Decision({ batch, tests }) {
  const me = useSession();
  const [choice, choose] = useState('');
  const [reason, setReason] = useState('');
  const [password, setPassword] = useState('');
  const [test, setTest] = useState('');
  const [rule, setRule] = useState('');
  const [error, fail] = useState(null);
  const [busy, setBusy] = useState(false);
  const form = useRef(null), note = useRef(null);
  const actions = actionsOf(batch), action = actions.find((one) => one.name === choice);
  const flagged = (tests || []).filter((one) => one.result && !one.retest_of);
  const ready = action && reason.trim() && password && !busy && (choice !== 'retest' || (test && rule));
  useEffect(() => {
    const chooseAt = (i) => () => {
      if (!may(actions[i].right)) return false;
      choose(actions[i].name);
      note.current?.focus();
      return true;
    };
    const off = [bind('1', chooseAt(0)), bind('2', chooseAt(1)), bind('3', chooseAt(2))];
    return () => off.forEach((one) => one());
  }, [batch.batch, me.user]);
  const onSubmit = async (event) => {
    event.preventDefault();
    if (!ready) return;
    setBusy(true);
    fail(null);
    try {
      await send(batch, choice, { reason: reason.trim(), password, test, rule }, batch.etag);
    } catch (problem) { // the reason stays, the password does not
      fail(problem);
    }
    setPassword('');
    setBusy(false);
  };
  const onKeyDown = (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) form.current.requestSubmit();
  };
  if (!me.user)
    return html`<aside class="decision" aria-label=${t('decision')}><h2>${t('decision')}</h2><p class="second">${t('d-nobody')}</p><a class="button" href="#/login">${t('d-login')}</a></aside>`;
  return html`<aside class="decision" aria-label=${t('decision')}><form ref=${form} onSubmit=${onSubmit} onKeyDown=${onKeyDown}><h2>${t('decision')}</h2>
    <div role="radiogroup" aria-label=${t('decision')}>${actions.filter((one) => one.name !== 'retest' || may(one.right)).map((one) => html`<${Choice} key=${one.name} action=${one} number=${actions.indexOf(one) + 1} chosen=${choice === one.name} choose=${choose} />`)}</div>
    ${choice === 'retest' ? html`<label>${t('d-retest-which')}<select required value=${test} onChange=${(e) => setTest(e.target.value)}><option value=""></option>${flagged.map((one) => html`<option key=${one.test} value=${one.test}>${pick(one, 'analyte')}</option>`)}</select></label>
      <label>${t('d-rule')}<select required value=${rule} onChange=${(e) => setRule(e.target.value)}><option value=""></option>${['retest-decides', 'worst-decides'].map((one) => html`<option key=${one} value=${one}>${t(`d-rule-${one}`)}</option>`)}</select></label>` : ''}
    <label><span class="line"><span>${t('d-reason')}</span><span class="third">${reason.length} / ${REASON_MAX}</span></span><textarea ref=${note} rows="3" maxlength=${REASON_MAX} value=${reason} onInput=${(e) => setReason(e.target.value)} required></textarea></label>
    <label><span class="line"><span>${t('d-password', me.name || me.user)}</span><span class="third">${t('d-each')}</span></span><input type="password" autocomplete="current-password" value=${password} onInput=${(e) => setPassword(e.target.value)} required /></label>
    ${action ? html`<p class="second">${t(`d-meaning-${choice}`)}</p>` : ''}<p class="second">${t('record-digest')} <span class="mono">#${batch.seq}</span>　${t('status')} ${t(batch.status)}</p>
    <${Refusal} error=${error} />
    <button class=${`button sign ${action?.tone || ''}`} disabled=${!ready}><${Icon} name="awaiting-release" />${busy ? t('d-signing') : action ? t(action.sign) : t('d-sign-none')}<kbd>Ctrl ↵</kbd></button></form>
    <p class="third after">${t('d-after')}</p></aside>`;
}
