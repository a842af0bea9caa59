/* SPDX-License-Identifier: Apache-2.0
 * Names of what statistics group products by: classes of the food production licence catalogue (SAMR announcement 2020
 * no. 8, 食品生产许可分类目录) and processes. Names and order of the 31 classes of food are those of article 11 of the measures
 * on food production licences, which the catalogue's first column kept in 2020 (read in stored copies of both, not in an
 * official PDF); 32 is the catalogue's last. The English words and the processes are ours. Which product belongs where is our
 * reading and stands in specs/products. */
#ifndef ASSAY_LAB_PRODUCT_CLASS_H
#define ASSAY_LAB_PRODUCT_CLASS_H

#include <stdbool.h>

/* "16" -> 蔬菜制品 / vegetable products; the words for "not said" when it is "" or unknown. Static. */
const char *lab_class_name(const char *licence_class, bool zh);
const char *lab_process_name(const char *process, bool zh);

#endif
