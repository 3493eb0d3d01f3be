/* Answers an ODK form in our engine as a script on standard input says, and prints what every node is like after every step: one side of
   the comparison with the ODK world's own engine (tests/odk/walk.mjs writes the other side in the same form). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/exchange.h>
#include <survey/interview.h>

/* 2026-11-22T10:11:12.345Z: the clock of the walks */
#define NOW ((svy_moment){ .utc_ms = INT64_C(1795342272345) })

typedef struct known { char *reference; svy_place at; int is_roster; } known;    /* a place by its reference */

typedef struct player {
    svy_interview *iv;
    const svy_form *form;
    known *places;
    size_t n_places, room;
    int comma;              /* nodes are separated */
} player;

static void die(const char *what)
{
    fprintf(stderr, "replay_odk: %s\n", what);
    exit(2);
}

static void *grow(void *at, size_t size)
{
    void *p = realloc(at, size);

    if (p == NULL)
        die("out of memory");
    return p;
}

static void put_text(const char *text, size_t len)
{
    putchar('"');
    for (size_t i = 0; i < len; i++) {
        const unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

/* ---- the state ------------------------------------------------------------------------------------------------------------- */

static void remember(player *p, const char *reference, svy_place at, int is_roster)
{
    if (p->n_places == p->room) {
        p->room = p->room ? p->room * 2 : 256;
        p->places = grow(p->places, p->room * sizeof *p->places);
    }
    known *place = &p->places[p->n_places++];
    *place = (known){ grow(NULL, strlen(reference) + 1), at, is_roster };
    strcpy(place->reference, reference);
}

static void forget(player *p)
{
    for (size_t i = 0; i < p->n_places; i++)
        free(p->places[i].reference);
    p->n_places = 0;
}

static void put_choice(void *user, const svy_offered *c)
{
    int *n = user;
    fputs((*n)++ ? ",[" : "[", stdout);
    put_text(c->code, strlen(c->code));
    putchar(',');
    put_text(c->label, strlen(c->label));
    putchar(']');
}

static void put_choices(player *p, svy_place at)
{
    const svy_item *item = svy_form_item(p->form, at.item);
    int n = 0;
    const svy_offer to = { put_choice, &n };
    svy_error err = SVY_ERROR_INIT;

    if (item->type != SVY_T_SINGLE && item->type != SVY_T_MULTIPLE && item->type != SVY_T_RANKING) {
        fputs("null", stdout);
        return;
    }
    putchar('[');
    if (svy_interview_offer(p->iv, at, &to, &err) != SVY_OK)
        fprintf(stderr, "replay_odk: choices: %s\n", err.message);
    putchar(']');
}

static void put_label(player *p, svy_place at)
{
    const size_t len = svy_interview_text(p->iv, at, SVY_LABEL, 0, NULL, 0);
    char *text = grow(NULL, len + 1);

    text[0] = '\0';
    svy_interview_text(p->iv, at, SVY_LABEL, 0, text, len + 1);
    put_text(text, strlen(text));
    free(text);
}

static void put_leaf(player *p, svy_place at)
{
    const svy_value value = svy_interview_get(p->iv, at);
    const size_t len = svy_value_format(&value, NULL, 0);
    char *text = grow(NULL, len + 1);
    const int required = svy_interview_required(p->iv, at), relevant = svy_interview_relevant(p->iv, at);

    text[0] = '\0';
    svy_value_format(&value, text, len + 1);
    printf(",%s,%s,%s,%s,", required ? "true" : "false", svy_interview_readonly(p->iv, at) ? "true" : "false",
           svy_interview_constraint_holds(p->iv, at) ? "true" : "false", relevant && required && len == 0 ? "false" : "true");
    put_text(text, len);
    putchar(',');
    put_choices(p, at);
    putchar(',');
    put_label(p, at);
    free(text);
}

static void put_node(player *p, const char *reference, svy_place at, int leaf)
{
    fputs(p->comma ? ",\n[" : "[", stdout);
    p->comma = 1;
    put_text(reference, strlen(reference));
    printf(",%s", svy_interview_relevant(p->iv, at) ? "true" : "false");
    if (leaf)
        put_leaf(p, at);
    else
        fputs(",null,null,null,null,null,null,null", stdout);
    putchar(']');
    remember(p, reference, at, 0);
}

static void put_children(player *p, uint32_t item, uint32_t entry, const char *reference);

static void put_item(player *p, uint32_t number, uint32_t entry, const char *above)
{
    const svy_item *item = svy_form_item(p->form, number);
    const svy_odk_item *odk = svy_form_odk_item(p->form, number);
    char *reference = grow(NULL, strlen(above) + 512);

    if (odk->name == SVY_NAME_NONE) {
        put_children(p, number, entry, above);
    } else if (svy_form_name(p->form, odk->name)[0] != '@') {
        snprintf(reference, strlen(above) + 512, "%s/%s", above, svy_form_name(p->form, odk->name));
        if (item->kind == SVY_EL_ROSTER) {
            remember(p, reference, (svy_place){ number, entry }, 1);
            const size_t end = strlen(reference);
            for (uint32_t e = 0; (e = svy_interview_next_entry(p->iv, number, entry, e)) != 0;) {
                snprintf(reference + end, 16, "[%u]", (unsigned)svy_interview_entry_position(p->iv, e));
                put_node(p, reference, (svy_place){ number, e }, 0);
                put_children(p, number, e, reference);
            }
        } else {
            const int group = item->kind == SVY_EL_SECTION;
            put_node(p, reference, (svy_place){ number, entry }, !group);
            if (group)
                put_children(p, number, entry, reference);
        }
    }
    free(reference);
}

static void put_children(player *p, uint32_t item, uint32_t entry, const char *reference)
{
    for (uint32_t child = item + 1; child < svy_form_item(p->form, item)->end; child = svy_form_item(p->form, child)->end)
        if (svy_form_item(p->form, child)->kind != SVY_EL_PARAMETER)
            put_item(p, child, entry, reference);
}

static void put_state(player *p)
{
    const size_t len = svy_interview_submission(p->iv, NULL, 0);
    char *xml = grow(NULL, len + 1), root[512];

    xml[0] = '\0';
    svy_interview_submission(p->iv, xml, len + 1);
    forget(p);
    snprintf(root, sizeof root, "/%s", svy_form_name(p->form, svy_form_odk_item(p->form, 0)->name));
    fputs("{\"nodes\":[", stdout);
    p->comma = 0;
    put_children(p, 0, 0, root);
    fputs("],\"xml\":", stdout);
    put_text(xml, strlen(xml));
    puts("}");
    free(xml);
}

/* ---- the script ------------------------------------------------------------------------------------------------------------ */

/* \t \n \\ in a field of the script */
static void unescape(char *text)
{
    char *to = text;

    for (const char *from = text; *from; from++) {
        if (*from == '\\' && from[1]) {
            from++;
            *to++ = *from == 't' ? '\t' : *from == 'n' ? '\n' : *from == 'r' ? '\r' : *from;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
}

static const known *find(const player *p, const char *reference, int is_roster)
{
    for (size_t i = 0; i < p->n_places; i++)
        if (p->places[i].is_roster == is_roster && strcmp(p->places[i].reference, reference) == 0)
            return &p->places[i];
    return NULL;
}

/* Languages go by the names that the form gave them: "en English (en); fr French". */
static svy_status speak(player *p, const char *name, svy_error *err)
{
    const char *names = svy_form_attribute(p->form, 0, "language-names");

    for (const char *at = names; at != NULL && *at;) {
        const size_t tag = strcspn(at, " "), all = strcspn(at, ";");
        if (tag < all && all - tag - 1 == strlen(name) && memcmp(at + tag + 1, name, strlen(name)) == 0) {
            char text[64] = "";
            memcpy(text, at, tag < sizeof text ? tag : sizeof text - 1);
            return svy_interview_language(p->iv, text, NOW, err);
        }
        at += all;
        at += strspn(at, "; ");
    }
    return svy_interview_language(p->iv, name, NOW, err);
}

static svy_status act(player *p, const char *op, const char *reference, const char *value, svy_error *err)
{
    const known *at = find(p, reference, strcmp(op, "add") == 0);
    uint32_t entry;

    if (strcmp(op, "language") == 0)
        return speak(p, value, err);
    if (at == NULL) {
        snprintf(err->message, sizeof err->message, "there is no node %.200s", reference);
        return SVY_E_ARG;
    }
    if (strcmp(op, "add") == 0)
        return svy_interview_add_entry(p->iv, at->at, NOW, &entry, err);
    if (strcmp(op, "remove") == 0)
        return svy_interview_remove_entry(p->iv, at->at.entry, NOW, err);
    if (strcmp(op, "clear") == 0 || value[0] == '\0')
        return svy_interview_clear(p->iv, at->at, NOW, err);
    return svy_interview_answer(p->iv, at->at, value, strlen(value), "", NOW, NULL, err);
}

static void play(player *p)
{
    char *line = NULL;
    size_t size = 1 << 20;

    line = grow(line, size);
    put_state(p);
    while (fgets(line, (int)size, stdin) != NULL) {
        svy_error err = SVY_ERROR_INIT;
        line[strcspn(line, "\n")] = '\0';
        char *reference = strchr(line, '\t'), *value = reference ? strchr(reference + 1, '\t') : NULL;
        if (value == NULL)
            die("a line is OP, reference and value, with tabs between");
        *reference++ = *value++ = '\0';
        unescape(value);
        if (act(p, line, reference, value, &err) != SVY_OK) {
            fputs("{\"error\":", stdout);
            put_text(err.message, strlen(err.message));
            puts("}");
        }
        put_state(p);
        fflush(stdout);
    }
    free(line);
}

/* ---- the form -------------------------------------------------------------------------------------------------------------- */

static char *slurp(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *text = NULL;
    size_t got;

    if (f == NULL)
        die("cannot read the form");
    for (*len = 0; text = grow(text, *len + 65536), (got = fread(text + *len, 1, 65535, f)) > 0; *len += got)
        continue;
    fclose(f);
    text[*len] = '\0';
    return text;
}

/* The form as ODK Web Forms understands it: compat="web" in our namespace on its model. */
static char *with_compat(char *text, size_t *len)
{
    static const char attribute[] = " xmlns:svy=\"urn:libsurvey:questionnaire:1\" svy:compat=\"web\"";
    char *model = strstr(text, "<model"), *prefixed = strstr(text, ":model");

    if (model == NULL && prefixed == NULL)
        return text;
    const size_t at = (size_t)((model ? model : prefixed) - text) + 6;
    char *out = grow(NULL, *len + sizeof attribute);
    memcpy(out, text, at);
    memcpy(out + at, attribute, sizeof attribute - 1);
    memcpy(out + at + sizeof attribute - 1, text + at, *len - at + 1);
    *len += sizeof attribute - 1;
    free(text);
    return out;
}

static void report(void *user, const svy_diag *d)
{
    int *refused = user;

    if (d->severity != SVY_PROBLEM || *refused)
        return;
    *refused = 1;
    fputs("{\"refused\":", stdout);
    put_text(d->found, strlen(d->found));
    puts("}");
}

static svy_form *load(const char *path, void **block, size_t *size)
{
    svy_error err = SVY_ERROR_INIT;
    svy_xml_limits limits = SVY_XML_LIMITS_INIT;
    int refused = 0;
    svy_diags diags = { report, &refused, 0, 0 };
    svy_form *form = NULL;
    size_t len;
    char *text = slurp(path, &len), *folder = grow(NULL, strlen(path) + 1);

    text = with_compat(text, &len);
    strcpy(folder, path);
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
    limits.bytes = 64u << 20;
    limits.nodes = 4000000;
    if (svy_questionnaire_read_memory(NULL, text, len, slash ? folder : ".", &limits, &diags, block, size, &err) != SVY_OK ||
        svy_form_open(NULL, *block, *size, &form, &err) != SVY_OK) {
        if (!refused)
            report(&refused, &(svy_diag){ .severity = SVY_PROBLEM, .found = err.message });
        form = NULL;
    }
    free(text);
    free(folder);
    return form;
}

int main(int argc, char **argv)
{
    svy_error err = SVY_ERROR_INIT;
    svy_interview_options options = SVY_INTERVIEW_OPTIONS_INIT;
    player p = { 0 };
    void *block = NULL;
    size_t size = 0;
    svy_form *form;

    if (argc != 2)
        die("replay_odk FORM.xml < script");
    if ((form = load(argv[1], &block, &size)) == NULL)
        return 0;
    options.tolerant = 1;
    options.seed = 7;
    p.form = form;
    if (svy_interview_new(NULL, form, &options, NOW, &p.iv, &err) != SVY_OK) {
        report(&(int){ 0 }, &(svy_diag){ .severity = SVY_PROBLEM, .found = err.message });
    } else {
        play(&p);
        forget(&p);
        free(p.places);
    }
    svy_interview_free(p.iv);
    svy_form_free(form);
    svy_block_free(NULL, block, size);
    return 0;
}
