/* What the two writers of the compiled form share: the parts as they grow. */
#ifndef SVY_SEAL_PRIV_H
#define SVY_SEAL_PRIV_H
#include "questionnaire/block_priv.h"
#include "questionnaire/questionnaire_priv.h"

typedef struct svyi_b_writer {
    svyi_q *q;
    svyi_buffer parts[SVYI_B_PARTS];
    svyi_map texts;
    int failed, too_large;
} svyi_b_writer;

/* ---- seal.c ---- */
void svyi_b_put(svyi_b_writer *w, svyi_b_part part, const void *record, size_t size);
void svyi_b_put_number(svyi_b_writer *w, svyi_b_part part, uint32_t n);
/* Offset of a text, which is stored once. */
uint32_t svyi_b_text(svyi_b_writer *w, const char *s);

/* ---- odk_seal.c ---- */
void svyi_b_put_odk(svyi_b_writer *w);

#endif
