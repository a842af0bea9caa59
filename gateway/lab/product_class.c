/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/lab/product_class.h"

#include <stddef.h>
#include <string.h>

struct named {
	const char *code, *zh, *en;
};

static const struct named classes[] = {{"01", "粮食加工品", "processed grain"},
	{"02", "食用油、油脂及其制品", "edible oils and fats"}, {"03", "调味品", "condiments"},
	{"04", "肉制品", "meat products"}, {"05", "乳制品", "dairy products"}, {"06", "饮料", "beverages"},
	{"07", "方便食品", "convenience foods"}, {"08", "饼干", "biscuits"}, {"09", "罐头", "canned food"},
	{"10", "冷冻饮品", "frozen drinks"}, {"11", "速冻食品", "quick-frozen food"},
	{"12", "薯类和膨化食品", "potato and puffed food"}, {"13", "糖果制品", "confectionery"},
	{"14", "茶叶及相关制品", "tea and related products"}, {"15", "酒类", "alcoholic drinks"},
	{"16", "蔬菜制品", "vegetable products"}, {"17", "水果制品", "fruit products"},
	{"18", "炒货食品及坚果制品", "roasted seeds and nuts"}, {"19", "蛋制品", "egg products"},
	{"20", "可可及焙烤咖啡产品", "cocoa and roasted coffee"}, {"21", "食糖", "sugar"},
	{"22", "水产制品", "aquatic products"}, {"23", "淀粉及淀粉制品", "starch and starch products"},
	{"24", "糕点", "pastries"}, {"25", "豆制品", "bean products"}, {"26", "蜂产品", "bee products"},
	{"27", "保健食品", "health food"},
	{"28", "特殊医学用途配方食品", "food for special medical purposes"},
	{"29", "婴幼儿配方食品", "infant formula"}, {"30", "特殊膳食食品", "food for special diets"},
	{"31", "其他食品", "other food"}, {"32", "食品添加剂", "food additives"}};

static const struct named processes[] = {{"baking", "焙烤", "baking"},
	{"bean-curd", "制豆腐", "making bean curd"}, {"bottling", "灌装", "bottling"},
	{"candying", "糖渍", "candying"}, {"cooking-meat", "熟肉加工", "cooking meat"},
	{"curing-meat", "腌腊", "curing meat"}, {"distilling", "蒸馏", "distilling"},
	{"drying", "干制", "drying"}, {"egg-processing", "蛋品加工", "processing eggs"},
	{"fermenting", "发酵", "fermenting"}, {"freezing", "冷冻", "freezing"}, {"frying", "油炸", "frying"},
	{"honey-processing", "蜂蜜加工", "processing honey"}, {"milling", "碾磨", "milling"},
	{"mixing", "混合调配", "mixing"}, {"noodle-making", "制面", "making noodles"},
	{"pickling", "腌渍", "pickling"}, {"pressing-oil", "榨油", "pressing oil"},
	{"puffing", "膨化", "puffing"}, {"refining", "精制", "refining"}, {"rendering", "炼制", "rendering"},
	{"roasting", "炒制", "roasting"}, {"sorting", "分选", "sorting"},
	{"starch-noodles", "制粉丝粉条", "making starch noodles"}, {"steaming", "蒸制", "steaming"},
	{"sugar-boiling", "熬糖", "boiling sugar"}, {"tea-making", "制茶", "making tea"}};

static const char *name_of(const struct named *row, size_t count, const char *code, bool zh)
{
	for (; count > 0; row++, count--)
		if (strcmp(row->code, code) == 0)
			return zh ? row->zh : row->en;
	return zh ? "未说明" : "not said";
}

const char *lab_class_name(const char *licence_class, bool zh)
{
	return name_of(classes, sizeof classes / sizeof *classes, licence_class, zh);
}

const char *lab_process_name(const char *process, bool zh)
{
	return name_of(processes, sizeof processes / sizeof *processes, process, zh);
}
