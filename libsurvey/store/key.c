/* The project's secret key: taking it out of the study file under a passphrase, so that who takes the file cannot open what devices sealed, and putting it back. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "store/people/people_priv.h"

/* 256 MiB and three passes: half a second. The sheet is kept for years, where anybody may try. */
enum { PASSES = 3, MEMORY = 256 << 20, SALT = crypto_pwhash_SALTBYTES };
/* What is sealed and written down: version, salt, nonce, the sealed key. */
enum { SHEET_BYTES = 1 + SALT + SVYI_NONCE + SVYI_KEY + SVYI_TAG };
_Static_assert(SVY_KEY_SHEET >= 2 * SHEET_BYTES + 1, "room for the sheet");

/* Eight words that can be said over a telephone, nearly 12 bits each. */
static void fingerprint_words(const uint8_t hash[SVYI_HASH], char out[SVY_KEY_WORDS])
{
    static const char FIRST[] = "bdfghklmnprstvwz", SECOND[] = "aiou", THIRD[] = "bdfgklmnprstvz", FOURTH[] = "aiou";
    size_t at = 0;

    for (size_t i = 0; i < 8; i++) {
        const uint8_t a = hash[2 * i], b = hash[2 * i + 1];
        if (i > 0)
            out[at++] = ' ';
        out[at++] = FIRST[a & 15];
        out[at++] = SECOND[a >> 4 & 3];
        out[at++] = THIRD[b % 14];
        out[at++] = FOURTH[a >> 6 & 3];
    }
    out[at] = '\0';
}

static svy_status read_key(svy_study *s, const char *name, uint8_t key[SVYI_KEY], int *found, svy_error *err)
{
    sqlite3_stmt *stmt;

    *found = 0;
    svy_status st = svyi_once(s, "SELECT value FROM secrets WHERE name = ?", SVYI_ARGS(svyi_arg_text(name)), &stmt, err);
    if (st != SVY_OK)
        return st;
    int step = svyi_db_step(s, stmt, err);
    *found = step == 1 && sqlite3_column_bytes(stmt, 0) == SVYI_KEY;
    if (*found)
        memcpy(key, sqlite3_column_blob(stmt, 0), SVYI_KEY);
    sqlite3_finalize(stmt);
    return step < 0 ? svyi_db_failed(err) : SVY_OK;
}

static svy_status need_public(svy_study *s, uint8_t key[SVYI_KEY], svy_error *err)
{
    int found;

    if (!svyi_people_there(s))
        return svyi_fail(err, SVY_E_STATE, "'%.200s' was made by an older program and has no key: it gets one when it is opened for writing", s->path);
    svy_status st = read_key(s, "project-public", key, &found, err);
    return st == SVY_OK && !found ? svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: its public key is missing; restore it from a backup", s->path) : st;
}

svy_status svy_study_key(svy_study *s, svy_study_key_info *out, svy_error *err)
{
    uint8_t key[SVYI_KEY], secret[SVYI_KEY], hash[SVYI_HASH];
    svyi_hasher h;
    svy_status st;

    SVY_REQUIRE(s != NULL && out != NULL, err);
    memset(out, 0, sizeof *out);
    if ((st = need_public(s, key, err)) != SVY_OK || (st = read_key(s, "project-secret", secret, &out->secret_is_here, err)) != SVY_OK)
        return st;
    svyi_wipe(secret, sizeof secret);
    memcpy(out->public_key, key, sizeof key);
    svyi_hex(key, sizeof key, out->public_hex);
    svyi_hasher_init(&h, NULL);
    svyi_hasher_bytes(&h, key, sizeof key);
    svyi_hasher_final(&h, hash);
    fingerprint_words(hash, out->words);
    return SVY_OK;
}

static svy_status derive(const char *passphrase, size_t n, const uint8_t salt[SALT], uint8_t key[SVYI_KEY], svy_error *err)
{
    if (crypto_pwhash(key, SVYI_KEY, passphrase, n, salt, PASSES, MEMORY, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return svyi_fail(err, SVY_E_NOMEM, "out of memory: sealing a key takes 256 MiB");
    return SVY_OK;
}

svy_status svy_key_close(const uint8_t secret[SVYI_KEY], const char *passphrase, size_t n, char sheet[SVY_KEY_SHEET], svy_error *err)
{
    uint8_t bytes[SHEET_BYTES] = { 1 }, key[SVYI_KEY];
    svy_status st;

    SVY_REQUIRE(secret != NULL && passphrase != NULL && sheet != NULL, err);
    sheet[0] = '\0';
    if ((st = svyi_seal_start(err)) != SVY_OK || (st = svy_password_accept(passphrase, n, NULL, err)) != SVY_OK)
        return st;
    svyi_random_bytes(bytes + 1, SALT + SVYI_NONCE);
    if ((st = derive(passphrase, n, bytes + 1, key, err)) != SVY_OK)
        return st;
    svyi_seal(key, bytes + 1 + SALT, secret, SVYI_KEY, bytes + 1 + SALT + SVYI_NONCE);
    svyi_wipe(key, sizeof key);
    svyi_hex(bytes, sizeof bytes, sheet);
    return SVY_OK;
}

svy_status svy_key_open(const char *sheet, size_t sheet_len, const char *passphrase, size_t n, uint8_t secret[SVYI_KEY], svy_error *err)
{
    uint8_t bytes[SHEET_BYTES], key[SVYI_KEY];
    char hex[2 * SHEET_BYTES + 1];
    size_t at = 0;
    svy_status st;

    SVY_REQUIRE(sheet != NULL && passphrase != NULL && secret != NULL, err);
    memset(secret, 0, SVYI_KEY);
    for (size_t i = 0; i < sheet_len; i++) {
        char c = sheet[i] >= 'A' && sheet[i] <= 'F' ? (char)(sheet[i] + 32) : sheet[i];
        if (c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '-')
            continue;
        if (at == sizeof hex - 1 || c == '\0' || strchr("0123456789abcdef", c) == NULL)
            return svyi_fail(err, SVY_E_FORMAT, "this is not a sealed key: it has %d digits, 0 to 9 and a to f", 2 * SHEET_BYTES);
        hex[at++] = c;
    }
    hex[at] = '\0';
    if (!svyi_unhex(hex, bytes, sizeof bytes) || bytes[0] != 1)
        return svyi_fail(err, SVY_E_FORMAT, "this is not a sealed key: it has %d digits, 0 to 9 and a to f", 2 * SHEET_BYTES);
    if ((st = svyi_seal_start(err)) != SVY_OK || (st = derive(passphrase, n, bytes + 1, key, err)) != SVY_OK)
        return st;
    int opened = svyi_unseal(key, bytes + 1 + SALT, bytes + 1 + SALT + SVYI_NONCE, SVYI_KEY + SVYI_TAG, secret);
    svyi_wipe(key, sizeof key);
    return opened ? SVY_OK : svyi_fail(err, SVY_E_VALUE, "the passphrase does not open this key, or a digit is wrong");
}

svy_status svy_study_key_secret(svy_study *s, uint8_t secret[SVYI_KEY], svy_error *err)
{
    int found;

    SVY_REQUIRE(s != NULL && secret != NULL, err);
    svy_status st = read_key(s, "project-secret", secret, &found, err);
    return st == SVY_OK && !found ? svyi_fail(err, SVY_E_STATE, "the secret key is not in the study: it was taken out") : st;
}

svy_status svy_study_key_take_out(svy_study *s, const char *actor, svy_moment now, svy_error *err)
{
    svy_status st;

    SVY_REQUIRE(s != NULL && actor != NULL, err);
    if ((st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    if ((st = svyi_db_once(s, "DELETE FROM secrets WHERE name = 'project-secret'", NULL, 0, err)) == SVY_OK && sqlite3_changes(s->db) == 0)
        st = svyi_fail(err, SVY_E_STATE, "the secret key is not in the study: it was taken out");
    if (st == SVY_OK)
        st = svy_study_audit(s, now, actor, "key.take-out", "", "", err);
    st = svyi_db_end(s, st, err);
    return st == SVY_OK ? svyi_log_empty(s, "the key was taken out", err) : st;
}

svy_status svy_study_key_put_back(svy_study *s, const uint8_t secret[SVYI_KEY], const char *actor, svy_moment now, svy_error *err)
{
    uint8_t key[SVYI_KEY], own[SVYI_KEY];
    svy_status st;

    SVY_REQUIRE(s != NULL && secret != NULL && actor != NULL, err);
    if ((st = need_public(s, key, err)) != SVY_OK)
        return st;
    if (crypto_scalarmult_base(own, secret) != 0 || !svyi_same_bytes(own, key, sizeof own))
        return svyi_fail(err, SVY_E_VALUE, "this is the key of another study");
    if ((st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    st = svyi_db_once(s, "INSERT INTO secrets(name, value) VALUES('project-secret', ?) ON CONFLICT(name) DO UPDATE SET value = excluded.value",
                   SVYI_ARGS(svyi_arg_blob(secret, SVYI_KEY)), err);
    if (st == SVY_OK)
        st = svy_study_audit(s, now, actor, "key.put-back", "", "", err);
    return svyi_db_end(s, st, err);
}
