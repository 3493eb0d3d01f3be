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

        replay(data, size);
    return 0;
}
