/* survey study key show, take-out, put-back, and study open-sealed: the key that devices seal answers to. */
#define _POSIX_C_SOURCE 200809L
#include "record.h"
#include "secret_input.h"
#include "tool.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <survey/account.h>
#include <survey/reception.h>

static void wipe_key(uint8_t key[32])
{
    volatile uint8_t *at = key;
    for (size_t i = 0; i < 32; i++)
        at[i] = 0;
}

/* ---- show ---- */

static int run_show(void *settings, int argc, char **argv)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    svy_study_key_info key;
    (void)settings;
    (void)argc;
    int status = svy_study_open(NULL, argv[0], SVY_STUDY_READ, &study, &err) == SVY_OK && svy_study_key(study, &key, &err) == SVY_OK ? EXIT_DONE : tool_fail(&err);
    if (status == EXIT_DONE)
        printf("public key   %s\nfingerprint  %s\nsecret key   %s\n", key.public_hex, key.words,
               key.secret_is_here ? "in the study: what arrives is opened at once" : "taken out: what arrives stays sealed");
    svy_study_close(study);
    return status;
}

const verb verb_study_key_show = { .name = "study key show", .group = FOR_FIELDWORK, .arguments = "STUDY", .min_arguments = 1, .max_arguments = 1,
    .summary = "show the key that devices seal answers to", .detail = "The words of the fingerprint can be compared with what a device shows.",
    .example = "survey study key show tcn.study", .run = run_show };

/* ---- the sheet ---- */

/* What is printed and put into a safe: the sealed key, digits in groups that can be typed again. */
static int write_sheet(const char *path, const svy_study_key_info *key, const char *study, const char *sheet)
{
    tool_output out;
    char time[32];
    int status = tool_output_begin(&out, path);
    if (status != EXIT_DONE)
        return status;
    record_time(record_now().utc_ms, time, sizeof time);
    fprintf(out.file, "RECOVERY SHEET of a survey's secret key\n\nstudy        %s\nmade         %s\nfingerprint  %s\n\n"
                      "Without this sheet and its passphrase nobody can ever open what devices sealed.\nKeep two copies on paper in two places, and the passphrase in a third.\n"
                      "To open: survey study key put-back STUDY THIS-FILE, or survey study open-sealed STUDY THIS-FILE\n\nkey\n", study, time, key->words);
    for (size_t i = 0; sheet[i] != '\0'; i++)
        fprintf(out.file, "%s%c", i % 40 == 0 ? i > 0 ? "\n  " : "  " : i % 4 == 0 ? " " : "", sheet[i]);
    fputc('\n', out.file);
    return tool_output_end(&out, EXIT_DONE);
}

/* The digits of a sheet: everything after the line "key", or the whole file when there is none. NULL and a message when it cannot be read. */
static char *read_sheet(const char *path, size_t *len)
{
    enum { LARGEST = 64 * 1024 };
    char *text = malloc(LARGEST + 1);
    FILE *f = text != NULL ? fopen(path, "rb") : NULL;
    size_t n = f != NULL ? fread(text, 1, LARGEST, f) : 0;
    if (f == NULL || ferror(f)) {
        tool_say("%s: cannot read: %s", path, text == NULL ? "out of memory" : strerror(errno));
        if (f != NULL)
            fclose(f);
        free(text);
        return NULL;
    }
    fclose(f);
    text[n] = '\0';
    const char *key = strstr(text, "\nkey\n"), *from = key != NULL ? key + 5 : text;
    *len = n - (size_t)(from - text);
    memmove(text, from, *len + 1);
    return text;
}

/* Asks for the passphrase of a sheet and opens it. */
static int key_sheet_open(const char *path, uint8_t secret_key[32])
{
    svy_error err = SVY_ERROR_INIT;
    secret passphrase;
    size_t len;
    char *sheet = read_sheet(path, &len);
    if (sheet == NULL)
        return EXIT_SYSTEM;
    int status = secret_read(&passphrase, "passphrase", 0);
    if (status == EXIT_DONE && svy_key_open(sheet, len, passphrase.text, passphrase.len, secret_key, &err) != SVY_OK)
        status = tool_fail(&err);
    secret_wipe(&passphrase);
    free(sheet);
    return status;
}

/* ---- take-out ---- */

struct key_settings { const char *actor; };
static const tool_option OPTIONS[] = {
    TOOL_TEXT_OPTION(struct key_settings, actor, "actor", 0, "NAME", "who does this, for the study's records; the user's name unless given", NULL),
    TOOL_END
};

/* Seals the key, writes the sheet and reads it back: the key in the study is destroyed only when what is on the disk opens. */
static int make_sheet(svy_study *study, const char *study_path, const char *path, const secret *passphrase)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study_key_info key;
    uint8_t secret_key[32], again[32];
    char sheet[SVY_KEY_SHEET];
    size_t len;
    int status = EXIT_DONE;
    if (svy_study_key(study, &key, &err) != SVY_OK || svy_study_key_secret(study, secret_key, &err) != SVY_OK ||
        svy_key_close(secret_key, passphrase->text, passphrase->len, sheet, &err) != SVY_OK)
        status = tool_fail(&err);
    if (status == EXIT_DONE)
        status = write_sheet(path, &key, study_path, sheet);
    char *text = status == EXIT_DONE ? read_sheet(path, &len) : NULL;
    if (status == EXIT_DONE && (text == NULL || svy_key_open(text, len, passphrase->text, passphrase->len, again, &err) != SVY_OK || memcmp(again, secret_key, sizeof again) != 0)) {
        tool_say("%s: the sheet cannot be read back, so the key stays in the study", path);
        status = EXIT_SYSTEM;
    }
    free(text);
    wipe_key(secret_key);
    wipe_key(again);
    return status;
}

static int run_take_out(void *settings, int argc, char **argv)
{
    const struct key_settings *k = settings;
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    secret passphrase;
    (void)argc;
    if (strcmp(argv[1], "-") == 0)
        return tool_usage("study key take-out", "the sheet goes into a file, so that it can be read back before the key is destroyed");
    if (svy_study_open(NULL, argv[0], SVY_STUDY_WRITE, &study, &err) != SVY_OK)
        return tool_fail(&err);
    int status = secret_read(&passphrase, "passphrase", 1);
    if (status == EXIT_DONE)
        status = make_sheet(study, argv[0], argv[1], &passphrase);
    secret_wipe(&passphrase);
    if (status == EXIT_DONE && svy_study_key_take_out(study, record_actor(k->actor), record_now(), &err) != SVY_OK)
        status = tool_fail(&err);
    svy_study_close(study);
    if (status == EXIT_DONE)
        tool_say("the secret key is in %s only: print it, and try 'survey study key put-back' with a copy of the study before fieldwork begins", argv[1]);
    return status;
}

const verb verb_study_key_take_out = { .name = "study key take-out", .group = FOR_FIELDWORK, .arguments = "STUDY FILE", .min_arguments = 2, .max_arguments = 2,
    .summary = "take the secret key out of the study, under a passphrase",
    .detail = "From then on what devices send stays sealed in the study, and who takes the study file cannot read it. FILE is a recovery sheet to be printed. At a terminal the passphrase is asked twice; from a pipe one line is read, once. Lose sheet or passphrase, "
              "and those answers are lost. Answers that were opened before stay open.",
    .example = "survey study key take-out tcn.study key-sheet.txt", .settings_size = sizeof(struct key_settings), .tables = { { OPTIONS, 0 } }, .run = run_take_out };

/* ---- put-back ---- */

static int run_put_back(void *settings, int argc, char **argv)
{
    const struct key_settings *k = settings;
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    uint8_t secret_key[32];
    (void)argc;
    if (svy_study_open(NULL, argv[0], SVY_STUDY_WRITE, &study, &err) != SVY_OK)
        return tool_fail(&err);
    int status = key_sheet_open(argv[1], secret_key);
    if (status == EXIT_DONE && svy_study_key_put_back(study, secret_key, record_actor(k->actor), record_now(), &err) != SVY_OK)
        status = tool_fail(&err);
    wipe_key(secret_key);
    svy_study_close(study);
    return status;
}

const verb verb_study_key_put_back = { .name = "study key put-back", .group = FOR_FIELDWORK, .arguments = "STUDY FILE", .min_arguments = 2, .max_arguments = 2,
    .summary = "put the secret key back from its recovery sheet", .detail = "What arrives from then on is opened at once. FILE holds the sheet, or only the digits typed from paper.",
    .example = "survey study key put-back tcn.study key-sheet.txt", .settings_size = sizeof(struct key_settings), .tables = { { OPTIONS, 0 } }, .run = run_put_back };

/* ---- open-sealed ---- */

static int run_open_sealed(void *settings, int argc, char **argv)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *study = NULL;
    svy_opened result = { .tried = 0 };
    uint8_t secret_key[32];
    const struct key_settings *k = settings;
    (void)argc;
    if (svy_study_open(NULL, argv[0], SVY_STUDY_WRITE, &study, &err) != SVY_OK)
        return tool_fail(&err);
    int status = key_sheet_open(argv[1], secret_key);
    if (status == EXIT_DONE && (svy_study_audit(study, record_now(), record_actor(k->actor), "key.use", "", "", &err) != SVY_OK ||
                                svy_study_open_sealed(study, secret_key, &result, &err) != SVY_OK))
        status = tool_fail(&err);
    wipe_key(secret_key);
    svy_study_close(study);
    if (status == EXIT_DONE)
        tool_say("%llu were sealed: %llu are interviews now, %llu stay aside", (unsigned long long)result.tried, (unsigned long long)result.stored, (unsigned long long)result.kept);
    if (status == EXIT_DONE && result.erased > 0)
        tool_say("%llu of them belonged to interviews that were erased since: they are gone", (unsigned long long)result.erased);
    return status;
}

const verb verb_study_open_sealed = { .name = "study open-sealed", .group = FOR_FIELDWORK, .arguments = "STUDY FILE", .min_arguments = 2, .max_arguments = 2,
    .summary = "open what arrived sealed, with the recovery sheet of the key",
    .detail = "For a study whose secret key was taken out. The key is used and not kept: do this in a copy of the study, on a machine that nobody else uses.",
    .example = "survey study open-sealed copy.study key-sheet.txt", .settings_size = sizeof(struct key_settings), .tables = { { OPTIONS, 0 } }, .run = run_open_sealed };
