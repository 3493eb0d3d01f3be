/* What the parts of the .lss reader share. */
#ifndef SVY_EXCHANGE_LSS_PRIV_H
#define SVY_EXCHANGE_LSS_PRIV_H
#include "exchange/lss/lss.h"
#include "exchange/xml/xml.h"

/* A row of a table of LimeSurvey's database. */
typedef const svyi_xml svyi_lss_row;

/* What a name in a LimeSurvey expression stands for. */
typedef struct svyi_lss_variable {
    size_t place;                        /* of the item among all */
    const svyi_draft_item *item;
    const char *code;                    /* of one choice of a question with several: the variable tells whether it was chosen */
} svyi_lss_variable;

typedef struct svyi_lss_question {
    svyi_lss_row *row;                   /* the first of its rows */
    const char *qid, *gid, *title, *type;
    long order;
    struct svyi_lss_question *subs, *last_sub, *next;    /* subquestions */
    const char *scale;
    svyi_draft_item *item;
} svyi_lss_question;

typedef struct svyi_lss {
    svyi_xml_file file;
    svyi_draft draft;
    const svyi_xml *document;
    svyi_map questions; svyi_lss_question **list; size_t n, capacity;        /* by qid */
    svyi_map answers; svyi_lss_row **answer_rows; uint32_t *answer_next; size_t n_answers;   /* by qid: the first of a chain */
    svyi_map attributes; svyi_lss_row **attribute_rows; size_t n_attributes, attributes_capacity;   /* by "qid attribute" */
    svyi_map variables; svyi_lss_variable *variable; size_t n_variables, variables_capacity;        /* by name */
    svyi_map texts; svyi_lss_row **text_rows; size_t n_texts, texts_capacity; /* newer files: by "table id language" */
    const char *sid;
} svyi_lss;

/* Text of a column, "" when it is not there. */
const char *svyi_lss_column(svyi_lss_row *row, const char *name);
/* First and next row of a table ("questions"). */
svyi_lss_row *svyi_lss_first(const svyi_lss *s, const char *table);
svyi_lss_row *svyi_lss_next(svyi_lss_row *row);
/* Value of a question attribute, "" when it is not set. */
const char *svyi_lss_attribute(svyi_lss *s, const svyi_lss_question *q, const char *name);
/* A wording in all languages. `table`: of the newer files, NULL when the rows themselves have the language. */
void svyi_lss_say(svyi_lss *s, svyi_draft_text *text, svyi_lss_row *first, const char *table, const char *id_column, const char *column);
void svyi_lss_name(svyi_lss *s, const char *name, const svyi_draft_item *item, const char *code);
/* Makes the items of a question below its group. */
void svyi_lss_question_items(svyi_lss *s, svyi_lss_question *q, svyi_draft_item *group);
svyi_lss_row *svyi_lss_answers(const svyi_lss *s, const char *qid, uint32_t *at);
svyi_lss_row *svyi_lss_next_answer(const svyi_lss *s, uint32_t *at);

/* An expression of LimeSurvey's as one of ours, in the draft's memory. NULL when it has none; *always is 1 when it is simply true.
   @param self what "this" and "self" stand for; NULL: nothing */
const char *svyi_lss_expression(svyi_lss *s, const char *text, const svyi_draft_item *self, int *always);

/* In all wordings, {Q1} becomes ${Q1} where Q1 is asked before. */
void svyi_lss_fills(svyi_lss *s);
#endif
