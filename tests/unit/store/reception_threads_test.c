/* Many threads prepare arrivals on one reception at once: every one comes out as when it is prepared alone. Run it with -fsanitize=thread to see races. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>

#include "study_scratch.h"
#include "study_device.h"
#include "store/reception/priv.h"

TestSuite(reception_threads, .init = enter, .fini = leave);

enum { THREADS = 4, TIMES = 40 };
typedef struct work { const svy_reception *r; const device *d; unsigned wrong; } work;

static void *prepare_many(void *user)
{
    work *w = user;
    svy_error err = SVY_ERROR_INIT;

    for (int i = 0; i < TIMES; i++) {
        svy_arrival *a = NULL;
        if (svy_arrival_prepare(w->r, w->d->bytes, w->d->n, 0, NULL, (svy_moment){ 1774944000000, 0, 0 }, &a, &err) != SVY_OK || svy_arrival_reason(a)[0] != '\0' ||
            a->submission.made.n_rows < 4)
            w->wrong++;
        svy_arrival_free(a);
    }
    return NULL;
}

Test(reception_threads, one_snapshot_serves_many)
{
    svy_study *s = make();
    svy_error err = SVY_ERROR_INIT;
    pthread_t threads[THREADS];
    work works[THREADS];
    svy_reception *r;
    device d = device_open("tcn-study", 0, "11111111-1111-4111-8111-111111111111", "c1");

    device_start(&d);
    device_say_all(&d, "side by side");
    device_complete(&d);
    device_end(&d);
    OK(svy_reception_new(s, &r, &err));
    for (int i = 0; i < THREADS; i++) {
        works[i] = (work){ r, &d, 0 };
        cr_assert_eq(pthread_create(&threads[i], NULL, prepare_many, &works[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        cr_expect_eq(works[i].wrong, 0);
    }
    svy_reception_free(r);
    device_close(&d);
    svy_study_close(s);
}
