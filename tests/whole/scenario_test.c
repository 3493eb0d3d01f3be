/* Interviews told as scripts, tests/whole/scenarios/NAME.txt: a questionnaire, a line of dashes, and what is said, done and expected.
   Written from the description of the language, not from the engine. The commands of a script stand in the table at the end. */
#define _POSIX_C_SOURCE 200809L
#include "load.h"

#include <dirent.h>
#include <stdarg.h>

#include "base/date.h"
#include "base/number.h"
#include "interview/interview_priv.h"

enum { WORDS = 8, TEXT = 1 << 16 };

typedef struct scene {
    const char *file;
    int line;
    const svy_form *form;
    svy_interview *iv;
    recorder journal;
    svy_moment now;
    const char *parameter[2];
    uint64_t seed;
} scene;

SVY_PRINTF(3, 4) static void expect(const scene *s, int condition, const char *format, ...)
{
    static char said[TEXT];
    va_list ap;

    if (condition)
        return;
    va_start(ap, format);
    vsnprintf(said, sizeof said, format, ap);
    va_end(ap);
    cr_expect_fail("%s:%d: %s", s->file, s->line, said);
}

/* ---- places and values as text ---- */

/* "hours", in a roster "m_age@member:2". */
static svy_place place_of(scene *s, const char *name)
{
    const char *at = strchr(name, '@');
    const size_t len = at != NULL ? (size_t)(at - name) : strlen(name);
    svy_place place = { 0, 0 };

    cr_assert(svy_form_find(s->form, name, len, &place.item), "%s:%d: no item '%s'", s->file, s->line, name);
    cr_assert(at == NULL || svy_interview_find_entry(s->iv, at + 1, &place.entry), "%s:%d: no entry '%s'", s->file, s->line, name);
    return place;
}

static const char *name_of(const scene *s, svy_place place)
{
    static char name[256];
    char path[128];

    svy_interview_entry_path(s->iv, place.entry, path, sizeof path);
    if (place.item == 0)
        return "nowhere";
    snprintf(name, sizeof name, "%s%s%s", svy_form_item_id(s->form, place.item), path[0] != '\0' ? "@" : "", path);
    return name;
}

/* The value, or "(dont-know)". */
static const char *value_at(const scene *s, svy_place place)
{
    static char text[TEXT];
    const svy_value v = svy_interview_get(s->iv, place);

    if (v.missing != SVY_PRESENT)
        snprintf(text, sizeof text, "(%s)", svy_missing_name((svy_missing)v.missing));
    else
        svy_value_format(&v, text, sizeof text);
    return text;
}

/* ---- the outcome a script expects: "", or "!invalid", "!soft", "!value", "!state" and a part of the message ---- */

static void expect_outcome(scene *s, svy_status st, const svy_verdict *verdict, const svy_error *err, const char *wanted)
{
    static const struct { const char *word; svy_status status; int soft; } KINDS[] = {
        { "!soft", SVY_E_INVALID, 1 }, { "!invalid", SVY_E_INVALID, 0 }, { "!value", SVY_E_VALUE, -1 }, { "!state", SVY_E_STATE, -1 },
        { "!limit", SVY_E_LIMIT, -1 }, { "!name", SVY_E_NAME, -1 },
    };

    if (wanted[0] == '\0') {
        expect(s, st == SVY_OK, "refused: %s", err->message);
        return;
    }
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++) {
        const size_t len = strlen(KINDS[i].word);
        if (strncmp(wanted, KINDS[i].word, len) != 0)
            continue;
        expect(s, st == KINDS[i].status, "status %d (%s), expected %s", (int)st, err->message, KINDS[i].word);
        if (verdict != NULL && KINDS[i].soft >= 0)
            expect(s, (int)verdict->soft == KINDS[i].soft, "the check was %s", verdict->soft ? "soft" : "hard");
        while (wanted[len] != '\0' && *wanted == wanted[len])
            wanted++;
        const char *part = wanted + len + (wanted[len] == ' ');
        expect(s, strstr(err->message, part) != NULL, "the message is '%s'", err->message);
        return;
    }
    cr_assert_fail("%s:%d: unknown outcome '%s'", s->file, s->line, wanted);
}

/* Cuts "... !outcome" off a line; returns the outcome, "" when none. */
static const char *cut_outcome(char *line)
{
    char *at = line[0] == '!' ? line : strstr(line, " !");

    if (at == NULL)
        return "";
    const char *outcome = at[0] == '!' ? at : at + 1;
    static char copy[512];
    snprintf(copy, sizeof copy, "%s", outcome);
    *at = '\0';
    return copy;
}

/* The next word of a line; the line moves behind it. */
static char *word(char **line)
{
    char *start = *line + strspn(*line, " "), *end = start + strcspn(start, " ");

    *line = end + strspn(end, " ");
    *end = '\0';
    return start;
}

/* ---- commands: each gets what stands behind its name ---- */

/* answer PLACE TEXT [because REASON] [!outcome] */
static void answer(scene *s, char *rest)
{
    svy_error err = SVY_ERROR_INIT;
    svy_verdict verdict;
    const char *wanted = cut_outcome(rest), *reason = "";
    const svy_place place = place_of(s, word(&rest));
    char *because = strstr(rest, " because ");

    if (because != NULL) {
        *because = '\0';
        reason = because + 9;
    }
    expect_outcome(s, svy_interview_answer(s->iv, place, rest, strlen(rest), reason, s->now, &verdict, &err), &verdict, &err, wanted);
}

/* missing PLACE dont-know|refused|not-stated [!outcome] */
static void missing(scene *s, char *rest)
{
    svy_error err = SVY_ERROR_INIT;
    const char *wanted = cut_outcome(rest);
    const svy_place place = place_of(s, word(&rest));
    svy_missing which = SVY_PRESENT;
    char *name = word(&rest);

    cr_assert(svy_missing_find(name, strlen(name), &which), "%s:%d: '%s'", s->file, s->line, name);
    expect_outcome(s, svy_interview_missing(s->iv, place, which, s->now, &err), NULL, &err, wanted);
}

static void clear(scene *s, char *rest)
{
    svy_error err = SVY_ERROR_INIT;
    const char *wanted = cut_outcome(rest);

    expect_outcome(s, svy_interview_clear(s->iv, place_of(s, word(&rest)), s->now, &err), NULL, &err, wanted);
}

/* is PLACE VALUE */
static void is(scene *s, char *rest)
{
    const svy_place place = place_of(s, word(&rest));
    const char *value = value_at(s, place);

    expect(s, strcmp(value, rest) == 0, "%s is '%s', expected '%s'", name_of(s, place), value, rest);
}

static void asked(scene *s, char *rest)
{
    while (*rest != '\0') {
        const svy_place place = place_of(s, word(&rest));
        expect(s, svy_interview_relevant(s->iv, place), "%s is not asked", name_of(s, place));
    }
}

static void unasked(scene *s, char *rest)
{
    while (*rest != '\0') {
        const svy_place place = place_of(s, word(&rest));
        expect(s, !svy_interview_relevant(s->iv, place), "%s is asked", name_of(s, place));
    }
}

static void required(scene *s, char *rest)
{
    const svy_place place = place_of(s, word(&rest));

    expect(s, svy_interview_required(s->iv, place) == (strcmp(word(&rest), "yes") == 0), "required: %d", svy_interview_required(s->iv, place));
}

static void preset(scene *s, char *rest)
{
    const svy_place place = place_of(s, word(&rest));

    expect(s, svy_interview_is_preset(s->iv, place) == (strcmp(word(&rest), "yes") == 0), "preset: %d", svy_interview_is_preset(s->iv, place));
}

/* reason PLACE TEXT */
static void reason(scene *s, char *rest)
{
    const svy_place place = place_of(s, word(&rest));

    expect(s, strcmp(svy_interview_get_reason(s->iv, place), rest) == 0, "the reason is '%s'", svy_interview_get_reason(s->iv, place));
}

/* count ROSTER NUMBER */
static void count(scene *s, char *rest)
{
    const svy_place place = place_of(s, word(&rest));
    const uint32_t n = svy_interview_entry_count(s->iv, place.item, place.entry);

    expect(s, n == (uint32_t)atoi(rest), "%u entries", n);
}

static void add(scene *s, char *rest)
{
    svy_error err = SVY_ERROR_INIT;
    const char *wanted = cut_outcome(rest);
    uint32_t entry;

    expect_outcome(s, svy_interview_add_entry(s->iv, place_of(s, word(&rest)), s->now, &entry, &err), NULL, &err, wanted);
}

static void close_roster(scene *s, char *rest)
{
    svy_error err = SVY_ERROR_INIT;
    const char *wanted = cut_outcome(rest);

    expect_outcome(s, svy_interview_close_roster(s->iv, place_of(s, word(&rest)), s->now, &err), NULL, &err, wanted);
}

/* remove ENTRY, such as "member:2" */
static void remove_entry(scene *s, char *rest)
{
    svy_error err = SVY_ERROR_INIT;
    const char *wanted = cut_outcome(rest), *path = word(&rest);
    uint32_t entry = 0;

    cr_assert(svy_interview_find_entry(s->iv, path, &entry), "%s:%d: no entry '%s'", s->file, s->line, path);
    expect_outcome(s, svy_interview_remove_entry(s->iv, entry, s->now, &err), NULL, &err, wanted);
}

/* way PLACE PLACE ...: all that is shown, in order, there and back again */
static void way(scene *s, char *rest)
{
    svy_place at = { 0, 0 }, was[256];
    int n = 0;

    while (*rest != '\0') {
        const char *wanted = word(&rest);
        at = svy_interview_step(s->iv, at, 1);
        expect(s, strcmp(name_of(s, at), wanted) == 0, "'%s' where '%s' was expected", name_of(s, at), wanted);
        if (at.item == 0)
            return;
        cr_assert_lt(n, 256);
        was[n++] = at;
    }
    const svy_place last = svy_interview_step(s->iv, at, 1);
    expect(s, last.item == 0, "'%s' comes after the last", name_of(s, last));
    for (int i = n - 1; i > 0; i--) {
        at = svy_interview_step(s->iv, at, -1);
        expect(s, at.item == was[i - 1].item && at.entry == was[i - 1].entry, "on the way back: '%s'", name_of(s, at));
    }
}

/* open PLACE: the first that has no answer yet, or "nowhere" */
static void open_place(scene *s, char *rest)
{
    const char *found = name_of(s, svy_interview_next_unanswered(s->iv, (svy_place){ 0, 0 }));

    expect(s, strcmp(found, rest) == 0, "it is '%s'", found);
}

/* offers PLACE CODE ...: in the order shown; offers PLACE .. CODE ...: those that come last */
static void offers(scene *s, char *rest)
{
    const svy_place place = place_of(s, word(&rest));
    const uint32_t list = svy_form_item(s->form, place.item)->list;
    uint32_t choices[64], n = svy_interview_choices(s->iv, place, choices, 64);
    char text[512] = "";

    for (uint32_t i = 0; i < n && i < 64; i++) {
        strncat(text, i > 0 ? " " : "", sizeof text - strlen(text) - 1);
        strncat(text, svy_form_choice(s->form, list, choices[i]).code, sizeof text - strlen(text) - 1);
    }
    const size_t len = strlen(text), skip = strncmp(rest, ".. ", 3) == 0 ? len - strlen(rest + 3) : 0;
    expect(s, skip <= len && strcmp(text + skip, rest + (skip > 0 ? 3 : 0)) == 0, "offered: '%s'", text);
}

/* text PLACE TEXT: the label (of a section the title, of an end its text) in the language of the interview */
static void text(scene *s, char *rest)
{
    const svy_place place = place_of(s, word(&rest));
    const uint32_t kind = svy_form_item(s->form, place.item)->kind;
    char out[1024];

    svy_interview_text(s->iv, place, kind == SVY_EL_END ? SVY_TEXT : kind == SVY_EL_SECTION ? SVY_TITLE : SVY_LABEL, 0, out, sizeof out);
    expect(s, strcmp(out, rest) == 0, "the text is '%s'", out);
}

/* problem required|offered|hard|soft PLACE [SENTENCE]; or: problem none. The first one. */
static void problem(scene *s, char *rest)
{
    svy_problem p;
    uint64_t cursor = 0;
    char out[512] = "";
    const int found = svy_interview_next_problem(s->iv, &cursor, &p);
    const char *wanted = word(&rest), *what = !found ? "none" : p.check == SVY_PROBLEM_REQUIRED ? "required"
                                            : p.check == SVY_PROBLEM_NOT_OFFERED ? "offered" : p.soft ? "soft" : "hard";

    expect(s, strcmp(what, wanted) == 0, "it is %s (%s)", what, found ? name_of(s, p.place) : "");
    if (!found || strcmp(what, wanted) != 0)
        return;
    const char *place = word(&rest);
    expect(s, strcmp(name_of(s, p.place), place) == 0, "it is at '%s'", name_of(s, p.place));
    if (p.check < SVY_PROBLEM_NOT_OFFERED)
        svy_interview_check_text(s->iv, p.check, p.entry, out, sizeof out);
    expect(s, strstr(out, rest) != NULL, "it says '%s'", out);
}

/* problems NUMBER */
static void problems(scene *s, char *rest)
{
    svy_problem p;
    uint64_t cursor = 0;
    int n = 0;

    while (svy_interview_next_problem(s->iv, &cursor, &p))
        n++;
    expect(s, n == atoi(rest), "there are %d", n);
}

/* override REASON: the first problem */
static void override(scene *s, char *rest)
{
    svy_error err = SVY_ERROR_INIT;
    const char *wanted = cut_outcome(rest);
    svy_problem p;
    uint64_t cursor = 0;

    cr_assert(svy_interview_next_problem(s->iv, &cursor, &p), "%s:%d: no problem", s->file, s->line);
    expect_outcome(s, svy_interview_override(s->iv, p.check, p.entry, rest, s->now, &err), NULL, &err, wanted);
}

static void complete(scene *s, char *rest)
{
    svy_error err = SVY_ERROR_INIT;
    const char *wanted = cut_outcome(rest);

    expect_outcome(s, svy_interview_complete(s->iv, s->now, &err), NULL, &err, wanted);
}

static void suspend(scene *s, char *rest)
{
    svy_error err = SVY_ERROR_INIT;
    const char *wanted = cut_outcome(rest);

    expect_outcome(s, svy_interview_suspend(s->iv, s->now, &err), NULL, &err, wanted);
}

static void resume(scene *s, char *rest)
{
    svy_error err = SVY_ERROR_INIT;
    const char *wanted = cut_outcome(rest);

    expect_outcome(s, svy_interview_resume(s->iv, s->now, &err), NULL, &err, wanted);
}

static void language(scene *s, char *rest)
{
    svy_error err = SVY_ERROR_INIT;
    const char *wanted = cut_outcome(rest);

    expect_outcome(s, svy_interview_language(s->iv, word(&rest), s->now, &err), NULL, &err, wanted);
}

/* time 2026-12-01T00:30, local */
static void set_time(scene *s, char *rest)
{
    svy_value v;

    cr_assert_eq(svy_value_parse(SVY_T_DATETIME, rest, strlen(rest), &v, NULL), SVY_OK, "%s:%d: '%s'", s->file, s->line, rest);
    s->now.utc_ms = (int64_t)v.number * 1000 - s->now.zone_minutes * 60000;
}

static void outcome(scene *s, char *rest)
{
    expect(s, strcmp(svy_interview_outcome(s->iv), rest) == 0, "the outcome is '%s'", svy_interview_outcome(s->iv));
}

/* says TEXT, says not TEXT: a part of the answers as JSON; sensitive TEXT: of the sensitive ones */
static void in_json(scene *s, char *rest, int sensitive)
{
    const int not = strncmp(rest, "not ", 4) == 0;
    char *json = json_of(s->iv, sensitive);

    expect(s, (strstr(json, rest + (not ? 4 : 0)) == NULL) == not, "%s", json);
    free(json);
}

static void says(scene *s, char *rest)
{
    in_json(s, rest, 0);
}

static void sensitive(scene *s, char *rest)
{
    in_json(s, rest, 1);
}

/* written TEXT: the value of the last event of the journal, or (missing) */
static void written(scene *s, char *rest)
{
    const svy_event *e = &s->journal.events[s->journal.n - 1].e;
    char value[TEXT];

    snprintf(value, sizeof value, e->missing != SVY_PRESENT ? "(%s)" : "%s", e->missing != SVY_PRESENT ? svy_missing_name(e->missing) : e->value);
    expect(s, strcmp(value, rest) == 0, "the journal has '%s'", value);
}

static void again(scene *s, char *rest)
{
    svy_error err = SVY_ERROR_INIT;
    svy_interview *copy = rec_replay(&s->journal, s->journal.n, s->form, &err);

    (void)rest;
    cr_assert_not_null(copy, "%s:%d: replay: %s", s->file, s->line, err.message);
    copy->journal = s->iv->journal;      /* and it goes on with the copy */
    svy_interview_free(s->iv);
    s->iv = copy;
}

static const struct { const char *name; void (*run)(scene *s, char *rest); } COMMANDS[] = {
    { "answer", answer }, { "missing", missing }, { "clear", clear }, { "is", is }, { "asked", asked }, { "unasked", unasked },
    { "required", required }, { "preset", preset }, { "reason", reason }, { "count", count }, { "add", add }, { "close", close_roster },
    { "remove", remove_entry }, { "way", way }, { "open", open_place }, { "offers", offers }, { "text", text }, { "problem", problem },
    { "problems", problems }, { "override", override }, { "complete", complete }, { "suspend", suspend }, { "resume", resume },
    { "language", language }, { "time", set_time }, { "outcome", outcome }, { "says", says }, { "sensitive", sensitive }, { "written", written },
    { "again", again },
};

/* ---- a script ---- */

/* Settling everything anew must not change anything; nor must a replay. */
static void expect_consistent(scene *s)
{
    svy_error err = SVY_ERROR_INIT;
    state before = state_of(s->iv);
    char what[300];

    cr_assert_eq(svyi_change_begin(s->iv, s->iv->s.moment, &err), SVY_OK);
    cr_assert_eq(svyi_settle_all(s->iv, &err), SVY_OK);
    state after = state_of(s->iv);
    expect(s, state_same(&before, &after), "evaluating everything anew gives another state");
    svyi_change_back(s->iv);
    free(before.bytes);
    free(after.bytes);
    snprintf(what, sizeof what, "%s:%d", s->file, s->line);
    expect_replayed(s->iv, &s->journal, what);
}

static void run_line(scene *s, char *line)
{
    char *rest = line;
    const char *name = word(&rest);

    for (size_t i = 0; i < sizeof COMMANDS / sizeof COMMANDS[0]; i++)
        if (strcmp(COMMANDS[i].name, name) == 0) {
            COMMANDS[i].run(s, rest);
            if (s->iv->s.phase != SVY_COMPLETE)
                expect_consistent(s);
            return;
        }
    cr_assert_fail("%s:%d: unknown command '%s'", s->file, s->line, name);
}

static void run_script(scene *s, char *script)
{
    for (char *line = script, *next; line != NULL && *line != '\0'; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        line += strspn(line, " ");
        if (*line != '\0' && *line != '#')
            run_line(s, line);
        s->line++;
    }
    expect_replayed(s->iv, &s->journal, s->file);
}

/* Reads "with ID VALUE" and "seed N" at the beginning of a script. */
static char *options(scene *s, char *script)
{
    for (;;) {
        char *next = strchr(script, '\n');
        const int with = strncmp(script, "with ", 5) == 0;
        if (next == NULL || (!with && strncmp(script, "seed ", 5) != 0))
            return script;
        *next = '\0';
        script += 5;
        if (with) {
            s->parameter[0] = word(&script);
            s->parameter[1] = script;
        } else
            s->seed = (uint64_t)atoi(script);
        script = next + 1;
        s->line++;
    }
}

/* The questionnaire of a file: its text up to the dashes, or "read PATH". Common lists are given to all. */
static void load_scene(loaded *l, const char *folder, char *xml)
{
    static char whole[TEXT];

    if (strncmp(xml, "read ", 5) == 0) {
        xml[strcspn(xml, "\n")] = '\0';
        const int length = snprintf(whole, sizeof whole, "%s/%s", folder, xml + 5);
        cr_assert(length > 0 && (size_t)length < sizeof whole, "%s", xml);
        load_file(l, whole);
        return;
    }
    const int length = snprintf(whole, sizeof whole,
        "<questionnaire xmlns='urn:libsurvey:questionnaire:1' id='q' version='1' xml:lang='en'><title>Q</title>\n"
        "<choices id='yn'><choice code='1'>Yes</choice><choice code='2'>No</choice></choices>%s</questionnaire>", xml);
    cr_assert(length > 0 && (size_t)length < sizeof whole, "the questionnaire of a scenario is too long");
    load_text(l, whole);
}

static char *slurp(const char *path)
{
    static char text[TEXT];
    FILE *f = fopen(path, "rb");

    cr_assert_not_null(f, "%s", path);
    const size_t n = fread(text, 1, sizeof text - 1, f);
    cr_assert(feof(f) && n < sizeof text - 1, "%s", path);
    fclose(f);
    text[n] = '\0';
    return text;
}

static void play(const char *folder, const char *name)
{
    static loaded l;
    char path[512];
    scene s = { .file = name, .line = 1, .now = NOW, .seed = 7, .journal = { .writes_left = -1 } };

    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *xml = slurp(path), *dashes = strstr(xml, "\n----\n");
    cr_assert_not_null(dashes, "%s", name);
    *dashes = '\0';
    for (const char *c = xml; *c != '\0'; c++)
        s.line += *c == '\n';
    s.line += 2;
    load_scene(&l, folder, xml);
    s.form = l.form;
    char *script = options(&s, dashes + 6);
    s.iv = begin(l.form, &s.journal, s.seed, s.parameter[0], s.parameter[1]);
    run_script(&s, script);
    svy_interview_free(s.iv);
    rec_free(&s.journal);
    load_free(&l);
}

Test(scenario, all, .timeout = 200)
{
    static const char FOLDER[] = SVY_SOURCE_DIR "/tests/whole/scenarios";
    DIR *dir = opendir(FOLDER);
    int n = 0;

    cr_assert_not_null(dir);
    for (struct dirent *d; (d = readdir(dir)) != NULL; ) {
        const size_t len = strlen(d->d_name);
        if (len < 5 || strcmp(d->d_name + len - 4, ".txt") != 0)
            continue;
        play(FOLDER, d->d_name);
        n++;
    }
    closedir(dir);
    cr_expect_gt(n, 30, "only %d scenarios", n);
}
