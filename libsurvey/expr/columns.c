/* Runs a program on columns. */
#include "expr_priv.h"
