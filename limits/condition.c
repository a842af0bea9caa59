/* SPDX-License-Identifier: Apache-2.0
 * The closed list of conditions a row can ask for and a question can state. */
#include "limits/limits.h"

#include "limits/specs.h"

#include <string.h>

static const struct assay_condition conditions[] = {
	{"acid-hydrolysed-protein", "添加酸水解植物蛋白", "acid-hydrolysed vegetable protein is added"},
	{"added-beans", "添加豆类", "beans are added"},
	{"added-fat", "配料中添加油脂", "fat or oil is among the ingredients"},
	{"added-fruit-or-vegetable", "添加蔬菜或水果", "fruit or vegetables are added"},
	{"alcohol-basis", "结果已按100%酒精度折算", "the result is already converted to 100 %vol"},
	{"animal-nut-or-oil-filling", "以动物性食品或坚果类为馅料/辅料,或经油脂调制",
		"filled with animal food or nuts, or prepared with oil"},
	{"apple-or-hawthorn", "以苹果、山楂为原料", "made of apple or hawthorn"},
	{"canned", "罐头", "canned"},
	{"carry-over", "检出可能由配料带入", "the find may be carried over by an ingredient"},
	{"commercially-sterile", "商业无菌产品", "commercially sterile"},
	{"dried", "干制品", "a dried product"},
	{"dry-basis", "结果已按干重(干基)计", "the result is already on dry matter"},
	{"edible-ice", "食用冰", "edible ice"},
	{"fat-basis", "结果已以油脂中的含量计", "the result is already on the fat"},
	{"fermented-meat", "发酵肉制品", "fermented meat product"},
	{"haw-sheet", "果丹皮", "haw sheet"},
	{"infant-formula", "婴儿配方食品", "infant formula"},
	{"jelly-powder", "果冻粉,按冲调倍数", "jelly powder, judged as made up"},
	{"liquid", "液态产品", "the product is liquid"},
	{"live-culture", "活菌型", "with live cultures"},
	{"low-fat-chestnut", "脂肪含量低的栗类", "chestnuts low in fat"},
	{"made-and-sold-on-site", "现制现售", "made and sold on the spot"},
	{"milk-based", "以乳类及乳蛋白制品为主要原料", "mainly of milk or milk protein"},
	{"milk-tea-soymilk-cocoa-powder", "奶茶、豆奶粉、可可固体饮料",
		"milk tea, soymilk or cocoa powder for drinks"},
	{"mould-ripened-cheese", "添加霉菌成熟干酪", "mould-ripened cheese is added"},
	{"natural-background", "检出可能为天然本底", "the find may be natural background"},
	{"solid-drink", "固体饮料,按冲调比例", "solid drink, judged as made up"},
	{"soy-based", "以大豆及大豆蛋白制品为主要原料", "mainly of soy or soy protein"},
	{"sweet-wine", "甜型葡萄酒或果酒", "sweet wine"},
	{"tinplate", "镀锡薄钢板容器包装", "packed in tinplate"},
	{"unheated-fermented-ingredient", "含未熟制的发酵配料",
		"with fermented ingredients that are not heated"},
	{"unsterilised-fermented", "非灭菌发酵型", "fermented and not sterilised"},
	{"use-level", "数值为使用量而非残留量", "the value is the amount used, not a residue"},
	{"wine-lees-egg", "糟蛋", "eggs in wine lees"},
	{NULL, NULL, NULL},
};

_Static_assert(sizeof conditions / sizeof *conditions <= 64, "conditions are kept in 64 bits");

const struct assay_condition *assay_conditions(void)
{
	return conditions;
}

uint64_t assay_condition_bit(const char *name, size_t length)
{
	for (unsigned i = 0; conditions[i].name; i++)
		if (strncmp(conditions[i].name, name, length) == 0 && conditions[i].name[length] == '\0')
			return UINT64_C(1) << i;
	return 0;
}

bool assay_condition_bits(const char *names, uint64_t *out)
{
	*out = 0;
	for (const char *at = names; *at; at += strspn(at, " ")) {
		size_t length = strcspn(at, " ");
		uint64_t bit = assay_condition_bit(at, length);

		if (!bit)
			return false;
		*out |= bit;
		at += length;
	}
	return true;
}
