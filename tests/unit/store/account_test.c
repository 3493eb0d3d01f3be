/* Accounts, tokens and links: who gets in, who does not, and what the file knows of how. */
#define _POSIX_C_SOURCE 200809L
#include <criterion/criterion.h>
#include <unistd.h>
#include <survey/account.h>

#include "study_scratch.h"

TestSuite(account, .init = enter, .fini = leave);

static const char HASH[] = "$argon2id$v=19$m=65536,t=3,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g";
static svy_error err = SVY_ERROR_INIT;

static void add(svy_study *s, const char *name, svy_account_role role, const char *organisation, char id[SVY_ACCOUNT_ID])
{
    OK(svy_study_account_add(s, name, role, organisation, HASH, "ann", fixture_now(), id, &err));
}

/* ---- passwords ---- */

Test(account, passwords_that_are_tried_first_are_refused)
{
    static const char *const REFUSED[] = {
        "", "short", "elevenchars", "password1234", "Password-1234", "passwordpassword", "qwertyuiop12", "aaaaaaaaaaaaaaaa", "abcabcabcabcabc", "123456789012", "1q2w3e4r5t6y",
        "letmein123456", "Welcome2026!!", "iloveyou2026", "administrator", "correct horse battery staple", "parola admin 2026", ("\xD0\xBF\xD0\xB0\xD1\x80\xD0\xBE\xD0\xBB\xD0\xB0" "123456"),
        "zxcvbnm,./zxcvbnm", "maria.petrova1", "maria petrova!!", "MariaPetrova2026" };
    static const char *const TAKEN[] = {
        "four words of no sense", "tundra-kettle-ninety", "Xk4!vv09..pQe", "\xD1\x87\xD0\xB5\xD1\x82\xD0\xB8\xD1\x80\xD0\xB8 \xD0\xB4\xD1\x83\xD0\xBC\xD0\xB8 \xD0\xB1\xD0\xB5\xD0\xB7 \xD1\x81\xD0\xBC\xD0\xB8\xD1\x81\xD1\x8A\xD0\xBB",
        "summer winter apple horse kettle" };

    for (size_t i = 0; i < sizeof REFUSED / sizeof REFUSED[0]; i++)
        cr_expect_eq(svy_password_accept(REFUSED[i], strlen(REFUSED[i]), "maria petrova", &err), SVY_E_VALUE, "%s", REFUSED[i]);
    for (size_t i = 0; i < sizeof TAKEN / sizeof TAKEN[0]; i++)
        OK(svy_password_accept(TAKEN[i], strlen(TAKEN[i]), "maria petrova", &err));
    FAILS(svy_password_accept("\xFF\xFE\xFD\xFC\xFF\xFE\xFD\xFC\xFF\xFE\xFD\xFC", 12, NULL, &err), SVY_E_VALUE, "UTF-8");
    FAILS(svy_password_accept("tundra\0kettle-ninety", 20, NULL, &err), SVY_E_VALUE, "UTF-8");
    char *big = calloc(1, 10 << 20);
    cr_assert_not_null(big);
    memset(big, 'x', 10 << 20);
    FAILS(svy_password_accept(big, 10 << 20, NULL, &err), SVY_E_VALUE, "1,000");
    cr_expect_eq(svy_password_check(NULL, big, 10 << 20), 0);
    char out[SVY_PASSWORD_HASH];
    FAILS(svy_password_hash(big, 10 << 20, out, &err), SVY_E_LIMIT, "1,000");
    free(big);
}

Test(account, a_password_is_checked_by_its_hash)
{
    char hash[SVY_PASSWORD_HASH], again[SVY_PASSWORD_HASH];

    OK(svy_password_hash("tundra-kettle-ninety", 20, hash, &err));
    OK(svy_password_hash("tundra-kettle-ninety", 20, again, &err));
    cr_expect_str_neq(hash, again);
    cr_expect(strncmp(hash, "$argon2id$v=19$m=65536,t=3,p=1$", 31) == 0, "%s", hash);
    cr_expect_eq(svy_password_check(hash, "tundra-kettle-ninety", 20), 1);
    cr_expect_eq(svy_password_check(hash, "tundra-kettle-ninetz", 20), 0);
    cr_expect_eq(svy_password_check(hash, "tundra-kettle-ninety\0", 21), 0);
    cr_expect_eq(svy_password_check(hash, "", 0), 0);
    cr_expect_eq(svy_password_check("", "", 0), 0);
    cr_expect_eq(svy_password_check(NULL, "tundra-kettle-ninety", 20), 0);
    cr_expect_eq(svy_password_check("no hash at all", "tundra-kettle-ninety", 20), 0);
}

/* ---- accounts ---- */

Test(account, an_account_is_found_by_its_name_in_any_case)
{
    svy_study *s = make();
    char id[SVY_ACCOUNT_ID];
    svy_account a;
    int found;

    add(s, "\xD0\x98\xD0\xB2\xD0\xB0\xD0\xBD Petrov", SVY_ROLE_SUPERVISOR, "NSI", id);
    OK(svy_study_account_find(s, "\xD0\xB8\xD0\x92\xD0\xB0\xD0\x9D pETROV", &a, &found, &err));
    cr_assert_eq(found, 1);
    cr_expect_str_eq(a.id, id);
    cr_expect_str_eq(a.organisation, "NSI");
    cr_expect_str_eq(a.password, HASH);
    cr_expect_eq(a.role, SVY_ROLE_SUPERVISOR);
    FAILS(svy_study_account_add(s, "\xD0\xB8\xD0\xB2\xD0\xB0\xD0\xBD petrov", SVY_ROLE_ANALYST, "", HASH, "ann", fixture_now(), NULL, &err), SVY_E_NAME, "already");
    OK(svy_study_account_get(s, id, &a, &found, &err));
    cr_expect_eq(found, 1);
    OK(svy_study_account_get(s, "0000000000000000", &a, &found, &err));
    cr_expect_eq(found, 0);
    cr_expect_eq(a.role, 0);
    svy_study_close(s);
}

/* Whoever is called nearly like another gets that person's cases, and hides behind that person's lines in the log. */
Test(account, a_name_that_is_taken_for_anothers_is_refused)
{
    svy_study *s = make();
    char id[SVY_ACCOUNT_ID];
    static const char *const ALIKE[] = { "ana  petrova", "Ana-Petrova", "anapetrova", "\xD0\xB0na petrova", "\xD0\xB0\xD0\xBD\xD0\xB0 \xD0\xBF\xD0\xB5\xD1\x82\xD1\x80\xD0\xBE\xD0\xB2\xD0\xB0",
        "\xC3\xA1na petrova", "a\xCC\x81na petrova", "\xEF\xBD\x81na petrova", "ana.petrova_", "\xCE\xB1na petrova", "an\xD0\xB0 p\xD0\xB5trov\xD0\xB0", "\xF0\x9D\x90\x9Ana petrova" };
    static const char *const OTHER[] = { "ana petrov", "anna petrova", "ana petrova 2", "maria", "---", "+++", "\xD9\x85\xD8\xB1\xD9\x8A\xD9\x85", "int01", "int10" };
    static const char *const UNSEEN[] = { "ana\xC2\xADpet", "ana\xE2\x80\x8Dpet", "ana\xE2\x81\xA0pet", "ana\xEF\xBB\xBFpet", "ana\xD8\x9Cpet", "\xE3\x85\xA4", "ana\xEF\xB8\x8F",
        "a\xF3\xA0\x81\xA1" };

    add(s, "Ana Petrova", SVY_ROLE_INTERVIEWER, "NSI", id);
    for (size_t i = 0; i < sizeof ALIKE / sizeof ALIKE[0]; i++)
        FAILS(svy_study_account_add(s, ALIKE[i], SVY_ROLE_INTERVIEWER, "NSI", HASH, "x", fixture_now(), NULL, &err), SVY_E_NAME, "taken for the account 'Ana Petrova'");
    for (size_t i = 0; i < sizeof UNSEEN / sizeof UNSEEN[0]; i++)
        cr_expect_eq(svy_study_account_add(s, UNSEEN[i], SVY_ROLE_INTERVIEWER, "NSI", HASH, "x", fixture_now(), NULL, &err), SVY_E_VALUE, "%zu", i);
    for (size_t i = 0; i < sizeof OTHER / sizeof OTHER[0]; i++)
        add(s, OTHER[i], SVY_ROLE_INTERVIEWER, "NSI", id);
    add(s, "copa", SVY_ROLE_INTERVIEWER, "NSI", id);
    FAILS(svy_study_account_add(s, "\xD1\x81\xD0\xBE\xD1\x80\xD0\xB0", SVY_ROLE_INTERVIEWER, "NSI", HASH, "x", fixture_now(), NULL, &err), SVY_E_NAME, "'copa'");
    svy_study_close(s);
}

/* Persian words and families of emoji need joiners; what turns the direction of the line or is not seen at all stays out. */
Test(account, texts_take_joiners)
{
    svy_study *s = make();
    char id[SVY_ACCOUNT_ID];

    OK(svy_study_account_add(s, "pat", SVY_ROLE_INTERVIEWER, "\xD9\x85\xDB\x8C\xE2\x80\x8C\xD8\xAE\xD9\x88\xD8\xA7\xD9\x87\xD9\x85", HASH, "x", fixture_now(), id, &err));
    FAILS(svy_study_account_add(s, "sam", SVY_ROLE_INTERVIEWER, "N\xD8\x9CS", HASH, "x", fixture_now(), id, &err), SVY_E_VALUE, "control character");
    svy_study_close(s);
}

Test(account, names_are_texts_that_people_can_type)
{
    svy_study *s = make();
    char *big = malloc((10 << 20) + 1);
    static const char *const BAD[] = { "", " maria", "maria ", "ma\nria", "ma\x01ria", "\xFFmaria", "ma\xE2\x80\xAEria", "ma\xC2\x85ria", "Respondent" };
    static const char *const ODD[] = { "o'brien", "\"); DROP TABLE accounts; --", "' OR 1=1 --", "a%b_c", "<script>alert(1)</script>", "../../etc/passwd", "=cmd|'/C calc'!A0" };
    svy_account a;
    int found;

    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        cr_expect_eq(svy_study_account_add(s, BAD[i], SVY_ROLE_INTERVIEWER, "", HASH, "ann", fixture_now(), NULL, &err), SVY_E_VALUE, "%zu", i);
        if (i > 0 && i < 8)
            cr_expect_eq(svy_study_account_add(s, "fine", SVY_ROLE_INTERVIEWER, BAD[i], HASH, "ann", fixture_now(), NULL, &err), SVY_E_VALUE, "%zu", i);
    }
    memset(big, 'm', 10 << 20);
    big[10 << 20] = '\0';
    FAILS(svy_study_account_add(s, big, SVY_ROLE_INTERVIEWER, "", HASH, "ann", fixture_now(), NULL, &err), SVY_E_VALUE, "at most 100");
    OK(svy_study_account_find(s, big, &a, &found, &err));
    cr_expect_eq(found, 0);
    free(big);
    FAILS(svy_study_account_add(s, "r", SVY_ROLE_RESPONDENT, "", HASH, "ann", fixture_now(), NULL, &err), SVY_E_VALUE, "links");
    FAILS(svy_study_account_add(s, "r", (svy_account_role)77, "", HASH, "ann", fixture_now(), NULL, &err), SVY_E_VALUE, "links");
    FAILS(svy_study_account_add(s, "r", SVY_ROLE_ANALYST, "", "plain", "ann", fixture_now(), NULL, &err), SVY_E_VALUE, "hash");
    SAYS("SELECT count(*) FROM accounts", "0");
    for (size_t i = 0; i < sizeof ODD / sizeof ODD[0]; i++) {
        OK(svy_study_account_add(s, ODD[i], SVY_ROLE_INTERVIEWER, ODD[i], HASH, ODD[i], fixture_now(), NULL, &err));
        OK(svy_study_account_find(s, ODD[i], &a, &found, &err));
        cr_expect(found && strcmp(a.name, ODD[i]) == 0 && strcmp(a.organisation, ODD[i]) == 0, "%s", ODD[i]);
    }
    OK(svy_study_account_find(s, "a_b%c", &a, &found, &err));
    cr_expect_eq(found, 0);
    SAYS("SELECT count(*) FROM accounts", "7");
    SAYS("SELECT count(*) FROM audit WHERE action = 'account.add'", "7");
    svy_study_close(s);
}

Test(account, the_last_administrator_stays)
{
    svy_study *s = make();
    char first[SVY_ACCOUNT_ID], partner[SVY_ACCOUNT_ID], second[SVY_ACCOUNT_ID];

    add(s, "first", SVY_ROLE_ADMINISTRATOR, "", first);
    add(s, "partner", SVY_ROLE_ADMINISTRATOR, "NSI", partner);
    FAILS(svy_study_account_disable(s, first, 1, "first", fixture_now(), &err), SVY_E_STATE, "last administrator");
    OK(svy_study_account_disable(s, partner, 1, "first", fixture_now(), &err));
    add(s, "second", SVY_ROLE_ADMINISTRATOR, "", second);
    OK(svy_study_account_disable(s, first, 1, "second", fixture_now(), &err));
    FAILS(svy_study_account_disable(s, second, 1, "second", fixture_now(), &err), SVY_E_STATE, "last administrator");
    OK(svy_study_account_disable(s, first, 0, "second", fixture_now(), &err));
    FAILS(svy_study_account_disable(s, "ffffffffffffffff", 1, "x", fixture_now(), &err), SVY_E_NAME, "no account");
    svy_study_close(s);
}

Test(account, role_and_organisation_change_but_an_administrator_stays)
{
    svy_study *s = make();
    char first[SVY_ACCOUNT_ID], maria[SVY_ACCOUNT_ID];
    svy_account a;
    int found;

    add(s, "first", SVY_ROLE_ADMINISTRATOR, "", first);
    add(s, "maria", SVY_ROLE_INTERVIEWER, "NSI", maria);
    FAILS(svy_study_account_change(s, first, SVY_ROLE_ANALYST, "", "first", fixture_now(), &err), SVY_E_STATE, "last administrator");
    FAILS(svy_study_account_change(s, first, SVY_ROLE_ADMINISTRATOR, "NSI", "first", fixture_now(), &err), SVY_E_STATE, "last administrator");
    FAILS(svy_study_account_change(s, maria, SVY_ROLE_RESPONDENT, "NSI", "first", fixture_now(), &err), SVY_E_VALUE, "respondents come by links");
    FAILS(svy_study_account_change(s, maria, SVY_ROLE_ANALYST, "a\nb", "first", fixture_now(), &err), SVY_E_VALUE, "organisation");
    FAILS(svy_study_account_change(s, "ffffffffffffffff", SVY_ROLE_ANALYST, "", "first", fixture_now(), &err), SVY_E_NAME, "no account");
    SAYS("SELECT count(*) FROM audit WHERE action = 'account.change'", "0");
    OK(svy_study_account_change(s, maria, SVY_ROLE_ADMINISTRATOR, "", "first", fixture_now(), &err));
    OK(svy_study_account_change(s, maria, SVY_ROLE_ADMINISTRATOR, "", "first", fixture_now(), &err));      /* nothing changes: nothing is recorded */
    OK(svy_study_account_change(s, first, SVY_ROLE_SUPERVISOR, "BG", "maria", fixture_now(), &err));
    FAILS(svy_study_account_change(s, maria, SVY_ROLE_ANALYST, "", "maria", fixture_now(), &err), SVY_E_STATE, "last administrator");
    OK(svy_study_account_get(s, first, &a, &found, &err));
    cr_expect(found && a.role == SVY_ROLE_SUPERVISOR && strcmp(a.organisation, "BG") == 0 && strcmp(a.name, "first") == 0);
    SAYS("SELECT group_concat(detail, ';') FROM (SELECT detail FROM audit WHERE action = 'account.change' ORDER BY rowid)", "administrator maria;supervisor first of BG");
    svy_study_close(s);
}

/* ---- tokens ---- */

static int gets_in(svy_study *s, const char *token, svy_moment now, svy_principal *p)
{
    int found = 0;

    OK(svy_study_token_find(s, token, strlen(token), now, p, NULL, NULL, &found, &err));
    return found;
}

Test(account, a_token_works_until_it_expires_is_revoked_or_its_account_is_disabled)
{
    svy_study *s = make();
    char id[SVY_ACCOUNT_ID], other[SVY_ACCOUNT_ID], token[SVY_TOKEN], second[SVY_TOKEN], device[SVY_ACCOUNT_TEXT];
    svy_moment now = fixture_now(), later = now;
    svy_token_kind kind;
    svy_principal p;
    int found;

    later.utc_ms += 1000000;
    add(s, "maria", SVY_ROLE_INTERVIEWER, "NSI", id);
    add(s, "petar", SVY_ROLE_INTERVIEWER, "", other);
    OK(svy_study_token_make(s, id, SVY_TOKEN_DEVICE, "tablet 7", now.utc_ms + 500000, "maria", now, token, &err));
    OK(svy_study_token_make(s, id, SVY_TOKEN_ODK, "phone", 0, "maria", now, second, &err));
    cr_expect_eq(strlen(token), 43);
    cr_expect_eq(strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), 43);
    OK(svy_study_token_find(s, token, 43, now, &p, &kind, device, &found, &err));
    cr_assert_eq(found, 1);
    cr_expect(p.role == SVY_ROLE_INTERVIEWER && strcmp(p.name, "maria") == 0 && strcmp(p.organisation, "NSI") == 0 && strcmp(p.account, id) == 0 && p.form[0] == '\0');
    cr_expect(kind == SVY_TOKEN_DEVICE && strcmp(device, "tablet 7") == 0);
    cr_expect_eq(gets_in(s, token, later, &p), 0);
    cr_expect_eq(p.role, 0);
    cr_expect_eq(gets_in(s, second, later, &p), 1);
    token[5] ^= 1;
    cr_expect_eq(gets_in(s, token, now, &p), 0);
    token[5] ^= 1;
    cr_expect_eq(gets_in(s, "", now, &p), 0);
    OK(svy_study_token_revoke(s, other, NULL, "x", now, &err));
    FAILS(svy_study_token_revoke(s, id, "0123456789abcdef", "x", now, &err), SVY_E_NAME, "no device");
    FAILS(svy_study_token_revoke(s, id, "' OR 1=1", "x", now, &err), SVY_E_NAME, "no device");
    cr_expect_eq(gets_in(s, token, now, &p), 1);
    OK(svy_study_account_disable(s, id, 1, "ann", now, &err));
    cr_expect_eq(gets_in(s, token, now, &p) + gets_in(s, second, now, &p), 0);
    FAILS(svy_study_token_make(s, id, SVY_TOKEN_DEVICE, "", 0, "maria", now, token, &err), SVY_E_STATE, "disabled");
    cr_expect_str_eq(token, "");
    OK(svy_study_account_disable(s, id, 0, "ann", now, &err));
    cr_expect_eq(gets_in(s, second, now, &p), 0);          /* enabling does not bring tokens back */
    svy_study_close(s);
    SAYS("SELECT count(*) FROM tokens WHERE length(hash) = 32", "2");
}

typedef struct ids { char first[SVY_ACCOUNT_ID]; int n, revoked; } ids;
static svy_status take_token(void *user, const svy_token_info *token)
{
    ids *i = user;
    if (i->n++ == 0)
        snprintf(i->first, sizeof i->first, "%s", token->id);
    i->revoked += token->revoked;
    return SVY_OK;
}

Test(account, one_device_is_revoked_or_all)
{
    svy_study *s = make();
    char id[SVY_ACCOUNT_ID], a[SVY_TOKEN], b[SVY_TOKEN], c[SVY_TOKEN];
    svy_principal p;
    ids seen = { "", 0, 0 };

    add(s, "maria", SVY_ROLE_INTERVIEWER, "", id);
    OK(svy_study_token_make(s, id, SVY_TOKEN_DEVICE, "a", 0, "maria", fixture_now(), a, &err));
    OK(svy_study_token_make(s, id, SVY_TOKEN_DEVICE, "b", 0, "maria", fixture_now(), b, &err));
    OK(svy_study_tokens(s, id, take_token, &seen, &err));
    cr_assert_eq(seen.n, 2);
    OK(svy_study_token_revoke(s, id, seen.first, "maria", fixture_now(), &err));
    cr_expect_eq(gets_in(s, a, fixture_now(), &p), 1);
    cr_expect_eq(gets_in(s, b, fixture_now(), &p), 0);     /* the newest comes first */
    OK(svy_study_account_password(s, id, HASH, "maria", fixture_now(), &err));
    cr_expect_eq(gets_in(s, a, fixture_now(), &p), 0);
    OK(svy_study_token_make(s, id, SVY_TOKEN_DEVICE, "c", 0, "maria", fixture_now(), c, &err));
    cr_expect_eq(gets_in(s, c, fixture_now(), &p), 1);
    seen = (ids){ "", 0, 0 };
    OK(svy_study_tokens(s, NULL, take_token, &seen, &err));
    cr_expect(seen.n == 3 && seen.revoked == 2);
    svy_study_close(s);
}

/* ---- links ---- */

static svy_access link_for(svy_access_kind kind, const char *case_id)
{
    svy_access link = { .kind = kind };
    if (kind != SVY_ACCESS_SETUP)
        strcpy(link.form, "tcn-study");
    strcpy(link.case_id, case_id);
    return link;
}

Test(account, a_personal_link_opens_one_case)
{
    svy_study *s = make();
    svy_access link = link_for(SVY_ACCESS_PERSONAL, "c-17"), seen;
    char code[SVY_CODE], typed[80], token[SVY_TOKEN], id[SVY_ACCOUNT_ID];
    svy_principal p, q;
    int found;

    strcpy(link.organisation, "NSI");
    OK(svy_study_link_make(s, &link, "ann", fixture_now(), code, &err));
    cr_expect(strlen(code) == 34 && strspn(code, "0123456789abcdefghjkmnpqrstvwxyz-") == 34, "%s", code);
    /* as somebody types it from a letter */
    snprintf(typed, sizeof typed, " %s ", code);
    for (char *c = typed; *c != '\0'; c++)
        *c = *c == '0' ? 'O' : *c == '1' ? 'l' : *c == '-' ? ' ' : *c >= 'a' && *c <= 'z' ? (char)(*c - 32) : *c;
    OK(svy_study_link_find(s, typed, strlen(typed), fixture_now(), &seen, &found, &err));
    cr_assert_eq(found, 1);
    cr_expect(seen.kind == SVY_ACCESS_PERSONAL && strcmp(seen.case_id, "c-17") == 0 && seen.uses == 0);
    OK(svy_study_link_use(s, code, strlen(code), 0, fixture_now(), &p, token, &found, &err));
    cr_assert_eq(found, 1);
    cr_expect(p.role == SVY_ROLE_RESPONDENT && strcmp(p.form, "tcn-study") == 0 && strcmp(p.case_id, "c-17") == 0 && strcmp(p.name, "respondent") == 0);
    cr_expect_eq(gets_in(s, token, fixture_now(), &q), 1);
    cr_expect(memcmp(&p, &q, sizeof p) == 0 && strcmp(q.account, link.id) == 0 && strcmp(q.organisation, "NSI") == 0);
    code[3] = code[3] == 'x' ? 'y' : 'x';
    OK(svy_study_link_use(s, code, strlen(code), 0, fixture_now(), &p, token, &found, &err));
    cr_expect(found == 0 && token[0] == '\0' && p.role == 0);
    OK(svy_study_setup(s, code, strlen(code), "eve", HASH, fixture_now(), id, &found, &err));
    cr_expect_eq(found, 0);
    FAILS(svy_study_link_close(s, NULL, "0000000000000000", "ann", fixture_now(), &err), SVY_E_NAME, "no link");
    OK(svy_study_link_close(s, NULL, link.id, "ann", fixture_now(), &err));
    svy_study_close(s);
}

Test(account, a_link_ends_when_it_is_closed_expired_or_used_up)
{
    svy_study *s = make();
    svy_access link = link_for(SVY_ACCESS_PUBLIC, "");
    char code[SVY_CODE], token[SVY_TOKEN], other[SVY_TOKEN];
    svy_moment now = fixture_now(), later = now;
    svy_principal p;
    int found;

    link.max_uses = 2;
    link.expires_utc_ms = now.utc_ms + 1000;
    later.utc_ms += 1000;
    OK(svy_study_link_make(s, &link, "ann", now, code, &err));
    OK(svy_study_link_use(s, code, strlen(code), 0, now, &p, token, &found, &err));
    cr_expect(found == 1 && p.case_id[0] == '\0');
    OK(svy_study_link_use(s, code, strlen(code), 0, later, &p, other, &found, &err));
    cr_expect_eq(found, 0);
    OK(svy_study_link_use(s, code, strlen(code), 0, now, &p, other, &found, &err));
    cr_expect_eq(found, 1);
    cr_expect_str_neq(token, other);
    OK(svy_study_link_use(s, code, strlen(code), 0, now, &p, other, &found, &err));
    cr_expect_eq(found, 0);
    cr_expect_eq(gets_in(s, token, later, &p), 1);         /* who came in time may finish */
    OK(svy_study_link_close(s, NULL, link.id, "ann", now, &err));
    cr_expect_eq(gets_in(s, token, now, &p), 0);
    link = link_for(SVY_ACCESS_PUBLIC, "");
    strcpy(link.form, "nothing");
    FAILS(svy_study_link_make(s, &link, "ann", now, code, &err), SVY_E_NAME, "nothing");
    link = link_for(SVY_ACCESS_PERSONAL, "");
    FAILS(svy_study_link_make(s, &link, "ann", now, code, &err), SVY_E_VALUE, "case");
    cr_expect_str_eq(code, "");
    svy_study_close(s);
}

Test(account, the_first_administrator_is_made_by_a_link_that_works_once)
{
    svy_study *s = make();
    svy_access link = link_for(SVY_ACCESS_SETUP, ""), again = link;
    char first[SVY_CODE], code[SVY_CODE], id[SVY_ACCOUNT_ID], token[SVY_TOKEN];
    svy_principal p;
    svy_account a;
    int found;

    OK(svy_study_link_make(s, &link, "survey serve", fixture_now(), first, &err));
    OK(svy_study_link_make(s, &again, "survey serve", fixture_now(), code, &err));
    OK(svy_study_setup(s, first, strlen(first), "eve", HASH, fixture_now(), id, &found, &err));
    cr_expect_eq(found, 0);
    OK(svy_study_link_use(s, code, strlen(code), 0, fixture_now(), &p, token, &found, &err));
    cr_expect_eq(found, 0);
    FAILS(svy_study_setup(s, code, strlen(code), " ann", HASH, fixture_now(), id, &found, &err), SVY_E_VALUE, "blank");
    OK(svy_study_setup(s, code, strlen(code), "ann", HASH, fixture_now(), id, &found, &err));
    cr_expect_eq(found, 1);
    OK(svy_study_account_get(s, id, &a, &found, &err));
    cr_expect(found == 1 && a.role == SVY_ROLE_ADMINISTRATOR);
    OK(svy_study_setup(s, code, strlen(code), "eve", HASH, fixture_now(), id, &found, &err));
    cr_expect_eq(found, 0);
    FAILS(svy_study_link_make(s, &link, "eve", fixture_now(), code, &err), SVY_E_STATE, "has accounts");
    svy_study_close(s);
    SAYS("SELECT group_concat(name) FROM accounts", "ann");
}

/* What lets somebody in is nowhere in the file. */
Test(account, the_file_holds_no_token_and_no_code)
{
    svy_study *s = make();
    svy_access link = link_for(SVY_ACCESS_PUBLIC, "");
    char id[SVY_ACCOUNT_ID], token[SVY_TOKEN], code[SVY_CODE], other[SVY_TOKEN], command[200];
    svy_account nobody = { .id = "" };
    svy_principal p;
    int found;

    add(s, "maria", SVY_ROLE_INTERVIEWER, "", id);
    OK(svy_study_token_make(s, id, SVY_TOKEN_DEVICE, "tablet", 0, "maria", fixture_now(), token, &err));
    OK(svy_study_link_make(s, &link, "ann", fixture_now(), code, &err));
    OK(svy_study_link_use(s, code, strlen(code), 0, fixture_now(), &p, other, &found, &err));
    OK(svy_study_login_note(s, &nobody, "my-secret-password", 0, fixture_now(), &err));
    svy_study_close(s);
    const char *const secrets[] = { token, code, other, "my-secret-password" };
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++) {
        snprintf(command, sizeof command, "grep -qF -e '%s' %s", secrets[i], path);
        cr_expect_neq(system(command), 0, "%s", secrets[i]);
    }
    snprintf(command, sizeof command, "grep -qF -e '%s' %s", "maria", path);
    cr_expect_eq(system(command), 0);                      /* the search does find what is there */
}

Test(account, a_study_of_version_1_has_nobody)
{
    svy_study *s = make();
    svy_principal p;
    svy_account a;
    svy_access link;
    sqlite3 *db;
    uint64_t n;
    int found;

    svy_study_close(s);
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "PRAGMA user_version=1", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    OK(svy_study_open(NULL, path, SVY_STUDY_READ, &s, &err));
    s->version = 1;
    OK(svy_study_account_find(s, "maria", &a, &found, &err));
    cr_expect_eq(found, 0);
    OK(svy_study_account_count(s, &n, &err));
    cr_expect_eq(n, 0);
    cr_expect_eq(gets_in(s, "0123456789012345678901234567890123456789012", fixture_now(), &p), 0);
    OK(svy_study_link_find(s, "0000-0000-0000-0000-0000-0000-0000", 34, fixture_now(), &link, &found, &err));
    cr_expect_eq(found, 0);
    svy_study_close(s);
}
