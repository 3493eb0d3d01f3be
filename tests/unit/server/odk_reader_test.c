/* The process that reads submissions: it gives what the library gives, ends what is hostile, and can do nothing but compute. */
#define _GNU_SOURCE
#include "server/odk/reader.h"
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/package.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/odk/sandbox.h"

#define VISIT "<questionnaire xmlns=\"urn:libsurvey:questionnaire:1\" id=\"q\" version=\"2\" xml:lang=\"en\"><title>Q</title><section id=\"s\"><title>S</title>" \
    "<question id=\"age\" type=\"integer\"><label>Age</label></question></section></questionnaire>"
#define ANSWERED "<q id=\"q\" version=\"2\"><s><age>40</age></s><meta><instanceID>uuid:7</instanceID></meta></q>"

static svyi_odk_reader *start(void)
{
    svyi_odk_reader *r = NULL;
    svy_error err = SVY_ERROR_INIT;
    cr_assert_eq(svyi_odk_reader_start(&r, &err), SVY_OK, "%s", err.message);
    return r;
}

static svy_status about(svyi_odk_reader *r, const char *xml, size_t len, svy_submission_head *head, svy_error *err)
{
    svyi_odk_reading reading;
    const svy_status st = svyi_odk_reading_begin(r, &reading, xml, len, head, err);
    svyi_odk_reading_end(&reading);
    return st;
}

typedef struct made { void *block; size_t size; svyi_buffer package, problems; } made;

static svy_status package(svyi_odk_reader *r, const char *xml, made *m, svy_error *err)
{
    svy_submission_options o = SVY_SUBMISSION_OPTIONS_INIT;
    const svy_submission_file files[] = { { "a.jpg", "image/jpeg", 3, { 1, 2, 3 } } };
    svyi_odk_reading reading;
    svy_submission_head head;
    svy_diags quiet = { .report = NULL };
    o.uuid = "12345678-1234-4234-8234-123456789abc";
    o.actor = "ana";
    o.now.utc_ms = 1764000000000;
    o.files = files;
    o.n_files = 1;
    svyi_buffer_init(&m->package, NULL);
    svyi_buffer_init(&m->problems, NULL);
    cr_assert_eq(svy_questionnaire_read_memory(NULL, VISIT, strlen(VISIT), NULL, NULL, &quiet, &m->block, &m->size, err), SVY_OK, "%s", err->message);
    svy_status st = svyi_odk_reading_begin(r, &reading, xml, strlen(xml), &head, err);
    if (st == SVY_OK)
        st = svyi_odk_reading_package(&reading, m->block, m->size, &o, &m->package, &m->problems, err);
    svyi_odk_reading_end(&reading);
    return st;
}

static void clear(made *m)
{
    svyi_buffer_clear(&m->package);
    svyi_buffer_clear(&m->problems);
    svy_block_free(NULL, m->block, m->size);
}

Test(odk_reader, says_what_a_submission_is_of)
{
    svyi_odk_reader *r = start();
    svy_submission_head head;
    svy_error err = SVY_ERROR_INIT;
    for (int i = 0; i < 5; i++) {
        cr_assert_eq(about(r, ANSWERED, strlen(ANSWERED), &head, &err), SVY_OK, "%s", err.message);
        cr_expect_str_eq(head.form, "q");
        cr_expect_str_eq(head.version, "2");
        cr_expect_str_eq(head.instance, "uuid:7");
    }
    svyi_odk_reader_stop(r);
}

static svy_status hear_file(void *user, const svy_package_file *f, svy_error *err)
{
    (void)err;
    cr_expect_str_eq(f->name, "a.jpg");
    cr_expect_eq(f->sha256[2], 3);
    ++*(int *)user;
    return SVY_OK;
}

Test(odk_reader, makes_a_package)
{
    svyi_odk_reader *r = start();
    svy_error err = SVY_ERROR_INIT;
    made m;
    int files = 0;
    const svy_package_reader to = { .file = hear_file, .user = &files };
    cr_assert_eq(package(r, ANSWERED, &m, &err), SVY_OK, "%s", err.message);
    cr_assert_eq(svy_package_read(m.package.data, m.package.len, 0, &to, &err), SVY_OK, "%s", err.message);
    cr_expect_eq(files, 1);
    clear(&m);
    svyi_odk_reader_stop(r);
}

Test(odk_reader, tells_problems)
{
    svyi_odk_reader *r = start();
    svy_error err = SVY_ERROR_INIT;
    made m;
    cr_expect_eq(package(r, "<q id=\"q\" version=\"2\"><s><age>forty</age></s></q>", &m, &err), SVY_E_INVALID);
    cr_expect(m.problems.data != NULL && strstr(m.problems.data, "age: ") != NULL, "%s", m.problems.data);
    cr_expect_eq(m.package.len, 0);
    clear(&m);
    svyi_odk_reader_stop(r);
}

Test(odk_reader, hostile_xml_is_refused_and_the_next_one_is_read)
{
    static const char *const ROWS[] = { "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", "<a>", "\xff\xfe", "<a xmlns:x=\"u\"><x:b/>" };
    svyi_odk_reader *r = start();
    svy_submission_head head;
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        cr_expect_eq(about(r, ROWS[i], strlen(ROWS[i]), &head, &err), SVY_E_INVALID, "%s", ROWS[i]);
        cr_expect_neq(err.message[0], '\0');
    }
    svy_error err = SVY_ERROR_INIT;
    char *deep = calloc(1, 4000001);
    for (int i = 0; i < 1000000; i++)
        memcpy(deep + 3 * i, "<a>", 3);
    cr_expect_eq(about(r, deep, 3000000, &head, &err), SVY_E_LIMIT, "%s", err.message);
    free(deep);
    cr_expect_eq(about(r, "", 0, &head, &err), SVY_E_FORMAT);
    char *large = calloc(1, SVYI_ODK_MOST_XML + 1);
    cr_expect_eq(about(r, large, SVYI_ODK_MOST_XML + 1, &head, &err), SVY_E_LIMIT);
    free(large);
    cr_expect_eq(about(r, ANSWERED, strlen(ANSWERED), &head, &err), SVY_OK);
    svyi_odk_reader_stop(r);
}

static pid_t child_of(pid_t parent)
{
    char path[64];
    int child = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    FILE *f = fopen(path, "r");
    cr_assert(f != NULL && fscanf(f, "%d", &child) == 1, "%s names no child", path);
    fclose(f);
    return child;
}

static void end(pid_t process)
{
    kill(process, SIGKILL);
    cr_assert_eq(waitpid(process, NULL, 0), process);
}

/* The helper goes on without the process that keeps it; without both there is nobody left to read. */
Test(odk_reader, without_its_helper_it_says_so)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1);                  /* so that the helper can be waited for */
    svyi_odk_reader *r = start();
    svy_submission_head head;
    svy_error err = SVY_ERROR_INIT;
    const struct { int control; pid_t keeper; } *inside = (const void *)r;
    const pid_t helper = child_of(inside->keeper);
    end(inside->keeper);
    cr_expect_eq(about(r, ANSWERED, strlen(ANSWERED), &head, &err), SVY_OK, "%s", err.message);
    end(helper);
    cr_expect_eq(about(r, ANSWERED, strlen(ANSWERED), &head, &err), SVY_E_IO);
    svyi_odk_reader_stop(r);
}

/* ---- what a reader may still do ---- */

static void open_a_file(void) { (void)!open("/etc/passwd", O_RDONLY); }
static void run_a_program(void) { execl("/bin/true", "true", (char *)NULL); }
static void start_a_process(void) { (void)!fork(); }
static void take_memory(void) { free(malloc(1 << 20)); }

/* How a process ends that does this without rights. */
static int end_of(void (*deed)(void))
{
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        if (!svyi_odk_sandbox())
            _exit(77);
        deed();
        _exit(0);
    }
    waitpid(child, &status, 0);
    return status;
}

Test(odk_reader, can_do_nothing_but_compute)
{
    static void (*const FORBIDDEN[])(void) = { open_a_file, run_a_program, start_a_process };
    const int allowed = end_of(take_memory);
    if (WIFEXITED(allowed) && WEXITSTATUS(allowed) == 77)
        cr_skip_test("the system does not permit seccomp here");
    cr_expect(WIFEXITED(allowed) && WEXITSTATUS(allowed) == 0, "memory: %x", allowed);
    for (size_t i = 0; i < sizeof FORBIDDEN / sizeof FORBIDDEN[0]; i++) {
        const int status = end_of(FORBIDDEN[i]);
        cr_expect(WIFSIGNALED(status), "deed %zu: %x", i, status);
    }
}

/* As in a container that forbids programs to give up rights. */
static int forbid_seccomp(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    const int done = filter != NULL && seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(seccomp), 0) == 0 &&
                     seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prctl), 1, SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP, 0)) == 0 && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return done;
}

Test(odk_reader, without_seccomp_it_reads_and_says_so)
{
    svy_submission_head head;
    svy_error err = SVY_ERROR_INIT;
    if (!forbid_seccomp())
        cr_skip_test("the system does not permit seccomp here");
    svyi_odk_reader *r = start();
    cr_expect_eq(svyi_odk_reader_is_sandboxed(r), 0);
    cr_expect_eq(about(r, ANSWERED, strlen(ANSWERED), &head, &err), SVY_OK, "%s", err.message);
    svyi_odk_reader_stop(r);
}

Test(odk_reader, with_seccomp_it_is_sandboxed)
{
    if (WEXITSTATUS(end_of(take_memory)) == 77)
        cr_skip_test("the system does not permit seccomp here");
    svyi_odk_reader *r = start();
    cr_expect_eq(svyi_odk_reader_is_sandboxed(r), 1);
    svyi_odk_reader_stop(r);
}
