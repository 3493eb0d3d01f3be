/* The helper that forks a reader for each submission, who keeps it alive, and how the server speaks with a reader. */
#define _GNU_SOURCE
#include "server/odk/reader.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "server/odk/sandbox.h"
#include "server/odk/talk.h"

enum { PATIENCE = 20000 };       /* milliseconds; a reader has 10 seconds of processor */

struct svyi_odk_reader { int control; pid_t helper; int sandboxed; };

/* ---- the helper ---- */

/* A socket that came over another one; -1 when the server is gone or sent none. */
static int take_socket(int control, int *over)
{
    union { struct cmsghdr align; char bytes[CMSG_SPACE(sizeof(int))]; } room;
    char byte;
    struct iovec piece = { &byte, 1 };
    struct msghdr m = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = room.bytes, .msg_controllen = sizeof room.bytes };
    ssize_t n;
    int fd = -1;
    do
        n = recvmsg(control, &m, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    *over = n <= 0;
    const struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
    if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof fd))
        memcpy(&fd, CMSG_DATA(c), sizeof fd);
    return fd;
}

static void help(int control)
{
    for (int over = 0; !over; ) {
        const int fd = take_socket(control, &over);
        if (fd < 0)
            continue;
        if (fork() == 0) {
            close(control);
            svyi_odk_read_one(fd, svyi_odk_sandbox());
            _exit(0);
        }
        close(fd);
    }
}

/* A process that only waits: when the one that forks readers dies before the server has closed the socket, for want of memory for instance, there is another one at once.
   It has nothing open but the socket and does not look at what comes, so it is as good as new; the server itself has threads by then, and may not fork. */
static void keep_helper(void)
{
    static const struct timespec PACE = { 0, 100000000 };          /* when they die one after the other */
    for (;;) {
        int how = 1;
        const pid_t helper = fork();
        if (helper == 0)
            return;
        while (helper > 0 && waitpid(helper, &how, 0) < 0 && errno == EINTR)
            ;
        if (helper > 0 && how == 0)
            _exit(0);
        nanosleep(&PACE, NULL);
    }
}

/* Nothing of the program that started the server stays open or in the way: not its files, not its signals. */
static void be_helper(int control)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN, .sa_flags = SA_NOCLDWAIT };
    struct sigaction usual = { .sa_handler = SIG_DFL };
    svy_submission_head head;
    svy_error err = SVY_ERROR_INIT;
    sigemptyset(&ignore.sa_mask);
    sigemptyset(&usual.sa_mask);
    sigaction(SIGCHLD, &usual, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
    sigaction(SIGINT, &ignore, NULL);                  /* the server ends it by closing the socket */
    sigaction(SIGTERM, &ignore, NULL);
    sigaction(SIGHUP, &ignore, NULL);
    if (control > 3)
        close_range(3, (unsigned)control - 1, 0);
    close_range((unsigned)control + 1, ~0u, 0);
    prctl(PR_SET_NAME, "survey-odk");
    (void)!svy_submission_about("<a/>", 4, "", NULL, &head, &err);     /* what libraries do once, they do here */
    keep_helper();
    sigaction(SIGCHLD, &ignore, NULL);                 /* nobody waits for readers */
    help(control);
    _exit(0);
}

/* ---- the server's side ---- */

static svy_status no_helper(svy_error *err)
{
    return svyi_fail(err, SVY_E_IO, "the process that reads submissions of ODK's clients is gone: start the server again");
}

static int give_socket(int control, int fd)
{
    union { struct cmsghdr align; char bytes[CMSG_SPACE(sizeof(int))]; } room;
    char byte = 0;
    struct iovec piece = { &byte, 1 };
    struct msghdr m = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = room.bytes, .msg_controllen = sizeof room.bytes };
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    ssize_t n;
    memset(&room, 0, sizeof room);
    *c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    do
        n = sendmsg(control, &m, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n == 1;
}

static svy_status begin(svyi_odk_reader *r, svyi_odk_reading *reading, svy_error *err)
{
    int pair[2];
    reading->fd = -1;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
        return svyi_fail(err, SVY_E_IO, "the system has no socket left to read a submission");
    const int given = give_socket(r->control, pair[1]);
    close(pair[1]);
    reading->fd = pair[0];
    return given ? SVY_OK : no_helper(err);
}

/* A first conversation: whether readers work, and whether they may give up their rights. */
static svy_status try_out(svyi_odk_reader *r, svy_error *err)
{
    svyi_odk_reading reading;
    svyi_buffer answer;
    svyi_buffer_init(&answer, NULL);
    svy_status st = begin(r, &reading, err);
    if (st == SVY_OK)
        st = svyi_talk_send(reading.fd, "", 0, PATIENCE, err);
    if (st == SVY_OK)
        st = svyi_talk_receive(reading.fd, 1, PATIENCE, &answer, err);
    if (st == SVY_OK)
        r->sandboxed = answer.len == 1 && answer.data[0] == 1;
    svyi_buffer_clear(&answer);
    svyi_odk_reading_end(&reading);
    return st;
}

svy_status svyi_odk_reader_start(svyi_odk_reader **out, svy_error *err)
{
    int pair[2];
    svyi_odk_reader *r = malloc(sizeof *r);
    *out = NULL;
    if (r == NULL)
        return svyi_nomem(err);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        free(r);
        return svyi_fail(err, SVY_E_IO, "the system has no socket left for the process that reads submissions");
    }
    *r = (svyi_odk_reader){ .control = pair[0], .helper = fork() };
    if (r->helper == 0)
        be_helper(pair[1]);
    close(pair[1]);
    const svy_status st = r->helper > 0 ? try_out(r, err) : svyi_fail(err, SVY_E_IO, "the system starts no process that reads submissions");
    if (st == SVY_OK)
        *out = r;
    else
        svyi_odk_reader_stop(r);
    return st;
}

int svyi_odk_reader_is_sandboxed(const svyi_odk_reader *r) { return r->sandboxed; }

void svyi_odk_reader_stop(svyi_odk_reader *r)
{
    if (r == NULL)
        return;
    close(r->control);
    while (r->helper > 0 && waitpid(r->helper, NULL, 0) < 0 && errno == EINTR)
        ;
    free(r);
}

/* ---- one submission ---- */

/* A reader that was ended by the system says nothing: it wanted more than it may have. */
static svy_status hear(svyi_odk_reading *reading, svyi_buffer *reply, svyi_talk_fields *f, svy_error *err)
{
    svy_status st = svyi_talk_receive(reading->fd, SVYI_ODK_MOST_REPLY, PATIENCE, reply, err);
    if (st == SVY_E_IO)
        return svyi_fail(err, SVY_E_LIMIT, "the submission takes more memory or time than one may: it was not read");
    if (st != SVY_OK)
        return st;
    *f = (svyi_talk_fields){ (const unsigned char *)reply->data, (const unsigned char *)reply->data + reply->len, 0 };
    st = (svy_status)svyi_talk_number(f);
    const char *sentence = svyi_talk_text(f, sizeof err->message - 1);
    if (f->failed || (unsigned)st > SVY_E_INVALID)
        return svyi_fail(err, SVY_E_FORMAT, "the submission could not be read");
    return st != SVY_OK ? svyi_fail(err, st, "%s", sentence) : st;
}

static void take_text(svyi_talk_fields *f, char *out, size_t size)
{
    const char *text = svyi_talk_text(f, size - 1);
    memcpy(out, text, strlen(text) + 1);
}

svy_status svyi_odk_reading_begin(svyi_odk_reader *r, svyi_odk_reading *reading, const char *xml, size_t len, svy_submission_head *head, svy_error *err)
{
    svyi_buffer reply;
    svyi_talk_fields f = { NULL, NULL, 1 };
    svyi_buffer_init(&reply, NULL);
    *head = (svy_submission_head){ .encrypted = 0 };
    svy_status st = begin(r, reading, err);
    if (st == SVY_OK && (len == 0 || len > SVYI_ODK_MOST_XML))
        st = svyi_fail(err, len == 0 ? SVY_E_FORMAT : SVY_E_LIMIT, len == 0 ? "the submission is empty" : "the XML of the submission is larger than 8 MiB");
    if (st == SVY_OK)
        st = svyi_talk_send(reading->fd, xml, len, PATIENCE, err);
    if (st == SVY_OK)
        st = hear(reading, &reply, &f, err);
    if (st == SVY_OK) {
        head->encrypted = svyi_talk_number(&f) == 1;
        take_text(&f, head->form, sizeof head->form);
        take_text(&f, head->version, sizeof head->version);
        take_text(&f, head->instance, sizeof head->instance);
        take_text(&f, head->replaces, sizeof head->replaces);
        if (f.failed)
            st = svyi_fail(err, SVY_E_FORMAT, "the submission could not be read");
    }
    svyi_buffer_clear(&reply);
    return st;
}

static svy_status take_package(svyi_talk_fields *f, svyi_buffer *package, svyi_buffer *problems, svy_error *err)
{
    size_t n;
    const char *text = svyi_talk_text(f, SVYI_ODK_MOST_REPLY);
    const void *bytes = svyi_talk_bytes(f, SVYI_ODK_MOST_REPLY, &n);
    if (f->failed)
        return svyi_fail(err, SVY_E_FORMAT, "the submission could not be read");
    svyi_buffer_text(problems, text);
    svyi_buffer_add(package, bytes, n);
    return package->failed || problems->failed ? svyi_nomem(err) : SVY_OK;
}

svy_status svyi_odk_reading_package(svyi_odk_reading *reading, const void *block, size_t size, const svy_submission_options *options, svyi_buffer *package,
                                    svyi_buffer *problems, svy_error *err)
{
    svyi_buffer message;
    svyi_talk_fields f = { NULL, NULL, 1 };
    svyi_buffer_init(&message, NULL);
    svyi_odk_options_write(&message, options);
    svy_status st = message.failed ? svyi_nomem(err) : svyi_talk_send(reading->fd, message.data, message.len, PATIENCE, err);
    if (st == SVY_OK)
        st = svyi_talk_send(reading->fd, block, size, PATIENCE, err);
    if (st == SVY_OK)
        st = hear(reading, &message, &f, err);
    if (st == SVY_OK || st == SVY_E_INVALID) {
        const svy_status taken = take_package(&f, package, problems, st == SVY_OK ? err : NULL);
        st = st == SVY_OK ? taken : st;
    }
    svyi_buffer_clear(&message);
    return st;
}

void svyi_odk_reading_end(svyi_odk_reading *reading)
{
    if (reading->fd >= 0)
        close(reading->fd);
    reading->fd = -1;
}
