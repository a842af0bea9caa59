// SPDX-License-Identifier: Apache-2.0
// All words of the pages, Chinese and English. Data stays in the language it was entered in; only our words switch.
const STORED = 'assay-language';

export const WORDS = {
  bench: ['工作台', 'Bench'], mine: ['我的批次', 'My batches'], intake: ['收样', 'Intake'], 'intake-sub': ['产品、批号、来源，全项清单', 'product, lot, origin and the whole list'], batches: ['批次', 'Batches'], review: ['复核', 'Review'], quality: ['质控', 'Quality'], trail: ['追溯', 'Trail'], standards: ['标准', 'Standards'],
  'standards-sub': ['按生产日期适用的版本', 'the edition in force on the production date'],
  'trail-sub': ['从印出的数字到线上的字节', 'from a printed figure to the bytes on the wire'],
  producers: ['企业', 'Producers'], district: ['全区风险', 'District'], release: ['签发', 'Release'], certificate: ['证书', 'Certificate'], 'alarms-page': ['告警', 'Alarms'], 'more-pages': ['更多', 'More'],
  scan: ['扫条码，或输入批号、样品、卡号、证书号', 'Scan, or type a batch, sample, card, certificate'],
  'scan-none': ['没有“{}”', 'nothing called “{}”'],
  'other-language': ['EN', '中文'], language: ['语言', 'Language'],
  alarms: ['{} 条告警', '{} alarms'], 'alarm-one': ['1 条告警', '1 alarm'], entries: ['台账 {} 条', '{} journal entries'],
  keys: ['按键', 'Keys'], 'all-keys': ['全部按键', 'all keys'], theme: ['颜色', 'Colours'],
  'theme-system': ['跟随系统', 'as the system'], 'theme-light': ['浅色', 'light'], 'theme-dark': ['深色', 'dark'],
  close: ['关闭', 'Close'], version: ['assay {} 版', 'assay {}'], licenses: ['所用开源组件', 'open-source parts'],
  // verdicts, statuses
  pass: ['合格', 'Pass'], fail: ['不合格', 'Fail'], undetermined: ['不能判定', 'Undetermined'],
  not_applicable: ['不适用', 'Not applicable'], 'not-judged': ['未判定', 'Not judged yet'],
  'to-test': ['待检测', 'To test'], testing: ['检测中', 'Testing'], 'awaiting-review': ['待复核', 'Awaiting review'],
  'awaiting-release': ['待签发', 'Awaiting release'], released: ['已签发', 'Issued'], void: ['作废', 'Void'],
  done: ['已完成', 'Done'],
  online: ['在线', 'online'], silent: ['静默', 'silent'], down: ['断线', 'down'], disabled: ['停用', 'disabled'],
  opening: ['正在打开', 'opening'], locked: ['仪器不符', 'another device'],
  // slots
  empty: ['待测', 'Empty'], armed: ['待填', 'Armed'], filled: ['已填', 'Filled'], refused: ['未取用', 'Refused'],
  typed: ['手工值，待复核', 'Typed, awaiting review'], 'typed-short': ['手工值', 'typed'],
  'wait-stable': ['等待稳定', 'Waiting'], times: ['第 {} 次', 'no. {}'], last: ['上次', 'last'],
  'help-back': ['撤回上一格，要写理由', 'take the last filling back, with a reason'],
  replicate: ['平行样 {}', 'Replicate {}'], container: ['样品 {}', 'Container {}'], missing: ['缺失', 'missing'], 'slot-of': ['平行样 {0} 的', 'replicate {0},'],
  filled_of: ['已填 {0} / {1} 格', '{0} / {1} slots filled'],
  next: ['{} 的下一个稳定读数', 'Next stable reading of {}'],
  'next-how': ['自动填入，无需按键', 'no key needed'],
  'just-filled': ['已填', 'Filled'], 'was-refused': ['未取用', 'Not taken'],
  'none-armed': ['没有待填的格子', 'No slot is armed'],
  'arm-how': ['用命令指派：', 'Arm one with:'],
  'job-done': ['此项已测完', 'This test is done'], waits: ['等 {}', 'needs {}'],
  report: ['{0}报告：{1}', '{0} reports: {1}'], now: ['现在', 'now'], 'seconds-ago': ['{} 秒前', '{} s ago'],
  'no-reading': ['无读数', 'No reading'], 'read-at': ['读于 {}', 'read {}'], 'line-lost': ['断线', 'Line down'],
  // evidence
  'oven-whole': ['{0} 全程 {1}', '{0}: {1} all along'], dried: ['干燥 {}', 'dried {}'],
  'evidence-missing': ['佐证缺失', 'evidence missing'], 'evidence-not-yet': ['佐证在测定时记录', 'recorded while testing'],
  evidence: ['佐证', 'Evidence'], in: ['在范围内', 'in range'], low: ['低于范围', 'below range'], high: ['高于范围', 'above range'],
  band: ['判据 {}', 'band {}'], calibrated: ['校准至 {}', 'calibrated to {}'], overdue: ['校准过期', 'calibration overdue'],
  'open-clause': ['打开条文', 'open the clause'], 'help-clause': ['打开条文', 'open the clause'],
  'to-history': ['看历史曲线', 'show its history'],
  'armed-here': ['已指派', 'armed'],
  // frames
  frames: ['最近的帧', 'Latest frames'], 'bytes-first': ['原始字节先入台账，再解读', 'bytes are in the journal before they are read'],
  arrived: ['到达时间', 'Arrived'], source: ['来源', 'From'], raw: ['原文', 'As received'], reading: ['读数', 'Reading'],
  fate: ['去向', 'Went to'], unassigned: ['未指派', 'unassigned'], 'as-evidence': ['作佐证', 'kept as evidence'],
  'no-bytes': ['没有收到字节', 'no bytes received'],
  'outcome-timeout': ['没有应答', 'no answer'], 'outcome-bad-frame': ['帧不完整，不取用', 'damaged frame, not taken'],
  'outcome-mismatch': ['不是所问的应答，不取用', 'not the answer to this question, not taken'],
  'outcome-exception': ['仪器拒绝', 'device refused'], 'outcome-late': ['来迟，不取用', 'late, not taken'],
  'outcome-hangup': ['线路断开', 'line hung up'], 'outcome-host-died': ['接口程序中断，字节已留', 'host stopped, bytes kept'],
  'outcome-fence': ['清线', 'line cleared'], 'outcome-identity': ['核对仪器身份', 'identity checked'],
  'not-stable': ['未稳定，不取用', 'unstable, not taken'],
  // readings
  stable: ['稳定', 'stable'], dynamic: ['未稳定', 'unstable'], over: ['超载', 'overload'], under: ['欠载', 'underload'],
  net: ['净重', 'net'], gross: ['毛重', 'gross'], tare: ['皮重', 'tare'], below_minimum: ['低于最小称量', 'below minimum weight'],
  calibrating: ['正在校准', 'calibrating'], censored_low: ['小于所示值', 'below the value shown'],
  censored_high: ['大于所示值', 'above the value shown'],
  busy: ['忙', 'busy'], 'not-ready': ['尚无测量值', 'no measurement yet'], 'device-error': ['仪器自报故障', 'device fault'],
  'no-sensor': ['传感器断开', 'no sensor'], 'not-mine': ['别的设备的帧', 'another device’s frame'],
  'bad-checksum': ['校验和不符', 'checksum differs'], 'bad-format': ['格式不符', 'outside the declared format'],
  'unknown-unit': ['单位不认识', 'unknown unit'], 'too-long': ['过长', 'too long'],
  // lines
  lines: ['线路与仪器', 'Lines and instruments'], 'lines-none': ['还没有线路。', 'No lines yet.'],
  'lines-none-how': ['在 lab.xml 里写上串口或地址，再启动网关。', 'Write a port or an address into lab.xml and start the gateway again.'],
  // bench empty
  'bench-all': ['全部在做', 'all in work'], 'bench-none': ['没有在做的检验。', 'Nothing is being tested.'],
  'bench-none-how': ['登记一个批次，它的检验项目就会排到这里：', 'Register a batch, and its tests come here:'],
  // batches
  all: ['全部', 'All'], open: ['在办', 'Open'], count: ['共 {} 批', '{} batches'], 'count-of': ['第 {0} 批，筛选后共 {1} 批', '{0} of {1} batches'],
  many: ['很多', 'many'], took: ['查询 {} ms', 'query {} ms'], 'page-next': ['下一页', 'next page'], 'page-before': ['上一页', 'page before'],
  filter: ['筛选：产品、企业、批号、生产日期', 'Filter: product, producer, number, date made'],
  order: ['先列要处理的，早收样的在前', 'what needs a person first, then oldest'],
  batch: ['批号', 'Batch'], product: ['产品与类别', 'Product and category'], producer: ['企业', 'Producer'], produced: ['生产日期', 'Produced'],
  received: ['收样', 'Received'], origin: ['来源', 'Origin'], progress: ['项目完成', 'Tests done'], attention: ['需要注意', 'Needs attention'],
  status: ['状态', 'Status'], verdict: ['判定', 'Verdict'], lot: ['生产批号', 'Lot'], amount: ['数量', 'Amount'], sample: ['样品', 'Sample'],
  'batches-none': ['还没有批次。', 'No batches yet.'], 'batches-none-how': ['登记第一批：', 'Register the first:'],
  'batches-nothing': ['没有符合的批次。', 'No batch fits.'], 'batches-nothing-how': ['去掉“{0}”有 {1} 批。按 Esc 清除。', 'Without “{0}” there are {1}. Esc clears.'],
  'origin-sent-in': ['送检', 'sent in'], 'origin-collected': ['上门取样', 'collected'], 'origin-market-check': ['市场抽检', 'market check'],
  'origin-citizens-choice': ['市民点选', 'citizens’ choice'], 'origin-sentinel-point': ['哨点', 'sentinel point'],
  'key-updown': ['上下', 'up, down'], 'key-open': ['打开', 'open'], 'key-trail': ['追溯', 'trail'], 'key-filter': ['筛选', 'filter'],
  // one batch
  'not-verified': ['未核实：所依据的台账条目已损坏（{}）。请从备份恢复', 'Not verified: it rests on damaged entries of the journal ({}); restore from a backup'],
  scope: ['判定范围', 'Scope of the verdict'], tests: ['检验项目', 'Tests'], analyte: ['项目', 'Analyte'], method: ['方法', 'Method'],
  limit: ['限量', 'Limit'], result: ['结果', 'Result'], reviews: ['复核记录', 'Reviews'], 'reviews-none': ['还没有复核记录。', 'No reviews yet.'],
  labels: ['标签', 'Labels'], line: ['线路', 'Line'], who: ['谁', 'Who'], 'to-bench': ['去工作台', 'to the Bench'], 'trail-read': ['追溯已读', 'trail read'], amend: ['更正', 'amended'], retest: ['复测', 'retest'],
  'to-trail': ['追溯到字节', 'to the bytes'], back: ['返回', 'Back'], reason: ['理由', 'Reason'], formula: ['公式', 'Formula'],
  confirm: ['确认', 'confirmed'], 'no-limit-here': ['无限量', 'no limit'], 'not-permitted': ['不得使用', 'not permitted'],
  // review
  'review-count': ['{} 条待复核', '{} waiting'], 'review-queue': ['待复核', 'Waiting'],
  'review-none': ['没有待复核的结果。', 'Nothing waits for review.'],
  'review-none-how': ['超限、接近限量、不能判定和手工录入的结果会排到这里。', 'Results that are over or near a limit, undetermined or typed come here.'],
  decision: ['复核决定', 'Decision'], 'record-digest': ['所签记录', 'Record signed'],
  'no-value': ['没有结果', 'no result'],
  // trail
  'trail-none': ['选一个结果。', 'Choose a result.'], 'trail-none-how': ['扫批号或样品号，或从下面的批次走进去。', 'Scan a batch or sample, or enter from a batch below.'],
  bytes: ['字节', 'Bytes'], frame: ['帧', 'Frame'], readings: ['读数', 'Readings'], derivation: ['推导', 'Derivation'],
  driver: ['驱动', 'Driver'], digests: ['摘要', 'Digests'], clause: ['条文', 'Clause'], standard: ['标准', 'Standard'],
  value: ['数值', 'value'], unit: ['单位', 'unit'], seq: ['台账序号', 'Journal no.'], leaf: ['叶哈希', 'Leaf hash'],
  instrument: ['仪器', 'Instrument'], serial: ['序列号', 'Serial'], sent: ['发出', 'Sent'], got: ['收到', 'Received'],
  'spec-file': ['规格文件', 'Spec file'], confidence: ['可信度', 'Confidence'], 'source-of': ['出处', 'Source'],
  'bytes-of': ['第 {0} 至 {1} 字节', 'bytes {0} to {1}'], 'n-bytes': ['{} 字节', '{} bytes'], compared: ['比较', 'Compared'],
  'check-offline': ['不信任本机？把数据目录拷走，在任何电脑上核对：', 'Do not trust this machine? Copy the data directory and check it anywhere:'],
  'typed-trail': ['手工录入，没有仪器字节', 'typed by hand, there are no bytes'], exact: ['未修约', 'before rounding'],
  'raw-bytes': ['原始字节', 'Raw bytes'],
  'of-request': ['所问', 'Asked'], unasked: ['仪器自发', 'sent unasked'],
  // feed, loading
  'feed-lost': ['画面停在 {}。与网关断开，正在重连。画面断开不影响采集。', 'The picture stands at {}. Not connected to the gateway, trying again. Acquisition does not depend on this page.'],
  'feed-never': ['还没有连上网关，正在连接……', 'Not connected to the gateway yet, trying……'],
  'state-absent': ['状态库正在重建，画面暂时不更新。台账不受影响。', 'The state is being rebuilt; the picture does not change meanwhile. The journal is not affected.'],
  loading: ['正在读取……', 'Reading……'], 'load-failed': ['读不出来', 'Could not be read'], retry: ['再试', 'Try again'],
  // people
  'log-in': ['登录', 'Log in'], 'log-out': ['退出登录', 'Log out'], user: ['用户名', 'User'], password: ['密码', 'Password'], 'full-name': ['姓名', 'Name'],
  'user-how': ['小写字母、数字和 . _ -，以字母开头', 'small letters, digits and . _ -, a letter first'],
  'new-password': ['新密码', 'New password'], 'password-again': ['再输入一次', 'The same again'], 'password-now': ['现在的密码', 'Present password'],
  'password-how': ['至少 8 个字符；几个不相干的词就很好', 'at least 8 characters; some unrelated words do well'], 'passwords-differ': ['两次输入的密码不同', 'The two passwords differ'],
  'change-password': ['修改密码', 'Change password'], 'change-password-how': ['别处的登录会全部结束。', 'All other logins of yours end.'],
  'first-admin': ['建立第一个管理员', 'Make the first administrator'], 'first-admin-make': ['建立并登录', 'Make and log in'],
  'first-admin-how': ['网关刚装好，还没有任何用户。', 'The gateway is new and has no user yet.'],
  'factor-code': ['动态验证码', 'Code of your authenticator'], 'factor-code-how': ['手机上的六位数字', 'six digits'],
  code: ['一次性代码', 'One-time code'], 'code-where': ['启动 assay serve 时打印在终端，也在数据目录的 run/first-admin 里', 'printed by assay serve, and in run/first-admin of the data directory'],
  users: ['用户', 'Users'], tokens: ['机器令牌', 'Tokens of machines'], admin: ['管理', 'Admin'], roles: ['角色', 'Roles'], status: ['状态', 'Status'], reason: ['理由', 'Reason'],
  'role-technician': ['检验员', 'technician'], 'role-reviewer': ['复核人', 'reviewer'], 'role-qa': ['质量负责人', 'QA'], 'role-admin': ['管理员', 'administrator'], 'role-producer': ['企业', 'producer'], 'role-read': ['只读', 'read only'],
  'user-add': ['添加用户', 'Add a user'], 'user-active': ['可用', 'active'], enable: ['恢复', 'Enable'], disable: ['停用', 'Disable'], revoke: ['撤销', 'Revoke'], revoked: ['已撤销', 'revoked'],
  'user-disable': ['停用 {}', 'Disable {}'], 'user-enable': ['恢复 {}', 'Enable {}'], 'user-disable-how': ['登录立即结束；他做过的记录不变。', 'His logins end at once; what he recorded stays.'], 'user-enable-how': ['可以用原来的密码登录。', 'He can log in with the password he had.'],
  'roles-of': ['{} 的角色', 'Roles of {}'], 'password-of': ['给 {} 一个新密码', 'A new password for {}'], 'producer-of': ['企业（只用于企业用户）', 'Producer (of a producer’s user only)'],
  'token-add': ['添加令牌', 'Add a token'], 'token-name': ['用途', 'Name'], 'token-days': ['有效天数', 'Days it counts'], 'token-until': ['有效至', 'Until'], 'token-revoke': ['撤销“{}”', 'Revoke “{}”'],
  'token-once': ['令牌只显示这一次，请现在抄走：', 'The token is shown this once; copy it now:'], 'tokens-none': ['还没有令牌', 'No token yet'], 'tokens-how': ['别的系统用令牌读写 API，不用人的密码。', 'Other systems use the API with a token, not with a person’s password.'],
  'not-for-you': ['这一页不对您开放', 'This page is not for you'], 'not-for-you-how': ['需要管理员或质量负责人。', 'It needs an administrator or QA.'],
  sign: ['签名', 'Sign'], cancel: ['取消', 'Cancel'], 'signature-of': ['{} 的密码（签名）', 'Password of {} (signature)'], me: ['我', 'Me'],
  // help
  'help-scan': ['扫码框', 'scan box'], 'help-go': ['工作台、收样、批次、复核、追溯、标准、企业、管理', 'Bench, Intake, Batches, Review, Trail, Standards, Producers, Admin'],
  'help-move': ['上一条、下一条', 'previous, next'], 'help-open': ['打开', 'open'], 'help-esc': ['关闭、清除、返回', 'close, clear, back'],
  'help-choose': ['确认、复测、作废（只是选，不是签）', 'confirm, retest, void (chooses, does not sign)'], 'help-sign': ['签名', 'sign'], 'help-bench': ['立即取数、解除指派', 'take a reading now, disarm'],
  'help-page': ['下一页、上一页', 'next, previous page'],
  'help-proof': ['重新核对、下载证明', 'check again, get the proof'], 'help-filter': ['筛选', 'filter'], 'help-trail': ['追溯', 'walk the trail'], 'help-readings': ['上一个、下一个读数的字节', 'previous, next reading’s bytes'],
  'help-language': ['中文、英文', 'Chinese, English'], 'help-help': ['这张表', 'this list'],
  'where-all': ['各页', 'all'], 'where-lists': ['列表', 'lists'], 'where-trail': ['追溯', 'Trail'],
};

// A page that is loaded when it is first wanted brings its own words.
export const learn = (words) => Object.assign(WORDS, words);

let language = start();

function start() {
  let stored = null;
  try {
    stored = localStorage.getItem(STORED);
  } catch { /* storage is switched off: the browser's language decides */ }
  if (stored === 'zh' || stored === 'en') return stored;
  return /^en\b/i.test(navigator.language || '') ? 'en' : 'zh';
}

export const current = () => language;

export function choose(which) {
  language = which;
  try {
    localStorage.setItem(STORED, which);
  } catch { /* it holds until the page is closed */ }
  document.documentElement.lang = which === 'zh' ? 'zh-CN' : 'en';
}

// The word for key with {} or {0} {1} ... filled in; a key that has no word is shown as it is.
export function t(key, ...values) {
  const pair = WORDS[key];
  if (!pair) return String(key);
  let n = 0;
  return pair[language === 'zh' ? 0 : 1].replace(/\{(\d?)\}/g, (_, i) => String(values[i === '' ? n++ : Number(i)]));
}

// object.NAME_zh or object.NAME_en; the other when this one is empty.
export function pick(object, name) {
  if (!object) return '';
  const other = language === 'zh' ? 'en' : 'zh';
  return object[`${name}_${language}`] || object[`${name}_${other}`] || '';
}

// A remark in brackets, and a list of facts said in one breath.
export const brackets = (text) => (text ? (language === 'zh' ? `（${text}）` : ` (${text})`) : '');
export const listed = (parts) => parts.filter(Boolean).join(language === 'zh' ? '，' : ', ');

// What a verdict says beyond its one word; '' when that is all.
export function more(judged) {
  const text = pick(judged, 'text');
  return !text || text.toLowerCase() === t(judged.verdict).toLowerCase() ? '' : text;
}

export const said = (step) => (step ? step[language] || step.zh || step.en || '' : '');
