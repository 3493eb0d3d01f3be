/* Packages: what is written reads back, what is damaged is refused at its position, and what the engine would not have taken is told. */
#include <criterion/criterion.h>

#include "make_form.h"
#include "package_maker.h"
#include "recorder.h"

static const svy_moment NOON = { .utc_ms = 1774958400000, .zone_minutes = 120, .mono_ms = 5 };

/* A whole interview at random, as a package and as a journal. */
typedef struct trip { form_maker m; package_maker p; svy_interview *iv; } trip;

static trip at_random(uint64_t seed)
{
    trip t = { .m = fm_everything() };
    svy_interview_options o = SVY_INTERVIEW_OPTIONS_INIT;
    svy_error err = SVY_ERROR_INIT;

    pm_head(&t.p, t.m.form);
    pm_sitting(&t.p, SVY_MODE_WEB);
    o.seed = seed;
    o.journal = (svy_journal){ pm_event, &t.p };
    cr_assert_eq(svy_interview_new(NULL, t.m.form, &o, NOON, &t.iv, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_interview_randomize(t.iv, seed, 0.1, NOON, &err), SVY_OK, "%s", err.message);
    pm_end(&t.p, svy_interview_phase(t.iv));
    return t;
}

static void done(trip *t)
{
    svy_interview_free(t->iv);
    pm_free(&t->p);
    fm_free(&t->m);
}

Test(package, replays_to_the_same_state)
{
    for (uint64_t seed = 1; seed <= 8; seed++) {
        trip t = at_random(seed);
        svy_error err = SVY_ERROR_INIT;
        svy_interview *again = NULL;
        cr_assert_eq(svy_package_replay(NULL, t.m.form, t.p.bytes, t.p.n, 0, NULL, &again, &err), SVY_OK, "%s", err.message);
        state one = state_of(t.iv), other = state_of(again);
        cr_expect(state_same(&one, &other));
        cr_expect_eq(svy_interview_audit(again, &err), SVY_OK, "seed %d: %s", (int)seed, err.message);
        free(one.bytes);
        free(other.bytes);
        svy_interview_free(again);
        done(&t);
    }
}

typedef struct seen { unsigned heads, sittings, events, files, ends; char text[1000]; package_maker again; } seen;

static svy_status see_head(void *user, const svy_package_head *h, svy_error *err)
{
    seen *s = user;

    (void)err;
    s->heads++;
    const size_t need = svy_package_write_head(h, NULL, 0);
    svy_package_write_head(h, pm_room(&s->again, need), need);
    return SVY_OK;
}

static svy_status see_sitting(void *user, const svy_sitting *x, svy_error *err)
{
    seen *s = user;

    (void)err;
    s->sittings++;
    const size_t need = svy_package_write_sitting(x, NULL, 0);
    svy_package_write_sitting(x, pm_room(&s->again, need), need);
    return SVY_OK;
}

static svy_status see_event(void *user, const svy_event *e, svy_error *err)
{
    seen *s = user;

    s->events++;
    return pm_event(&s->again, e, err);
}

static svy_status see_file(void *user, const svy_package_file *f, svy_error *err)
{
    seen *s = user;

    (void)err;
    s->files++;
    const size_t need = svy_package_write_file(f, NULL, 0);
    svy_package_write_file(f, pm_room(&s->again, need), need);
    return SVY_OK;
}

static svy_status see_end(void *user, uint64_t events, svy_phase phase, svy_error *err)
{
    seen *s = user;

    (void)err;
    (void)events;
    s->ends++;
    pm_end(&s->again, phase);
    return SVY_OK;
}

static svy_status read_all(const package_maker *p, int draft, seen *s, svy_error *err)
{
    const svy_package_reader to = { see_head, see_sitting, see_event, see_file, see_end, s };

    *s = (seen){ .heads = 0 };
    return svy_package_read(p->bytes, p->n, draft, &to, err);
}

static void add_file(package_maker *p, const char *name)
{
    uint8_t digest[32], sealed[32];
    const svy_package_file f = { name, "image/jpeg", 123456789012, digest, sealed };
    const size_t need = svy_package_write_file(&f, NULL, 0);

    memset(digest, 7, sizeof digest);
    memset(sealed, 9, sizeof sealed);
    svy_package_write_file(&f, pm_room(p, need), need);
}

Test(package, what_is_read_is_written_the_same_again)
{
    trip t = at_random(3);
    svy_error err = SVY_ERROR_INIT;
    seen s;

    t.p.n -= svy_package_write_end(t.p.events, SVY_COMPLETE, NULL, 0);
    add_file(&t.p, "photo-1.jpg");
    pm_sitting(&t.p, SVY_MODE_SELF);
    pm_end(&t.p, SVY_COMPLETE);
    cr_assert_eq(read_all(&t.p, 0, &s, &err), SVY_OK, "%s", err.message);
    cr_expect_eq(s.heads, 1);
    cr_expect_eq(s.sittings, 2);
    cr_expect_eq(s.files, 1);
    cr_expect_eq(s.ends, 1);
    cr_expect_eq(s.events, t.p.events);
    cr_expect_eq(s.again.n, t.p.n);
    cr_expect_arr_eq(s.again.bytes, t.p.bytes, t.p.n);
    pm_free(&s.again);
    done(&t);
}

Test(package, every_cut_is_refused_and_told_where)
{
    trip t = at_random(2);
    svy_error err = SVY_ERROR_INIT;
    seen s;

    for (size_t n = 0; n < t.p.n; n++) {
        unsigned char *cut = malloc(n > 0 ? n : 1);         /* of its own, so that a sanitizer sees one byte too far */
        memcpy(cut, t.p.bytes, n);
        const package_maker p = { cut, n, n, 0 };
        cr_assert_eq(read_all(&p, 0, &s, &err), SVY_E_FORMAT, "%zu bytes are taken", n);
        cr_assert_not_null(strstr(err.message, "byte "), "%s", err.message);
        pm_free(&s.again);
        free(cut);
    }
    done(&t);
}

Test(package, a_draft_may_lack_its_end)
{
    trip t = at_random(2);
    svy_error err = SVY_ERROR_INIT;
    svy_interview *iv = NULL;
    seen s;

    cr_assert_eq(read_all(&t.p, 1, &s, &err), SVY_OK, "%s", err.message);
    pm_free(&s.again);
    t.p.n -= svy_package_write_end(t.p.events, SVY_COMPLETE, NULL, 0);
    cr_assert_eq(read_all(&t.p, 1, &s, &err), SVY_OK, "%s", err.message);
    pm_free(&s.again);
    cr_assert_eq(svy_package_replay(NULL, t.m.form, t.p.bytes, t.p.n, 1, NULL, &iv, &err), SVY_OK, "%s", err.message);
    svy_interview_free(iv);
    cr_assert_eq(svy_package_replay(NULL, t.m.form, t.p.bytes, t.p.n, 0, NULL, &iv, &err), SVY_E_FORMAT);
    cr_expect_null(iv);
    done(&t);
}

Test(package, whatever_byte_is_changed_it_is_read_to_the_end_or_refused)
{
    trip t = at_random(5);
    svy_error err = SVY_ERROR_INIT;
    unsigned refused = 0;
    seen s;

    for (size_t i = 0; i < t.p.n; i++)
        for (unsigned bit = 0; bit < 8; bit += 3) {
            t.p.bytes[i] ^= (unsigned char)(1u << bit);
            const svy_status st = read_all(&t.p, 0, &s, &err);
            cr_assert(st == SVY_OK || st == SVY_E_FORMAT, "byte %zu: %d", i, (int)st);
            if (st == SVY_OK)                              /* then it says something else, in the one way there is */
                cr_assert(s.again.n == t.p.n && memcmp(s.again.bytes, t.p.bytes, t.p.n) == 0, "byte %zu", i);
            refused += st != SVY_OK;
            pm_free(&s.again);
            t.p.bytes[i] ^= (unsigned char)(1u << bit);
        }
    cr_expect_gt(refused, t.p.n / 2);
    done(&t);
}

/* ---- one thing wrong at a time ---- */

#define HEAD "SVYP\x01" "\x01\x3C" "\x24" PM_UUID "\0" "\x01" "f\0" "\x01" "1\0" "\x05" "\0\0" "\0\0" "\0\0" "\0\0\0\0\0\0\0\0\0"
enum { HEAD_LEN = 5 + 2 };

static const struct { const char *what, *frames; size_t len; const char *message; } WRONG[] = {
#define CASE(what, frames, message) { what, frames, sizeof(frames) - 1, message }
    CASE("an event without a sitting", "\x03\x0D" "\x01\x00\x00\x00\x01" "\0\0" "\0\0" "\0\0" "\x00" "\0\0", "before the first sitting"),
    CASE("a number that is too long", "\x02\x0D" "\x81\x00" "\x02" "\0\0" "\0\0" "\0\0" "\0\0" "\x00\x00", "shortest form"),
    CASE("a sitting that begins elsewhere", "\x02\x0C" "\x02" "\x02" "\0\0" "\0\0" "\0\0" "\0\0" "\x00\x00", "next event"),
    CASE("an unknown mode", "\x02\x0C" "\x01" "\x07" "\0\0" "\0\0" "\0\0" "\0\0" "\x00\x00", "mode is unknown"),
    CASE("a clock that is not known and has an offset", "\x02\x0C" "\x01" "\x02" "\0\0" "\0\0" "\0\0" "\0\0" "\x00\x02", "has an offset"),
    CASE("more than belongs in it", "\x02\x0D" "\x01" "\x02" "\0\0" "\0\0" "\0\0" "\0\0" "\x00\x00" "\x00", "more in the frame"),
    CASE("a text without its NUL", "\x02\x0C" "\x01" "\x02" "\0A" "\0\0" "\0\0" "\0\0" "\x00\x00", "a text is cut"),
    CASE("bytes that are no text", "\x02\x0E" "\x01" "\x02" "\x02\xC3\x28\0" "\0\0" "\0\0" "\0\0" "\x00\x00", "not UTF-8"),
    CASE("a NUL in a text", "\x02\x0F" "\x01" "\x02" "\x03" "a\0b\0" "\0\0" "\0\0" "\0\0" "\x00\x00", "not UTF-8"),
    CASE("an unknown frame", "\x06\x00", "kind of the frame"),
    CASE("something behind the end", "\x05\x02" "\x00\x00" "\x05\x02" "\x00\x00", "follows the end"),
    CASE("an end that counts wrong", "\x05\x02" "\x01\x00", "number of events"),
    CASE("an unknown phase", "\x05\x02" "\x00\x03", "phase is unknown"),
    CASE("a frame longer than the package", "\x05\x7F" "\x00\x00", "the frame is cut"),
    CASE("a file without a name", "\x04\x45" "\0\0" "\0\0" "\x00" "0123456789012345678901234567890123456789012345678901234567890123", "no name"),
#undef CASE
};

Test(package, each_thing_that_is_wrong_is_named)
{
    svy_error err = SVY_ERROR_INIT;
    seen s;
    const svy_package_head head = { PM_UUID, "f", "1", 5, "", "", "" };

    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        package_maker p = { .bytes = NULL };
        const size_t need = svy_package_write_head(&head, NULL, 0);
        svy_package_write_head(&head, pm_room(&p, need), need);
        memcpy(pm_room(&p, WRONG[i].len), WRONG[i].frames, WRONG[i].len);
        cr_expect_eq(read_all(&p, 1, &s, &err), SVY_E_FORMAT, "%s is taken", WRONG[i].what);
        cr_expect_not_null(strstr(err.message, WRONG[i].message), "%s: %s", WRONG[i].what, err.message);
        pm_free(&s.again);
        pm_free(&p);
    }
}

Test(package, too_much_is_refused_before_it_is_read)
{
    svy_error err = SVY_ERROR_INIT;
    svy_package_reader nobody = { .user = NULL };
    unsigned char *large = calloc(1, SVY_PACKAGE_MAX + 1);

    cr_assert_not_null(large);
    cr_expect_eq(svy_package_read(large, SVY_PACKAGE_MAX + 1, 1, &nobody, &err), SVY_E_LIMIT);
    free(large);
}

Test(package, numbers_of_every_size_come_back)
{
    static const int64_t MOMENTS[] = { 0, -1, 1, 63, -64, 64, INT64_MAX, INT64_MIN, 1774958400000 };
    svy_error err = SVY_ERROR_INIT;
    form_maker m = fm_everything();
    seen s;
    package_maker p = { .bytes = NULL };

    pm_head(&p, m.form);
    pm_sitting(&p, SVY_MODE_WEB);
    for (size_t i = 0; i < sizeof MOMENTS / sizeof MOMENTS[0]; i++) {
        const svy_event e = { .sequence = p.events + 1, .moment = { MOMENTS[i], (int32_t)i - 4, MOMENTS[i] }, .action = SVY_DID_GO, .item = "", .entry = "",
                              .value = "", .reason = "" };
        pm_event(&p, &e, &err);
    }
    cr_assert_eq(read_all(&p, 1, &s, &err), SVY_OK, "%s", err.message);
    cr_expect(s.again.n == p.n && memcmp(s.again.bytes, p.bytes, p.n) == 0);
    pm_free(&s.again);
    pm_free(&p);
    fm_free(&m);
}

Test(package, of_another_form_is_refused)
{
    trip t = at_random(1);
    form_maker other = fm_begin();
    svy_error err = SVY_ERROR_INIT;
    svy_interview *iv;

    fm_add(&other, fm_add(&other, 0, SVY_EL_QUESTIONNAIRE, "Other", "id", "everything", "version", "1", "xml:lang", "en", NULL), SVY_EL_NOTE, "n", "id", "n", NULL);
    fm_end(&other);
    cr_expect_eq(svy_package_replay(NULL, other.form, t.p.bytes, t.p.n, 0, NULL, &iv, &err), SVY_E_FORMAT);
    cr_expect_not_null(strstr(err.message, "another form"), "%s", err.message);
    fm_free(&other);
    done(&t);
}

Test(package, the_names_of_modes)
{
    svy_mode mode;

    for (int i = SVY_MODE_TERMINAL; i <= SVY_MODE_SIMULATION; i++) {
        const char *name = svy_mode_name((svy_mode)i);
        cr_assert(svy_mode_find(name, strlen(name), &mode));
        cr_expect_eq((int)mode, i);
    }
    cr_expect_str_eq(svy_mode_name((svy_mode)0), "");
    cr_expect_str_eq(svy_mode_name((svy_mode)7), "");
    cr_expect_not(svy_mode_find("we", 2, &mode));
}
