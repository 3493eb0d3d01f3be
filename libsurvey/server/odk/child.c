/* What the process that reads one submission does: hear the XML, say what it is of, hear the form, say the package. It has no rights left when it begins. */
#include "server/odk/reader.h"
#include <string.h>

#include "server/odk/talk.h"

enum { MOST_TEXT = 4096, MOST_FILES = 512, MOST_PARAMETERS = 1000 };

/* What the options point to. */
typedef struct kept { svy_submission_file files[MOST_FILES]; const char *parameters[2 * MOST_PARAMETERS]; } kept;

/* A submission of 8 MiB may have many elements: a household with all its members is a few thousand. */
static const svy_xml_limits LIMITS = { sizeof(svy_xml_limits), SVYI_ODK_MOST_XML, 64, 200000, 64u << 10 };

/* ---- the options, both ways ---- */

static void add_text(svyi_buffer *out, const char *text) { svyi_talk_add(out, text, strlen(text)); }

void svyi_odk_options_write(svyi_buffer *out, const svy_submission_options *o)
{
    const char *const texts[] = { o->uuid, o->corrects, o->reason, o->actor, o->organisation, o->device, o->agent };
    out->len = 0;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        add_text(out, texts[i]);
    svyi_buffer_u64(out, (uint64_t)o->now.utc_ms);
    svyi_buffer_u64(out, (uint64_t)(int64_t)o->now.zone_minutes);
    svyi_buffer_u64(out, (uint64_t)o->now.mono_ms);
    svyi_talk_add(out, o->audit != NULL ? o->audit : "", o->audit != NULL ? o->audit_size : 0);
    svyi_buffer_u64(out, o->n_parameters);
    for (size_t i = 0; i < 2 * o->n_parameters; i++)
        add_text(out, o->parameters[i]);
    svyi_buffer_u64(out, o->n_files);
    for (size_t i = 0; i < o->n_files; i++) {
        add_text(out, o->files[i].name);
        add_text(out, o->files[i].media_type);
        svyi_buffer_u64(out, o->files[i].size);
        svyi_talk_add(out, o->files[i].sha256, sizeof o->files[i].sha256);
    }
}

static void read_file(svyi_talk_fields *f, svy_submission_file *file)
{
    size_t n;
    file->name = svyi_talk_text(f, MOST_TEXT);
    file->media_type = svyi_talk_text(f, MOST_TEXT);
    file->size = svyi_talk_number(f);
    const void *digest = svyi_talk_bytes(f, sizeof file->sha256, &n);
    if (n != sizeof file->sha256)
        f->failed = 1;
    else
        memcpy(file->sha256, digest, n);
}

/* 1, or 0 when the server said something that it cannot have said. */
static int read_options(const svyi_buffer *message, svy_submission_options *o, kept *k)
{
    svyi_talk_fields f = { (const unsigned char *)message->data, (const unsigned char *)message->data + message->len, 0 };
    const char **const texts[] = { &o->uuid, &o->corrects, &o->reason, &o->actor, &o->organisation, &o->device, &o->agent };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = svyi_talk_text(&f, MOST_TEXT);
    o->now.utc_ms = (int64_t)svyi_talk_number(&f);
    o->now.zone_minutes = (int32_t)(int64_t)svyi_talk_number(&f);
    o->now.mono_ms = (int64_t)svyi_talk_number(&f);
    o->audit = svyi_talk_bytes(&f, SVYI_ODK_MOST_XML, &o->audit_size);
    const uint64_t pairs = svyi_talk_number(&f);
    for (uint64_t i = 0; i < 2 * pairs && i < 2 * MOST_PARAMETERS && !f.failed; i++)
        k->parameters[i] = svyi_talk_text(&f, (size_t)MOST_TEXT * 16);
    const uint64_t n = svyi_talk_number(&f);
    for (uint64_t i = 0; i < n && i < MOST_FILES && !f.failed; i++)
        read_file(&f, &k->files[i]);
    o->parameters = k->parameters;
    o->n_parameters = (size_t)pairs;
    o->files = k->files;
    o->n_files = (size_t)n;
    o->limits = &LIMITS;
    return !f.failed && n <= MOST_FILES && pairs <= MOST_PARAMETERS;
}

/* ---- the conversation ---- */

static svy_status say(int fd, svyi_buffer *reply, svy_status st, const svy_error *err, const svyi_buffer *more)
{
    reply->len = 0;
    svyi_buffer_u64(reply, (uint64_t)st);
    add_text(reply, err->message);
    svyi_buffer_add(reply, more->data != NULL ? more->data : "", more->len);
    return reply->failed ? SVY_E_NOMEM : svyi_talk_send(fd, reply->data, reply->len, SVYI_TALK_FOREVER, NULL);
}

static svy_status say_head(int fd, svyi_buffer *reply, const svyi_buffer *xml)
{
    svy_submission_head head;
    svy_error err = SVY_ERROR_INIT;
    svyi_buffer more;
    svyi_buffer_init(&more, NULL);
    const svy_status st = svy_submission_about(xml->data, xml->len, "submission.xml", &LIMITS, &head, &err);
    svyi_buffer_u64(&more, (uint64_t)(head.encrypted != 0));
    add_text(&more, head.form);
    add_text(&more, head.version);
    add_text(&more, head.instance);
    add_text(&more, head.replaces);
    const svy_status said = more.failed ? SVY_E_NOMEM : say(fd, reply, st, &err, &more);
    svyi_buffer_clear(&more);
    return st == SVY_OK ? said : st;
}

/* Sentences that quote what was found are replaced: an answer may be sensitive, and why something is kept aside stands in clear text. */
static void keep_problem(void *user, const svy_diag *d)
{
    svyi_buffer *out = user;
    const char *found = strstr(d->found, "found '") != NULL ? "the value is none that the question can have" : d->found;
    if (d->severity != SVY_PROBLEM || out->len > 4096)
        return;
    if (out->len > 0)
        svyi_buffer_text(out, "; ");
    if (d->element != NULL && d->element[0] != '\0')
        svyi_buffer_format(out, "%s: ", d->element);
    svyi_buffer_text(out, found);
}

static svy_status keep_bytes(void *user, const char *bytes, size_t n)
{
    svyi_buffer_add(user, bytes, n);
    return ((svyi_buffer *)user)->failed ? SVY_E_NOMEM : SVY_OK;
}

static svy_status make_package(const svyi_buffer *xml, const svyi_buffer *message, const svyi_buffer *block, svyi_buffer *package, svyi_buffer *problems, svy_error *err)
{
    static kept k;                  /* one submission a process */
    svy_submission_options o = SVY_SUBMISSION_OPTIONS_INIT;
    svy_form *form = NULL;
    svy_diags diags = { keep_problem, problems, 0, 0 };
    const svy_sink to = { keep_bytes, package };
    if (!read_options(message, &o, &k))
        return SVY_E_ARG;
    svy_status st = svy_form_open(NULL, block->data, block->len, &form, err);
    if (st == SVY_OK)
        st = svy_submission_package(NULL, form, xml->data, xml->len, "submission.xml", &o, &to, &diags, err);
    svy_form_free(form);
    return st;
}

static void say_package(int fd, svyi_buffer *reply, const svyi_buffer *xml, const svyi_buffer *message, const svyi_buffer *block)
{
    svy_error err = SVY_ERROR_INIT;
    svyi_buffer package, problems, more;
    svyi_buffer_init(&package, NULL);
    svyi_buffer_init(&problems, NULL);
    svyi_buffer_init(&more, NULL);
    const svy_status st = make_package(xml, message, block, &package, &problems, &err);
    svyi_talk_add(&more, problems.data != NULL ? problems.data : "", problems.len);
    svyi_talk_add(&more, package.data != NULL ? package.data : "", package.len);
    if (!more.failed)
        (void)!say(fd, reply, st, &err, &more);
    svyi_buffer_clear(&more);
    svyi_buffer_clear(&problems);
    svyi_buffer_clear(&package);
}

void svyi_odk_read_one(int fd, int sandboxed)
{
    const char state = sandboxed != 0;
    svyi_buffer xml, reply, message, block;
    svyi_buffer_init(&xml, NULL);
    svyi_buffer_init(&reply, NULL);
    svyi_buffer_init(&message, NULL);
    svyi_buffer_init(&block, NULL);
    svy_status st = svyi_talk_receive(fd, SVYI_ODK_MOST_XML, SVYI_TALK_FOREVER, &xml, NULL);
    if (st == SVY_OK && xml.len == 0)
        (void)!svyi_talk_send(fd, &state, 1, SVYI_TALK_FOREVER, NULL);       /* the server tries out how readers are */
    else if (st == SVY_OK && say_head(fd, &reply, &xml) == SVY_OK &&
             svyi_talk_receive(fd, (size_t)SVYI_ODK_MOST_XML * 2, SVYI_TALK_FOREVER, &message, NULL) == SVY_OK &&
             svyi_talk_receive(fd, SVYI_ODK_MOST_BLOCK, SVYI_TALK_FOREVER, &block, NULL) == SVY_OK)
        say_package(fd, &reply, &xml, &message, &block);
    svyi_buffer_clear(&xml);
    svyi_buffer_clear(&reply);
    svyi_buffer_clear(&message);
    svyi_buffer_clear(&block);
}
