/* The object that holds tests, and how tests are put into it. Internal. */
#ifndef SVY_ESTIMATE_TESTS_H
#define SVY_ESTIMATE_TESTS_H
#include <survey/test.h>

#include "estimate/domain.h"

struct svy_tests {
    svyi_arena arena;            /* the tests themselves live in it */
    svy_test_row *rows; size_t count, room;
    const char **notes; size_t n_notes, notes_room;
    size_t n_by;
    const char **by_names;
    svy_test_row spare;          /* what is filled when there is no memory for another */
    int failed;                  /* memory ran out while rows or notes were added */
};

/* Empty tests, to be released by svy_tests_free. */
svy_status svyi_tests_new(const svy_alloc *alloc, svy_tests **out, svy_error *err);
/* Takes over the names of by-variables, and notes the rows in no domain. */
svy_status svyi_tests_keep_by(svy_tests *t, const svyi_domains *domains, svy_error *err);
/* A new row, all numbers NaN; when memory runs out `failed` is set and the row is the spare one. */
svy_test_row *svyi_tests_add(svy_tests *t, const char *test, const svyi_domains *domains, size_t domain);
void svyi_tests_say(svy_tests *t, const char *fmt, ...) SVY_PRINTF(2, 3);
/* "5 rows were left out because ..." unless 0. */
void svyi_tests_say_missing(svy_tests *t, uint64_t rows);
/* " in stype = E, ...", or "" without by-variables. */
void svyi_tests_domain_name(const svyi_domains *domains, size_t domain, char *out, size_t size);
#endif
