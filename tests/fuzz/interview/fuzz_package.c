/* Reads packages that come from anywhere. What is read is written the same again; what is replayed is told the same way a second time. */
#include <stdint.h>

#include "../../unit/interview/make_form.h"
#include "../../unit/interview/package_maker.h"
#include "../../unit/interview/recorder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const svy_form *the_form(void)
{
    static form_maker m;

    if (m.form == NULL)
        m = fm_everything();
    return m.form;
}

static svy_status copy_head(void *user, const svy_package_head *h, svy_error *err)
{
    package_maker *p = user;
    const size_t need = svy_package_write_head(h, NULL, 0);

    (void)err;
    svy_package_write_head(h, pm_room(p, need), need);
    return SVY_OK;
}

static svy_status copy_sitting(void *user, const svy_sitting *s, svy_error *err)
{
    package_maker *p = user;
    const size_t need = svy_package_write_sitting(s, NULL, 0);

    (void)err;
    svy_package_write_sitting(s, pm_room(p, need), need);
    return SVY_OK;
}

static svy_status copy_file(void *user, const svy_package_file *f, svy_error *err)
{
    package_maker *p = user;
    const size_t need = svy_package_write_file(f, NULL, 0);

    (void)err;
    svy_package_write_file(f, pm_room(p, need), need);
    return SVY_OK;
}

static svy_status copy_end(void *user, uint64_t events, svy_phase phase, svy_error *err)
{
    (void)err;
    (void)events;
    pm_end(user, phase);
    return SVY_OK;
}

/* A head of the form as it is compiled today, or every package of the corpus would be of another one. */
static svy_status own_head(void *user, const svy_package_head *h, svy_error *err)
{
    svy_package_head head = *h;

    head.form = svy_form_id(the_form());
    head.version = svy_form_version(the_form());
    head.checksum = svy_form_checksum(the_form());
    return copy_head(user, &head, err);
}

static void replay(const uint8_t *data, size_t size)
{
    package_maker own = { .bytes = NULL };
    svy_error err = SVY_ERROR_INIT;
    svy_interview *iv = NULL;
    const svy_package_reader to = { own_head, copy_sitting, pm_event, copy_file, copy_end, &own };

    if (svy_package_read(data, size, 1, &to, &err) == SVY_OK) {
        if (svy_package_replay(NULL, the_form(), own.bytes, own.n, 1, NULL, &iv, &err) == SVY_OK) {
            const svy_status st = svy_interview_audit(iv, &err);
            if (st != SVY_OK && st != SVY_E_INVALID)
                abort();
        } else if (iv != NULL || err.message[0] == '\0')
            abort();
    }
    svy_interview_free(iv);
    pm_free(&own);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    package_maker again = { .bytes = NULL };
    svy_error err = SVY_ERROR_INIT;
    const svy_package_reader to = { copy_head, copy_sitting, pm_event, copy_file, copy_end, &again };

    if (size > 20000)
        return 0;
    const svy_status st = svy_package_read(data, size, 1, &to, &err);
    if (st == SVY_OK && (again.n != size || memcmp(again.bytes, data, size) != 0))
        abort();
    if (st != SVY_OK && err.message[0] == '\0')
        abort();
    pm_free(&again);
    if (size < 3000)                                 /* ten thousand entries that look at one another: slow, and nothing new */
        replay(data, size);
    return 0;
}
