/* XPath functions of truth, choice, lists of words and the form: if(), selected(), checklist(), ... */
#include "xpath_priv.h"

#include <math.h>
#include <string.h>

#include "base/map.h"
#include "base/number.h"
#include "base/text.h"

void svyi_xf_true(svyi_xcall *call, svyi_xvalue *out)
{
    (void)call;
    svyi_xset_boolean(out, 1);
}

void svyi_xf_false(svyi_xcall *call, svyi_xvalue *out)
{
    (void)call;
    svyi_xset_boolean(out, 0);
}

void svyi_xf_boolean(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xset_boolean(out, svyi_xarg_boolean(call));
}

void svyi_xf_not(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xset_boolean(out, !svyi_xarg_boolean(call));
}

static int is_word(const char *text, uint32_t len, const char *word, int ignore_case)
{
    if (len != strlen(word))
        return 0;
    for (uint32_t i = 0; i < len; i++) {
        const char c = text[i];
        if (c != word[i] && !(ignore_case && c >= 'A' && c <= 'Z' && c + ('a' - 'A') == word[i]))
            return 0;
    }
    return 1;
}

void svyi_xf_boolean_from_string(svyi_xcall *call, svyi_xvalue *out)
{
    const char *text;
    uint32_t len;
    svyi_xarg_text(call, &text, &len);
    svyi_xset_boolean(out, is_word(text, len, "1", 0) || is_word(text, len, "true", call->run->compat == SVY_COMPAT_COLLECT));
}

void svyi_xf_if(svyi_xcall *call, svyi_xvalue *out)
{
    if (!svyi_xarg_boolean(call))
        svyi_xarg_skip(call);
    svyi_xarg(call, out);
}

void svyi_xf_coalesce(svyi_xcall *call, svyi_xvalue *out)
{
    const char *text;
    uint32_t len;
    svyi_xarg_text(call, &text, &len);
    if (len == 0)
        svyi_xarg_text(call, &text, &len);
    svyi_xset_text(out, text, len);
}

void svyi_xf_once(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xrun *r = call->run;
    const char *text = r->env->current;
    uint32_t len = text != NULL ? (uint32_t)strlen(text) : 0;

    if (text == NULL)
        svyi_xnode_text(r, r->current, &text, &len);
    if (len == 0)
        svyi_xarg_text(call, &text, &len);
    svyi_xset_text(out, text, len);
}

/* Arguments that are nodes count one by one. */
static double truths(svyi_xcall *call)
{
    svyi_xrun *r = call->run;
    double count = 0;
    svyi_xvalue v;

    while (svyi_xarg(call, &v)) {
        if (v.type != SVY_X_NODES)
            count += svyi_xboolean(r, &v);
        for (uint32_t i = 0; v.type == SVY_X_NODES && i < v.n; i++) {
            const char *text;
            uint32_t len;
            svyi_xnode_text(r, r->nodes[v.from + i], &text, &len);
            count += len > 0;
        }
        svyi_xdrop(r, &v);
    }
    return count;
}

static void between(double found, double least, double most, svyi_xvalue *out)
{
    svyi_xset_boolean(out, (least == -1 || found >= least) && (most == -1 || found <= most));
}

void svyi_xf_checklist(svyi_xcall *call, svyi_xvalue *out)
{
    const double least = svyi_xarg_number(call), most = svyi_xarg_number(call);
    between(truths(call), least, most, out);
}

static int node_truth(svyi_xrun *r, const svyi_xvalue *v, uint32_t i)
{
    const char *text;
    uint32_t len;
    if (v->type != SVY_X_NODES)
        return svyi_xboolean(r, v);
    svyi_xnode_text(r, r->nodes[v->from + i], &text, &len);
    return len > 0;
}

static double node_number(svyi_xrun *r, const svyi_xvalue *v, uint32_t i)
{
    const svyi_xvalue one = { .type = SVY_X_NODES, .from = v->from + i, .n = 1 };
    return svyi_xnumber(r, v->type == SVY_X_NODES ? &one : v);
}

void svyi_xf_weighted_checklist(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xrun *r = call->run;
    const double least = svyi_xarg_number(call), most = svyi_xarg_number(call);
    double found = 0;
    svyi_xvalue truth, weight;

    if (call->left % 2 != 0)
        svyi_xfail(r, "weighted-checklist() takes a weight after each value");
    while (svyi_xarg(call, &truth)) {
        svyi_xarg(call, &weight);
        const uint32_t n = truth.type == SVY_X_NODES ? truth.n : 1, m = weight.type == SVY_X_NODES ? weight.n : 1;
        for (uint32_t i = 0; i < n && i < m; i++)
            if (node_truth(r, &truth, i))
                found += node_number(r, &weight, i);
        svyi_xdrop(r, &weight);
        svyi_xdrop(r, &truth);
    }
    between(found, least, most, out);
}

void svyi_xf_regex(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xrun *r = call->run;
    const char *text, *pattern;
    uint32_t len, pattern_len;

    svyi_xarg_text(call, &text, &len);
    svyi_xarg_text(call, &pattern, &pattern_len);
    const unsigned flags = SVYI_REGEX_ODK | (r->compat == SVY_COMPAT_WEB ? SVYI_REGEX_ANYWHERE : 0u);
    const int result = r->base.status == SVY_OK ? svyi_regex_search(r->base.scratch, flags, pattern, pattern_len, text, len) : 0;
    if (result == -1)
        r->base.status = SVY_E_NOMEM;
    if (result == -3)
        r->base.status = SVY_E_LIMIT;
    if (result == -2)
        svyi_xfail(r, "the pattern of regex() is not one: '%.*s'", svyi_shown(pattern, pattern_len), pattern);
    svyi_xset_boolean(out, result == 1);
}

/* ---- Lists of words ---- */

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int svyi_xword(const char *text, uint32_t len, uint32_t *at, const char **word, uint32_t *word_len)
{
    while (*at < len && is_blank(text[*at]))
        ++*at;
    *word = text + *at;
    while (*at < len && !is_blank(text[*at]))
        ++*at;
    *word_len = (uint32_t)(text + *at - *word);
    return *word_len > 0;
}

void svyi_xf_selected(svyi_xcall *call, svyi_xvalue *out)
{
    const char *list, *wanted, *word;
    uint32_t len, wanted_len, at = 0, word_len;
    int found = 0, any = 0;

    svyi_xarg_text(call, &list, &len);
    svyi_xarg_text(call, &wanted, &wanted_len);
    while (wanted_len > 0 && is_blank(*wanted))
        wanted++, wanted_len--;
    while (wanted_len > 0 && is_blank(wanted[wanted_len - 1]))
        wanted_len--;
    while (!found && svyi_xword(list, len, &at, &word, &word_len)) {
        any = 1;
        found = word_len == wanted_len && memcmp(word, wanted, word_len) == 0;
    }
    svyi_xset_boolean(out, found || (!any && wanted_len == 0));
}

void svyi_xf_selected_at(svyi_xcall *call, svyi_xvalue *out)
{
    const char *list, *word;
    uint32_t len, at = 0, word_len;

    svyi_xarg_text(call, &list, &len);
    double index = svyi_xarg_number(call);
    index = index < 0 ? -floor(-index) : floor(index);
    svyi_xset_text(out, "", 0);
    for (double i = 0; svyi_xword(list, len, &at, &word, &word_len); i++)
        if (i == index) {
            svyi_xset_text(out, word, word_len);
            return;
        }
}

void svyi_xf_count_selected(svyi_xcall *call, svyi_xvalue *out)
{
    const char *list, *word;
    uint32_t len, at = 0, word_len, n = 0;
    svyi_xarg_text(call, &list, &len);
    while (svyi_xword(list, len, &at, &word, &word_len))
        n++;
    svyi_xset_number(out, n);
}

/* ---- The form ---- */

void svyi_xf_choice_name(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xrun *r = call->run;
    const char *value, *label;
    uint32_t len, label_len;
    svyi_xvalue question;

    svyi_xarg_text(call, &value, &len);
    svyi_xset_text(out, "", 0);
    if (!svyi_xarg_nodes(call, &question))
        return;
    if (question.n > 0 && r->env->choice_label != NULL &&
        r->env->choice_label(r->env->user, r->nodes[question.from], value, len, &label, &label_len))
        svyi_xset_copy(r, out, label, label_len);
    svyi_xdrop(r, &question);
}

static void named_text(svyi_xcall *call, int (*get)(void *, const char *, size_t, const char **, uint32_t *), svyi_xvalue *out)
{
    const char *name, *text;
    uint32_t len, text_len;
    svyi_xarg_text(call, &name, &len);
    svyi_xset_text(out, "", 0);
    if (call->run->base.status == SVY_OK && get != NULL && get(call->run->env->user, name, len, &text, &text_len))
        svyi_xset_copy(call->run, out, text, text_len);
}

void svyi_xf_itext(svyi_xcall *call, svyi_xvalue *out)
{
    named_text(call, call->run->env->itext, out);
}

void svyi_xf_property(svyi_xcall *call, svyi_xvalue *out)
{
    named_text(call, call->run->env->property, out);
}

void svyi_xf_version(svyi_xcall *call, svyi_xvalue *out)
{
    const char *version = call->run->env->version != NULL ? call->run->env->version : "";
    svyi_xset_text(out, version, strlen(version));
}

void svyi_xf_depend(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xvalue v;
    while (svyi_xarg(call, &v))                        /* only makes the rule run again when they change */
        svyi_xdrop(call->run, &v);
    svyi_xset_boolean(out, 1);
}

/* ---- Chance ---- */

uint64_t svyi_xdraw(const svyi_xcall *call)
{
    const svyi_xrun *r = call->run;
    unsigned char bytes[48];
    const uint64_t parts[] = { r->env->seed, r->env->draw, (uint64_t)(call->record - r->code), (uint64_t)r->current.tree << 32 | r->current.item,
                               (uint64_t)r->current.entry << 32 | call->in->node.entry, (uint64_t)call->in->node.tree << 32 | call->in->node.item };
    for (size_t i = 0; i < 6; i++)
        for (unsigned b = 0; b < 8; b++)
            bytes[8 * i + b] = (unsigned char)(parts[i] >> (8 * b));
    return svyi_hash(bytes, sizeof bytes);
}

void svyi_xf_random(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_random random;
    svyi_random_seed(&random, svyi_xdraw(call));
    svyi_xset_number(out, svyi_random_unit(&random));
}

/* Version 4 of RFC 9562; with a length that many characters of such texts one after the other. */
void svyi_xf_uuid(svyi_xcall *call, svyi_xvalue *out)
{
    static const char HEX[] = "0123456789abcdef";
    enum { LENGTH = 36, MOST = 100000 };
    const double wanted = call->n > 0 ? svyi_xarg_number(call) : LENGTH;
    svyi_random random;

    svyi_xset_text(out, "", 0);
    if (!(wanted >= 0) || wanted > MOST) {
        svyi_xfail(call->run, "uuid() takes a number of characters up to %d", MOST);
        return;
    }
    const uint32_t n = (uint32_t)wanted;
    char *text = n > 0 ? svyi_make(&call->run->base, n) : NULL;
    svyi_random_seed(&random, svyi_xdraw(call));
    for (uint32_t i = 0; text != NULL && i < n; i++) {
        const uint32_t at = i % LENGTH, digit = svyi_random_below(&random, 16);
        text[i] = at == 8 || at == 13 || at == 18 || at == 23 ? '-' : at == 14 ? '4' : at == 19 ? HEX[8 + digit % 4] : HEX[digit];
    }
    if (text != NULL)
        svyi_xset_text(out, text, n);
}
