/* What a study records with every change: when it was made, and by whom. */
#define _DEFAULT_SOURCE
#include "record.h"
#include <stdlib.h>
#include <time.h>

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

const char *record_actor(const char *given)
{
    const char *user = getenv("USER");
    return given != NULL ? given : user != NULL ? user : "";
}
