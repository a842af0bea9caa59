// SPDX-License-Identifier: Apache-2.0
// How the gateway itself is: journal, checkpoint, roles, lines; what doctor and verify would say stands there as a command.
import { html } from './standalone.module.js';
import { Bell } from './bell.js';
import { CsvLink } from './csv.js';
import { useFetched } from './fetched.js';
import { gatewayNow, useLive } from './live.js';
import { LineStatus, Status } from './parts.js';
import { clock, day, grouped, lasted } from './text.js';
import { t, pick, learn } from './words.js';

learn({
  'z-gateway': ['网关', 'Gateway'], 'z-state': ['状态库', 'State'], 'z-ready': ['已跟上台账', 'follows the journal'], 'z-behind': ['正在重建', 'being rebuilt'], 'z-entries': ['台账条数', 'Journal entries'], 'z-checkpoint': ['最近的检查点', 'Latest checkpoint'], 'z-covers': ['覆盖 {} 条', 'over {} entries'], 'z-none': ['还没有', 'none yet'],
  'z-disk': ['磁盘', 'Disk'], 'z-disk-days': ['还够 {} 天', 'will do for {} days'], 'z-disk-young': ['台账不足一小时，还算不出够几天', 'the journal is younger than an hour: not known yet for how long'], 'z-disk-free': ['余 {} GB', '{} GB free'], 'z-disk-low': ['几乎满了，采集会暂停', 'nearly full, acquisition will pause'], 'z-disk-rate': ['每天 {} MB', '{} MB a day'],
  'z-version': ['版本', 'Version'], 'z-lines': ['线路', 'Lines'], 'z-since': ['自 {}', 'since {}'], 'z-check': ['在网关的机器上核对整本台账，离线，不改一个字节：', 'Check the whole journal on the gateway’s machine, offline, changing no byte:'], 'z-doctor': ['磁盘、时钟、备份、密钥一并检查：', 'Disk, clock, backup and keys together:'], 'z-metrics': ['给监控用', 'for monitoring'],
});

// The newest entry that a checkpoint covers: the inclusion of entry 0 names the oldest checkpoint over it, that of the last one the newest.
function Checkpoint({ applied }) {
  const step = Math.max(0, applied - 1 - (applied % 50)); // not another question at every entry
  const { data } = useFetched(applied > 0 ? `/api/v1/journal/${step}/inclusion` : '', '');
  const { data: first } = useFetched(data || applied <= 0 ? '' : '/api/v1/journal/0/inclusion', '');
  const found = data || first;
  return found ? html`<${Status} icon="check" tone="pass" word=${t('z-covers', grouped(found.checkpoint.size))} />　<span class="second"><a href=${`#/entry/${found.seq}`}>#${grouped(found.seq)}</a></span>` : html`<span class="third">${t('z-none')}</span>`;
}

const DAYS_LEFT_MIN = 30; // as assay doctor

function Disk() {
  const { data } = useFetched('/api/v1/status', '');
  const disk = data?.disk;
  if (!disk) return '—';
  const few = disk.low || (disk.days_left !== null && disk.days_left < DAYS_LEFT_MIN);
  const word = disk.low ? t('z-disk-low') : disk.days_left === null ? t('z-disk-young') : t('z-disk-days', grouped(disk.days_left));
  return html`<${Status} icon=${few ? 'warn' : 'check'} tone=${few ? 'und' : 'pass'} word=${word} />　<span class="second">${t('z-disk-free', grouped(Math.floor(disk.free_bytes / 1e9)))}${disk.journal_bytes_per_day === null ? '' : `　${t('z-disk-rate', grouped(Math.ceil(disk.journal_bytes_per_day / 1e6)))}`}</span>`;
}

export function State() {
  const { gateway, lines } = useLive();
  return html`<section class="panel"><div class="panel-head"><h2>${t('z-gateway')}</h2><span class="end"><${Bell} /></span></div><div class="panel-body"><dl class="pairs">
      <dt>${t('z-version')}</dt><dd>${gateway?.version || '—'}</dd><dt>${t('z-state')}</dt><dd>${gateway ? html`<${Status} icon=${gateway.state === 'ready' ? 'check' : 'silent'} tone=${gateway.state === 'ready' ? 'pass' : 'und'} word=${t(gateway.state === 'ready' ? 'z-ready' : 'z-behind')} />` : '—'}</dd>
      <dt>${t('z-entries')}</dt><dd><b>${gateway ? grouped(gateway.applied + 1) : '—'}</b></dd><dt>${t('z-checkpoint')}</dt><dd>${gateway ? html`<${Checkpoint} applied=${gateway.applied} />` : ''}</dd>
      <dt>${t('z-disk')}</dt><dd id="disk"><${Disk} /></dd></dl>
      <div class="offline"><span>${t('z-check')}</span><code>assay verify DIR</code></div><div class="offline"><span>${t('z-doctor')}</span><code>assay doctor</code></div><p class="third panel-body"><a href="/metrics">/metrics</a>　<a href="/healthz">/healthz</a>　${t('z-metrics')}</p></div></section>
    <section class="panel"><div class="panel-head"><h2>${t('z-lines')}</h2><span class="end"><${CsvLink} path="/api/v1/lines" /></span></div><table class="story"><tbody>${(lines || []).map((line) => html`<tr key=${line.line}><td><b>${pick(line, 'name') || line.line}</b></td><td>${line.transport}　${line.address}</td><td><${LineStatus} status=${line.status} /></td><td>${line.since ? `${t('z-since', `${day(line.since)} ${clock(line.since)}`)}　${lasted(line.since, gatewayNow())}` : ''}</td><td class="wraps">${line.status === 'online' ? '' : pick(line, 'text')}</td></tr>`)}</tbody></table></section>`;
}
