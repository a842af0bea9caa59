/* SPDX-License-Identifier: Apache-2.0
 * Alarms 报警: what somebody has to look at now, worked out from the state and the time whenever it is asked for. An alarm
 * is named by what it is about and since when, so that the same trouble another day is another alarm. */
#include "gateway/lab/entries.h"
#include "gateway/lab/query.h"
#include "gateway/lab/query_row.h"

#include <time.h>

#define DAY_NS (86400 * 1000000000ll)
#define SOON_DAYS 30 /* a calibration that ends within so many days */

#define FOUND(source)                                                                                        \
	"WITH found(alarm, kind, subject, level, since, text_zh, text_en) AS (" source                       \
	") SELECT alarm, kind, subject, level, since AS \"@since\", text_zh, text_en FROM found"

/* Columns of each: alarm, kind, subject, level, since_ns, text_zh, text_en. ?1 now, ?2 today, ?3 the day SOON_DAYS ahead. */
static const char *const sources[] = {
	FOUND("SELECT 'line-'||l.status||':'||l.id||':'||l.seq AS alarm, 'line' AS kind, l.id AS subject, "
	      "'alarm' "
	      "AS level,"
	      " l.since_ns AS since_ns,"
	      " '线路 '||l.name_zh||' '||CASE l.status WHEN 'locked' THEN '已锁定' WHEN 'silent' THEN "
	      "'没有应答' "
	      "ELSE '中断' END"
	      " ||CASE l.text_zh WHEN '' THEN '' ELSE '：'||l.text_zh END AS text_zh,"
	      " 'line '||l.name_en||' is '||l.status||CASE l.text_en WHEN '' THEN '' ELSE ': '||l.text_en "
	      "END AS "
	      "text_en"
	      " FROM line AS l WHERE l.status IN ('down','silent','locked') AND ?1>0 AND ?2<>'' AND ?3<>''"),
	/* polled, its line is up, and it has said nothing for three rounds and a minute */
	FOUND("SELECT 'instrument-silent:'||i.id||':'||coalesce(max(c.wall_ns),l.since_ns), 'instrument', "
	      "i.id, "
	      "'alarm',"
	      " coalesce(max(c.wall_ns),l.since_ns), '仪器 '||i.name_zh||' 很久没有读数',"
	      " 'instrument '||i.name_en||' has given no reading for long' FROM instrument AS i JOIN line AS "
	      "l ON "
	      "l.id=i.line"
	      " LEFT JOIN (SELECT f.instrument AS instrument, r.wall_ns AS wall_ns FROM latest AS f JOIN "
	      "readings"
	      " AS r ON r.seq=f.seq) AS c ON c.instrument=i.id WHERE i.every_ms>0 AND "
	      "l.status='online' "
	      "AND ?2<>''"
	      " AND ?3<>'' GROUP BY i.id HAVING coalesce(max(c.wall_ns),l.since_ns) < "
	      "?1-max(3*i.every_ms,60000)*1000000"),
	FOUND("SELECT 'calibration-due:'||id||':'||calibrated_until, 'calibration', id,"
	      " CASE WHEN calibrated_until<?2 THEN 'alarm' ELSE 'notice' END, 0,"
	      " '仪器 '||name_zh||CASE WHEN calibrated_until<'1' THEN ' 校准结论不合格' WHEN "
	      "calibrated_until<?2 "
	      "THEN"
	      " ' 校准已过期：'||calibrated_until ELSE ' 校准将到期：'||calibrated_until END,"
	      " 'calibration of '||name_en||CASE WHEN calibrated_until<'1' THEN ' found it unfit' WHEN "
	      "calibrated_until<?2 THEN"
	      " ' ended on '||calibrated_until ELSE ' ends on '||calibrated_until END"
	      " FROM instrument WHERE calibrated_until<>'' AND calibrated_until<=?3 AND ?1>0"),
	FOUND("SELECT 'entitlement-low:'||id||':'||alarm_at, 'entitlement', id, 'notice', 0,"
	      " '项目 '||name_zh||' 只剩 '||(tests-used)||' 次', 'programme '||id||' has '||(tests-used)||' "
	      "tests "
	      "left'"
	      " FROM programme WHERE tests-used<=alarm_at AND ?1>0 AND ?2<>'' AND ?3<>''"),
	FOUND("SELECT 'fault:'||seq, CASE WHEN code LIKE 'clock%' THEN 'clock' WHEN code LIKE '%full%' THEN "
	      "'disk' "
	      "ELSE 'fault' END,"
	      " code, 'alarm', wall_ns, text_zh, text_en FROM fault WHERE wall_ns>?1-7*86400000000000 AND "
	      "?2<>'' "
	      "AND ?3<>''"),
	FOUND("SELECT 'certificate-unprinted:'||id, 'certificate', id, 'notice', wall_ns, '证书 '||id||' "
	      "还没有打印件',"
	      " 'certificate '||id||' has no print yet' FROM certificate WHERE paper_seq IS NULL AND "
	      "wall_ns<?1-600000000000"
	      " AND ?2<>'' AND ?3<>''"),
	FOUND("SELECT 'hold:'||id, 'quality', id, 'alarm', wall_ns, '结果暂扣 '||id||'：质控 '||run||' 在 "
	      "'||instrument||' 上违反 '||rule, 'results are held by '||id||': controls '||run||' on "
	      "'||instrument||' broke '||rule FROM hold WHERE status<>'released' AND ?1>0 AND ?2<>'' AND "
	      "?3<>''"),
	FOUND("SELECT 'check-due:'||instrument||':'||due, 'instrument', instrument, CASE WHEN due<?2 THEN "
	      "'alarm' ELSE 'notice' END, 0, '仪器 '||instrument||' 期间核查'||CASE WHEN due<?2 THEN "
	      "'已过期：' "
	      "ELSE '将到期：' END||due, 'the intermediate check of '||instrument||CASE WHEN due<?2 THEN ' "
	      "was due "
	      "on ' ELSE ' is due on ' END||due FROM instrument_check AS k WHERE due<>'' AND due<=?3 AND "
	      "?1>0 AND "
	      "seq=(SELECT max(seq) FROM instrument_check WHERE instrument=k.instrument)"),
};

static bool day(int64_t wall_ns, char out[16])
{
	time_t seconds = (time_t)(wall_ns / 1000000000);
	struct tm parts;

	return localtime_r(&seconds, &parts) && strftime(out, 16, "%Y-%m-%d", &parts) > 0;
}

/* Who has taken note of it: {who, at, reason}, null nobody. */
static json_t *seen(sqlite3 *state, const char *alarm, struct assay_error *err)
{
	json_t *rows = query_list(state,
		query_prepare(state, err,
			"SELECT who, wall_ns AS \"@at\", reason FROM alarm_seen WHERE alarm=?1", "t", alarm),
		err);
	json_t *one = rows ? json_incref(json_array_get(rows, 0)) : NULL;

	if (rows && !one)
		one = json_null();
	json_decref(rows);
	return one;
}

json_t *assay_query_alarms(sqlite3 *state, int64_t now_ns, struct assay_error *err)
{
	char today[16], soon[16];
	json_t *all = json_array(), *rows, *row;
	size_t index;

	if (!day(now_ns, today) || !day(now_ns + SOON_DAYS * DAY_NS, soon)) {
		json_decref(all);
		(void)assay_error_set(err, ASSAY_EIO, "clock", "读不到日期", "the date cannot be read");
		return NULL;
	}
	for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
		rows = query_list(
			state, query_prepare(state, err, sources[i], "itt", now_ns, today, soon), err);
		json_array_foreach(rows, index, row)
		{
			json_t *note;

			note = seen(state, lab_text(row, "alarm"), err);
			if (note && json_object_set_new(row, "acknowledged", note) == 0)
				(void)json_array_append(all, row);
		}
		json_decref(rows);
		if (!rows) {
			json_decref(all);
			return NULL;
		}
	}
	return all;
}
