/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/care/advice.h"

#include <stddef.h>
#include <string.h>

static const struct care_advice rows[] = {
	{"directory-missing", true, "检查 -d 给出的目录；新装机器上先启动一次 assay serve",
		"look at the directory given with -d; on a new machine start assay serve once"},
	{"directory-open", true,
		"执行 chmod g-w,o-rwx（run 用 go-rwx，keys 用 g-rw,o-rwx），只让运行 assay "
		"的用户进入；用户组只读",
		"run chmod g-w,o-rwx on it (go-rwx for run, g-rw,o-rwx for keys): only assay's own user may "
		"enter, and its group read"},
	{"key-missing", true,
		"已有台账却没有签名密钥：从保管处放回 keys/origin.key；不要让程序在旧台账上另造一个",
		"there is a journal and no signing key: put keys/origin.key back from where it is kept"},
	{"key-open", true, "执行 chmod 600；若别人可能读过它，请更换密钥（SECURITY.md）",
		"run chmod 600 on it; if somebody may have read it, change the key (SECURITY.md)"},
	{"secret-open", true, "执行 chmod 600；若别人可能读过它，请更换其中的内容：密码、验证码或网页的密钥",
		"run chmod 600 on it; if somebody may have read it, change what it holds: passwords, second "
		"factors or the key of the pages"},
	{"plugins-open", true, "驱动目录只能由管理员写：chmod go-w，并用 assay driver list 核对摘要",
		"only the administrator may write the drivers' folder: chmod go-w, then compare the digests "
		"with assay driver list"},
	{"not-running", false, "需要时启动：systemctl start assay，或 assay serve -d DIR",
		"start it when it is wanted: systemctl start assay, or assay serve -d DIR"},
	{"no-answer", true, "看 journalctl -u assay，然后 systemctl restart assay；已确认的读数不会丢",
		"look at journalctl -u assay, then systemctl restart assay; nothing acknowledged is lost"},
	{"acquisition-paused", true, "磁盘满或写入失败：腾出空间；腾出后会自己继续",
		"the disk is full or a write failed: make room; it goes on by itself"},
	{"configuration", true, "按所指的行改正 lab.xml，再用 assay serve --check 检查",
		"mend lab.xml at the line named, then look again with assay serve --check"},
	{"port-missing", true, "插好线缆或适配器；端口名以 /dev/serial/by-id 为准",
		"plug the cable or adapter in; take the name from /dev/serial/by-id"},
	{"port-permission", true, "把运行 assay 的用户加入端口所属的组（安装包的 udev 规则给的是 dialout）",
		"put assay's user into the port's group (the package's udev rules give it to dialout)"},
	{"port-name-unstable", false, "改用 /dev/serial/by-id 下的名字，拔插后才不会认错仪器",
		"use the name below /dev/serial/by-id, so that unplugging cannot swap two instruments"},
	{"folder-missing", true, "建立该文件夹，或挂载仪器工作站的共享",
		"make the folder, or mount the share of the instrument's computer"},
	{"line-down", true, "按所给的原因检查线缆、电源和串口参数",
		"look at cable, power and serial settings, by the reason given"},
	{"line-locked", true, "设备与登记的不是同一台：核对序列号，由负责人确认后再用",
		"the device is not the one that was registered: compare serial numbers and have it "
		"confirmed"},
	{"calibration-overdue", true, "送检或更换；在此之前它的读数只会得出“不能判定”",
		"have it calibrated or replaced; until then its readings give undetermined only"},
	{"calibration-soon", false, "安排检定或校准", "arrange the calibration"},
	{"calibration-unknown", false, "在 lab.xml 里写上 calibrated-until；写了才会提醒",
		"write calibrated-until into lab.xml; only then can it be watched"},
	{"clock-unsynchronised", true, "启用时间同步（systemd-timesyncd 或 chrony），并检查网络",
		"switch time synchronisation on (systemd-timesyncd or chrony) and look at the network"},
	{"disk-low", true, "腾出空间或换更大的磁盘；封存的段可以先备份再依法移走",
		"make room or fit a larger disk; sealed segments can be backed up first"},
	{"journal-unreadable", true, "停下来，执行 assay verify；需要时用 assay restore 从备份恢复",
		"stop, run assay verify, and if need be assay restore from a backup"},
	{"checkpoint-missing", true, "台账还没有签过名：看 journalctl -u assay 里记录进程的错误",
		"the journal was never signed: look for the recorder's errors in journalctl -u assay"},
	{"checkpoint-old", true, "台账尾部没有签名：看 journalctl -u assay，检查 keys/ 和磁盘",
		"the journal's tail is not signed: look at journalctl -u assay, at keys/ and at the disk"},
	{"tail-unsigned", false, "上次没有正常停机；再启动一次就会补签",
		"it was not stopped in good order; the next start signs the tail"},
	{"backup-missing", true, "执行 assay backup，或 systemctl enable --now assay-backup.timer",
		"run assay backup, or systemctl enable --now assay-backup.timer"},
	{"backup-old", true, "看 systemctl status assay-backup.timer，再手工执行一次 assay backup",
		"look at systemctl status assay-backup.timer, then run assay backup by hand"},
	{"specs-unreadable", true, "重新安装 assay-specs 包，或改正所指的文件",
		"install the package assay-specs again, or mend the file named"},
	{"specs-unverified", false,
		"判定会注明 limit-unverified 并送人复核；请对照标准原文核实（specs/SOURCES.md）",
		"verdicts say limit-unverified and go to a person; compare with the standard's text "
		"(specs/SOURCES.md)"},
	{"version-sqlite", false, "assay 只有一个写入连接，因此不受影响；不要用别的程序打开 journal/ 写入",
		"assay has one writing connection and is not touched by it; let no other program write in "
		"journal/"},
	{"version-libmodbus", false, "assay 只用它打开端口和发送请求，应答自己核对；有更新时安装",
		"assay uses it to open ports and to send only, and matches answers itself; update when there "
		"is one"},
	{"version-libxml2", false, "assay 在解析前限制大小和属性个数；有安全更新时安装",
		"assay bounds size and attributes before it parses; install security updates"},
	{NULL, false, NULL, NULL},
};

const struct care_advice *care_advice_all(void)
{
	return rows;
}

const struct care_advice *care_advice_find(const char *code)
{
	for (const struct care_advice *row = rows; row->code; row++)
		if (strcmp(row->code, code) == 0)
			return row;
	return NULL;
}
