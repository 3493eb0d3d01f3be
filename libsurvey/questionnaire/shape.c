/* What may stand where, and the attributes that can be judged without knowing any other element. */
#include <string.h>

#include "base/date.h"
#include "questionnaire/questionnaire_priv.h"

#define BIT(kind) (1u << (kind))
#define HOLDERS (BIT(SVY_EL_QUESTIONNAIRE) | BIT(SVY_EL_SECTION) | BIT(SVY_EL_ROSTER))

/* By element: the elements it may stand in; its attributes, those that must be there first, up to the bar. */
typedef struct shape { uint32_t parents; const char *attributes; } shape;

static const shape SHAPES[] = {
    [SVY_EL_QUESTIONNAIRE] = { 0, "id version xml:lang | style expressions" },
    [SVY_EL_PARAMETER] = { BIT(SVY_EL_QUESTIONNAIRE), "id type | value choices" },
    [SVY_EL_CHOICES] = { BIT(SVY_EL_QUESTIONNAIRE), "id | order source" },
    [SVY_EL_CHOICE] = { BIT(SVY_EL_CHOICES), "code | parent relevant exclusive other missing valid-from valid-to" },
    [SVY_EL_SECTION] = { HOLDERS, "id | relevant page" },
    [SVY_EL_QUESTION] = { HOLDERS, "id type | choices filter relevant required certain appearance sensitive readonly default unit" },
    [SVY_EL_GRID] = { HOLDERS, "id | type choices relevant required certain appearance sensitive" },
    [SVY_EL_ROW] = { BIT(SVY_EL_GRID), "id | relevant required certain" },
    [SVY_EL_ROSTER] = { HOLDERS, "id | relevant page count for min max" },
    [SVY_EL_NOTE] = { HOLDERS, "id | relevant appearance" },
    [SVY_EL_COMPUTE] = { HOLDERS, "id type value | choices sensitive" },
    [SVY_EL_CHECK] = { HOLDERS | BIT(SVY_EL_QUESTION) | BIT(SVY_EL_ROW), "that | id severity" },
    [SVY_EL_END] = { HOLDERS, "when outcome | id keep" },
    [SVY_EL_PROPERTY] = { 0, "|" }, [SVY_EL_SET] = { 0, "|" }, [SVY_EL_ITEXT] = { 0, "|" },
};

/* The same with expressions="odk". */
static const shape ODK_SHAPES[] = {
    [SVY_EL_QUESTIONNAIRE] = { 0, "id xml:lang expressions | version style compat node form-id language-names submission-url method public-key "
                                  "auto-send auto-delete" },
    [SVY_EL_PARAMETER] = { 0, "|" }, [SVY_EL_GRID] = { 0, "|" }, [SVY_EL_ROW] = { 0, "|" }, [SVY_EL_NOTE] = { 0, "|" }, [SVY_EL_END] = { 0, "|" },
    [SVY_EL_CHOICES] = { BIT(SVY_EL_QUESTIONNAIRE), "id | order source code-name" },
    [SVY_EL_CHOICE] = { BIT(SVY_EL_CHOICES), "| code" },
    [SVY_EL_PROPERTY] = { BIT(SVY_EL_CHOICE), "name |" },
    [SVY_EL_SECTION] = { HOLDERS, "id | node relevant readonly required appearance" },
    [SVY_EL_ROSTER] = { HOLDERS, "id | node relevant readonly required appearance count fixed" },
    [SVY_EL_QUESTION] = { HOLDERS, "id type | node bind-type choices itemset code label-from value required readonly relevant appearance preload "
                                   "sensitive start end step rows max-pixels quality accuracy-threshold mediatype accept autoplay" },
    [SVY_EL_COMPUTE] = { HOLDERS, "id type | node bind-type value relevant readonly required preload choices sensitive appearance max-pixels quality" },
    [SVY_EL_CHECK] = { HOLDERS | BIT(SVY_EL_QUESTION) | BIT(SVY_EL_COMPUTE), "that | id severity" },
    [SVY_EL_SET] = { HOLDERS | BIT(SVY_EL_QUESTION) | BIT(SVY_EL_COMPUTE), "node on | value action" },
    [SVY_EL_ITEXT] = { BIT(SVY_EL_QUESTIONNAIRE), "id |" },
};

static const shape *shape_of(const svyi_q *q, svy_element kind)
{
    return q->odk ? &ODK_SHAPES[kind] : &SHAPES[kind];
}

/* Attributes with a fixed set of values. */
static const struct { const char *name, *values; } WORDS[] = {
    { "readonly", "true false" }, { "certain", "true false" }, { "sensitive", "true false" }, { "exclusive", "true false" }, { "other", "true false" },
    { "expressions", "typed odk" }, { "compat", "strict collect web" }, { "fixed", "true false" }, { "action", "geopoint audio" },
    { "order", "fixed random rotate" }, { "page", "each all" }, { "severity", "hard soft" }, { "missing", "dont-know refused not-stated" },
};

static const char ID_ADVICE[] = "a letter or _ first, then letters A to Z, digits, _ and -, at most 64";

/* 1 when `word` is among the words of `list`, separated by single blanks. */
static int has_word(const char *list, const char *word)
{
    const size_t len = strlen(word);

    for (const char *at = list; len > 0 && (at = strstr(at, word)) != NULL; at++)
        if ((at == list || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
            return 1;
    return 0;
}

int svyi_q_id_valid(const char *id)
{
    static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    const size_t len = strlen(id);

    return len > 0 && len <= SVYI_Q_ID && strchr(LETTERS, id[0]) != NULL && len == strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-0123456789");
}

/* An item of an ODK form may have the long name of its node; a text there has any name. */
static int is_id(const svyi_q *q, uint32_t element, const char *id)
{
    static const char FIRST[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
    const size_t len = strlen(id);

    if (!q->odk)
        return svyi_q_id_valid(id);
    if (q->b->elements[element].kind == SVY_EL_ITEXT || q->b->elements[element].kind == SVY_EL_CHOICES)
        return len <= SVYI_Q_ODK_CODE;
    return len > 0 && len <= SVYI_Q_ODK_ID && strchr(FIRST, id[0]) != NULL &&
           len == strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-0123456789");
}

static void check_id(svyi_q *q, uint32_t element, const svy_attribute *id)
{
    if (id->value[0] != '\0' && !is_id(q, element, id->value))
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, element, id, ID_ADVICE, "'%.*s' is not an id", svyi_q_shown(id->value), id->value);
}

static void check_words(svyi_q *q, uint32_t element, const svy_attribute *a)
{
    if (q->odk && strcmp(a->name, "readonly") == 0)
        return;                          /* an expression there */
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
        if (strcmp(WORDS[i].name, a->name) == 0 && !has_word(WORDS[i].values, a->value)) {
            char advice[96] = "write one of: ";
            strncat(advice, WORDS[i].values, sizeof advice - strlen(advice) - 1);
            svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, element, a, advice, "%s is '%.*s'", a->name, svyi_q_shown(a->value), a->value);
        }
}

static void check_date(svyi_q *q, uint32_t element, const svy_attribute *a)
{
    double days;

    if (strncmp(a->name, "valid-", 6) == 0 && !svyi_date_parse(a->value, strlen(a->value), &days))
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, element, a, "write it as 2026-03-31", "%s is '%.*s', not a date", a->name, svyi_q_shown(a->value), a->value);
}

static void check_code(svyi_q *q, uint32_t element, const svy_attribute *a)
{
    const int is_code = strcmp(a->name, "code") == 0 || strcmp(a->name, "outcome") == 0;
    const size_t len = strlen(a->value);

    if (q->odk && is_code) {
        if (len > SVYI_Q_ODK_CODE)
            svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, element, a, "shorten it", "a code has more than %d bytes", (int)SVYI_Q_ODK_CODE);
        return;
    }
    if (is_code && len > 0 && (len > SVYI_Q_ID || strpbrk(a->value, " \t\r\n") != NULL || (strchr(a->value, '\'') != NULL && strchr(a->value, '"') != NULL)))
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, element, a, "a code has at most 64 characters, no blanks, and not both kinds of quotes",
                    "'%.*s' is not a code", svyi_q_shown(a->value), a->value);
}

/* Every attribute is one that the element has, and has a value that it can have. */
static void check_attributes(svyi_q *q, uint32_t element, const char *known)
{
    const svyi_q_element *e = &q->b->elements[element];

    for (uint32_t i = 0; i < e->n_attributes; i++) {
        const svy_attribute *a = &e->attributes[i];
        if (!has_word(known, a->name)) {
            if (strchr(a->name, ':') == NULL && (!q->odk || strncmp(a->name, "odk-", 4) != 0))
                svyi_q_tell(q, SVY_PROBLEM, SVY_E_NAME, element, a, "remove it, or correct its name", "a %s has no attribute '%.*s'",
                            svyi_q_element_name(e->kind), svyi_q_shown(a->name), a->name);
            continue;
        }
        if (strcmp(a->name, "id") == 0)
            check_id(q, element, a);
        check_words(q, element, a);
        check_date(q, element, a);
        check_code(q, element, a);
    }
}

/* Those before the bar have to be there. */
static void check_needed(svyi_q *q, uint32_t element, const char *known)
{
    for (const char *at = known; *at != '|'; ) {
        char name[16] = "";
        const size_t len = strcspn(at, " ");
        memcpy(name, at, len < sizeof name ? len : sizeof name - 1);
        at += len + 1;
        if (svyi_q_value(q->b, element, name)[0] == '\0')
            svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, element, NULL, "add it", "this %s has no %s",
                        svyi_q_element_name(q->b->elements[element].kind), name);
    }
}

static void check_parent(svyi_q *q, uint32_t element)
{
    const svyi_q_element *e = &q->b->elements[element];
    const svy_element parent = q->b->elements[e->parent].kind;

    if (e->parent != 0 && shape_of(q, e->kind)->parents == 0)
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, element, NULL, q->odk ? "use what ODK forms have" : "write expressions=\"odk\" in the questionnaire, or remove it",
                    "a %s cannot stand in a questionnaire with %s expressions", svyi_q_element_name(e->kind), q->odk ? "ODK's" : "our own");
    else if (e->parent != 0 && (shape_of(q, e->kind)->parents & BIT(parent)) == 0)
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, element, NULL, "move it", "a %s cannot stand in a %s", svyi_q_element_name(e->kind),
                    svyi_q_element_name(parent));
}

/* Texts that only ODK forms have. */
static void check_texts(svyi_q *q, uint32_t element)
{
    for (const svyi_q_words *w = q->b->elements[element].texts; w != NULL && !q->odk; w = w->next)
        if (w->role > SVY_TEXT)
            svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, element, NULL, "write expressions=\"odk\" in the questionnaire, or remove it",
                        "this %s has a text that only questionnaires with ODK's expressions can have", svyi_q_element_name(q->b->elements[element].kind));
}

static void begin(svyi_q *q)
{
    const char *compat = svyi_q_value(q->b, q->b->root, "compat");

    q->odk = strcmp(svyi_q_value(q->b, q->b->root, "expressions"), "odk") == 0;
    q->compat = strcmp(compat, "collect") == 0 ? SVY_COMPAT_COLLECT : strcmp(compat, "web") == 0 ? SVY_COMPAT_WEB : SVY_COMPAT_STRICT;
    if (!q->odk && q->b->n_trees > 0)
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, q->b->root, NULL, "write expressions=\"odk\" in the questionnaire, or remove them",
                    "only questionnaires with ODK's expressions have a record and instances");
}

void svyi_q_check_shape(svyi_q *q)
{
    begin(q);
    for (uint32_t i = 1; i < q->b->n; i++) {
        const char *known = shape_of(q, q->b->elements[i].kind)->attributes;
        check_texts(q, i);
        check_parent(q, i);
        if (q->b->elements[i].parent != 0 && shape_of(q, q->b->elements[i].kind)->parents == 0)
            continue;
        check_attributes(q, i, known);
        check_needed(q, i, known);
    }
    const svy_attribute *version = svyi_q_attribute(q->b, q->b->root, "version");
    if (version != NULL && strlen(version->value) > (q->odk ? SVYI_Q_ODK_ID : SVYI_Q_ID))
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_VALUE, q->b->root, version, "shorten it", "the version has more than %d characters",
                    q->odk ? (int)SVYI_Q_ODK_ID : (int)SVYI_Q_ID);
}

int svyi_q_truth(const svyi_q *q, uint32_t element, const char *name)
{
    return strcmp(svyi_q_value(q->b, element, name), "true") == 0;
}
