/* The schema as a graph of patterns, and how one element is matched with its pattern. */
#ifndef SVY_EXCHANGE_SCHEMA_PRIV_H
#define SVY_EXCHANGE_SCHEMA_PRIV_H
#include "exchange/schema/schema.h"

typedef enum pattern_kind {
    P_EMPTY, P_TEXT, P_ELEMENT, P_ATTRIBUTE, P_GROUP, P_CHOICE, P_OPTIONAL, P_MANY, P_SOME, P_VALUE, P_DATA, P_LIST, P_REF,
    P_ANY,               /* any element, whatever stands in it */
    P_ANY_ATTRIBUTE      /* attributes named odk-... */
} pattern_kind;

typedef struct pattern {
    pattern_kind kind;
    const char *name;          /* element, attribute, datatype, reference; text of a value */
    const char *about;         /* what a value is, for messages; NULL when the schema does not say */
    const char *form;          /* regular expression of a datatype, NULL when none */
    size_t min, max;           /* length of a datatype in characters */
    struct pattern *first, *next, *target;
    unsigned roots;            /* of an element: bit i for the i-th root element that it can stand under */
    struct pattern *parent_element, *next_element;   /* of an element: where it stands (one such place), and the list of all */
} pattern;

struct svyi_schema { svyi_xml_file file; svyi_arena arena; svyi_map defines; pattern **patterns; size_t n_patterns, capacity; pattern *start, *elements; };

/* What stands in an element according to its pattern, as a position automaton. Attributes are settled first: those that the element has decide
   between alternatives, so what is left is about children only. */
enum { POSITIONS = 64 };
typedef struct content {
    const svyi_xml *element;
    int any_attributes;              /* 1: as if every attribute were right */
    const pattern *at[POSITIONS];    /* element or text pattern of a position */
    uint64_t follow[POSITIONS], first, last;
    unsigned n;
    int possible;                    /* 0: the attributes do not fit */
    int empty;                       /* nothing need stand in it */
} content;
void svyi_schema_content(content *c, const pattern *element_pattern, const svyi_xml *element, int any_attributes);

/* The attribute patterns of an element; `required`[i] is 1 for those that must always be there. @return how many, at most `size`. */
size_t svyi_schema_attributes(const pattern *element_pattern, const pattern **attributes, int *required, size_t size);
/* 1 when an element may have attributes named odk-... */
int svyi_schema_keeps_attributes(const pattern *element_pattern);
/* 1 when a text is a value of the pattern of an attribute (or a part of it). */
int svyi_schema_value(const pattern *p, const char *text);
/* Constants that a value pattern allows, and the sentence about what else; NULL when nothing else. */
size_t svyi_schema_values(const pattern *p, const char **values, size_t size, const char **about);
/* The pattern behind references. */
const pattern *svyi_schema_target(const pattern *p);
#endif
