/* What the process that reads a submission may still do: read and write what it has open, compute, end. XML from the network goes through a library with a
 * history of faults; whoever finds another one is in a process without files, network, keys or study, and with limits of memory and time. */
#define _GNU_SOURCE
#include "server/odk/sandbox.h"
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>

enum { SECONDS = 10, MEMORY = 1 << 30 };

#if defined(__SANITIZE_ADDRESS__)
#define SHADOW_MEMORY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SHADOW_MEMORY 1
#endif
#endif

static int limit(int what, rlim_t most)
{
    const struct rlimit l = { most, most };
    return setrlimit((__rlimit_resource_t)what, &l) == 0;
}

static int limit_resources(void)
{
    int done = limit(RLIMIT_CPU, SECONDS) & limit(RLIMIT_CORE, 0) & limit(RLIMIT_FSIZE, 0) & limit(RLIMIT_NPROC, 0);
#ifndef SHADOW_MEMORY               /* the address sanitizer has terabytes of addresses */
    done &= limit(RLIMIT_AS, MEMORY);
#endif
    return done;
}

int svyi_odk_sandbox(void)
{
    static const int ALLOWED[] = { SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(close), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(brk), SCMP_SYS(munmap),
        SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(clock_gettime), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
#ifdef SHADOW_MEMORY
        SCMP_SYS(prctl), SCMP_SYS(gettid), SCMP_SYS(sched_yield), SCMP_SYS(sigaltstack),
#endif
    };
    const int limited = limit_resources();
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int failed = filter == NULL;
    for (unsigned i = 0; i < sizeof ALLOWED / sizeof ALLOWED[0] && !failed; i++)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, ALLOWED[i], 0) != 0;
    /* Memory, but none that could be run. */
    if (!failed)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) != 0 ||
                 seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) != 0 || seccomp_load(filter) != 0;
    if (filter != NULL)
        seccomp_release(filter);
    return !failed && limited;
}
