/* What a study records with every change: when it was made, and by whom. */
#define _DEFAULT_SOURCE
#include "record.h"
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

svy_moment record_now(void)
{
    struct timespec wall, mono;
    struct tm local;
    clock_gettime(CLOCK_REALTIME, &wall);
    clock_gettime(CLOCK_MONOTONIC, &mono);
    localtime_r(&wall.tv_sec, &local);
    return (svy_moment){ (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000, (int32_t)(local.tm_gmtoff / 60),
                         (int64_t)mono.tv_sec * 1000 + mono.tv_nsec / 1000000 };
}

/* Jobs and services often run without USER in their environment: the records name who it was all the same. */
static const char *system_user(void)
{
    static char name[64];
    const struct passwd *known = getpwuid(geteuid());
    if (known != NULL && known->pw_name[0] != '\0')
        snprintf(name, sizeof name, "%s", known->pw_name);
    else
        snprintf(name, sizeof name, "uid %lu", (unsigned long)geteuid());
    return name;
}

const char *record_actor(const char *given)
{
    const char *user = getenv("USER");
    return given != NULL ? given : user != NULL && user[0] != '\0' ? user : system_user();
}

void record_time(int64_t utc_ms, char *out, size_t size)
{
    time_t seconds = (time_t)(utc_ms / 1000);
    struct tm local;
    out[0] = '\0';
    if (utc_ms != 0 && localtime_r(&seconds, &local) != NULL)
        strftime(out, size, "%Y-%m-%dT%H:%M:%S", &local);
}
