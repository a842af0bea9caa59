/* SPDX-License-Identifier: Apache-2.0
 * Names of what statistics group products by: classes of the food production licence catalogue (SAMR announcement 2020
 * no. 8, 食品生产许可分类目录) and processes. Which product belongs where stands in specs/products. */
#ifndef ASSAY_LAB_PRODUCT_CLASS_H
#define ASSAY_LAB_PRODUCT_CLASS_H

#include <stdbool.h>

/* "16" -> 蔬菜制品 / vegetable products; the words for "not said" when it is "" or unknown. Static. */
const char *lab_class_name(const char *licence_class, bool zh);
const char *lab_process_name(const char *process, bool zh);

#endif
