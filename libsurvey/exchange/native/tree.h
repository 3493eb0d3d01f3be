/* Trees of XML that a questionnaire file holds beside its elements. */
#ifndef SVY_EXCHANGE_NATIVE_TREE_H
#define SVY_EXCHANGE_NATIVE_TREE_H
#include "exchange/reader.h"

int svyi_native_is_tree(const svyi_xml *x);                        /* <record> or <instance> */
svy_status svyi_native_tree(svyi_reader *r, const svyi_xml *x);
#endif
