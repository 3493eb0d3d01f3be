/* Keeping what follows from the answers up to date: a queue of (rule, entry) ordered by rank, so that nothing is worked out before
   what it depends on, and each rule usually runs once. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "interview/odk_priv.h"

static const uint32_t LAST_RANK = UINT32_MAX;      /* rosters by chosen items: when the choice is final */
static const double LARGEST_WHOLE = 9007199254740991;      /* 2^53 - 1, as for answers */

static int before(const svyi_job *a, const svyi_job *b)
{
    if (a->rank != b->rank)
        return a->rank < b->rank;
    return a->entry != b->entry ? a->entry < b->entry : a->item < b->item;
}

/* Readers of an answer are found in their order, so most jobs only join the line behind the last one. */
static int push_line(svy_interview *iv, const svyi_job *job)
{
    if (iv->n_line == iv->line_capacity && 2 * iv->head >= iv->n_line && iv->n_line > 0) {     /* half of it has gone: close up */
        iv->n_line -= iv->head;
        memmove(iv->line, iv->line + iv->head, iv->n_line * sizeof *iv->line);
        iv->head = 0;
    }
    if (svyi_grow(&iv->alloc, &iv->line, &iv->line_capacity, iv->n_line + 1, sizeof *iv->line) != 0)
        return -1;
    iv->line[iv->n_line++] = *job;
    return 0;
}

static int push_heap(svy_interview *iv, const svyi_job *job)
{
    if (svyi_grow(&iv->alloc, &iv->jobs, &iv->jobs_capacity, iv->n_jobs + 1, sizeof *iv->jobs) != 0)
        return -1;
    size_t at = iv->n_jobs++;
    while (at > 0 && before(job, &iv->jobs[(at - 1) / 2])) {
        iv->jobs[at] = iv->jobs[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    iv->jobs[at] = *job;
    return 0;
}

static void push(svy_interview *iv, svyi_job job)
{
    svyi_cell *cell = svyi_cell_at(iv, job.entry, job.item);

    if ((cell->flags & job.bit) != 0 || iv->failed)
        return;
    const int last = iv->head == iv->n_line || !before(&job, &iv->line[iv->n_line - 1]);
    if ((last ? push_line(iv, &job) : push_heap(iv, &job)) != 0) {
        iv->failed = 1;
        return;
    }
    cell->flags |= (uint16_t)job.bit;
}

static svyi_job pop_heap(svy_interview *iv)
{
    svyi_job *jobs = iv->jobs;
    const svyi_job first = jobs[0], last = jobs[--iv->n_jobs];
    size_t at = 0;

    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= iv->n_jobs)
            break;
        if (child + 1 < iv->n_jobs && before(&jobs[child + 1], &jobs[child]))
            child++;
        if (!before(&jobs[child], &last))
            break;
        jobs[at] = jobs[child];
        at = child;
    }
    jobs[at] = last;
    return first;
}

static int waiting(const svy_interview *iv)
{
    return iv->head < iv->n_line || iv->n_jobs > 0;
}

static svyi_job pop(svy_interview *iv)
{
    const int from_line = iv->head < iv->n_line && (iv->n_jobs == 0 || before(&iv->line[iv->head], &iv->jobs[0]));
    const svyi_job job = from_line ? iv->line[iv->head++] : pop_heap(iv);

    svyi_cell_at(iv, job.entry, job.item)->flags &= (uint16_t)~job.bit;
    return job;
}

void svyi_queue_drop(svy_interview *iv)
{
    while (waiting(iv))
        (void)pop(iv);
}

static void queue(svy_interview *iv, uint32_t rule, uint32_t entry)
{
    const svyi_plan_rule *r = &iv->plan.rules[rule];

    push(iv, (svyi_job){ r->rank, r->owner, entry, r->which == SVYI_RULE_RELEVANT  ? SVYI_JOB_RELEVANT
                                                   : r->which == SVYI_RULE_CHOICES ? SVYI_JOB_CHOICES : SVYI_JOB_VALUE });
}

void svyi_queue_rule(svy_interview *iv, uint32_t rule, uint32_t entry)
{
    queue(iv, rule, entry);
}

/* Something to queue: a rule, or the entries of a `for` roster when rule is 0. */
typedef struct target { uint32_t rule, roster; } target;

static void queue_target(svy_interview *iv, target t, uint32_t entry)
{
    if (t.rule != 0)
        queue(iv, t.rule, entry);
    else
        push(iv, (svyi_job){ LAST_RANK, t.roster, entry, SVYI_JOB_FOR });
}

/* For every entry of `roster` inside `entry` that counts. Recurses once for each roster in between. */
static void queue_inside(svy_interview *iv, target t, uint32_t roster, uint32_t entry)
{
    uint32_t step = roster;

    if (iv->entries[entry].roster == roster) {
        queue_target(iv, t, entry);
        return;
    }
    while (svyi_item(iv, step)->roster != iv->entries[entry].roster)
        step = svyi_item(iv, step)->roster;
    const svyi_kids *kids = svyi_kids_of(iv, entry, step);
    for (uint32_t i = 0; kids != NULL && i < kids->active; i++)
        queue_inside(iv, t, roster, kids->ids[i]);
}

static int roster_inside(const svy_interview *iv, uint32_t roster, uint32_t outer)
{
    while (roster != outer && roster != 0)
        roster = svyi_item(iv, roster)->roster;
    return roster == outer;
}

/* The entries in which a target that reads a changed answer has to run: the one around the answer, those inside it, or, when it
   reads across entries, all there are. */
static void queue_reader(svy_interview *iv, target t, uint32_t roster, int across, uint32_t entry)
{
    const uint32_t around = svyi_enclosing(iv, roster, entry);

    if (roster == 0)
        queue_target(iv, t, 0);
    else if (across)
        queue_inside(iv, t, roster, 0);
    else if (around != 0)
        queue_target(iv, t, around);
    else
        queue_inside(iv, t, roster, roster_inside(iv, roster, iv->entries[entry].roster) ? entry : 0);
}

void svyi_queue_everywhere(svy_interview *iv, uint32_t rule)
{
    queue_inside(iv, (target){ .rule = rule }, iv->plan.rules[rule].roster, 0);
}

/* The text of an other-specify choice is asked when the choice is chosen. */
static int other_chosen(const svy_interview *iv, uint32_t question, uint32_t entry)
{
    const svy_value v = svyi_value_at(iv, question, entry);
    const uint32_t list = svyi_item(iv, question)->list;
    const char *at = v.text, *end = v.text + v.len;

    while (at < end) {
        const char *stop = memchr(at, ' ', (size_t)(end - at));
        uint32_t choice;
        if (stop == NULL)
            stop = end;
        if (svy_form_find_choice(iv->form, list, at, (size_t)(stop - at), &choice) &&
            (svy_form_choice(iv->form, list, choice).flags & SVY_CHOICE_OTHER) != 0)
            return 1;
        at = stop < end ? stop + 1 : stop;
    }
    return 0;
}

static void other_text(svy_interview *iv, uint32_t question, uint32_t entry)
{
    const uint32_t text = svyi_item(iv, question)->of;

    if (text != 0 && (svyi_item(iv, text)->flags & SVY_ITEM_OTHER) != 0 && svyi_item(iv, text)->relevant == 0)
        svyi_set_own(iv, text, entry, other_chosen(iv, question, entry));
}

void svyi_touched(svy_interview *iv, uint32_t item, uint32_t entry)
{
    const svyi_plan *p = &iv->plan;
    uint32_t n;
    const uint32_t *rules = svy_form_dependents(iv->form, item, &n);

    for (uint32_t i = 0; i < n; i++) {
        const svyi_plan_rule *r = &p->rules[rules[i]];
        if (r->which != SVYI_RULE_LAZY)
            queue_reader(iv, (target){ .rule = rules[i] }, r->roster, r->saw & SVYI_ACROSS, entry);
    }
    if (svyi_is_odk(iv)) {
        svyi_odk_touched(iv, item, entry);
        return;
    }
    for (uint32_t roster = p->first_for[item]; roster != 0; roster = p->next_for[roster])
        queue_reader(iv, (target){ .roster = roster }, svyi_item(iv, roster)->roster, 0, entry);
    if (svyi_item(iv, item)->kind == SVY_EL_QUESTION)
        other_text(iv, item, entry);
}

static void queue_item(svy_interview *iv, uint32_t i, uint32_t entry)
{
    const svy_item *item = svyi_item(iv, i);
    const uint32_t value = item->kind == SVY_EL_QUESTION && !svyi_is_odk(iv) ? item->preset : item->value;

    if (item->relevant != 0 && iv->plan.rules[item->relevant].roster == item->roster)
        queue(iv, item->relevant, entry);
    if (svyi_is_odk(iv))
        svyi_odk_queue_choices(iv, i, entry);
    if (value != 0 && iv->plan.rules[value].which == SVYI_RULE_VALUE)
        queue(iv, value, entry);
    if (item->kind == SVY_EL_ROSTER && (item->flags & SVY_ITEM_FOR) != 0)
        push(iv, (svyi_job){ LAST_RANK, i, entry, SVYI_JOB_FOR });
}

void svyi_touch_inside(svy_interview *iv, uint32_t entry)
{
    const uint32_t roster = iv->entries[entry].roster, end = svyi_item(iv, roster)->end;

    for (uint32_t i = roster + 1; i < end; i++) {
        svyi_touched(iv, i, entry);
        if (svyi_item(iv, i)->kind != SVY_EL_ROSTER)
            continue;
        const svyi_kids *kids = svyi_kids_of(iv, entry, i);
        for (uint32_t k = 0; kids != NULL && k < kids->active; k++)
            svyi_touch_inside(iv, kids->ids[k]);
        i = svyi_item(iv, i)->end - 1;
    }
}

void svyi_queue_all(svy_interview *iv, uint32_t entry)
{
    const uint32_t roster = iv->entries[entry].roster, end = svyi_item(iv, roster)->end;

    if (entry != 0 && svyi_is_odk(iv) && svyi_item(iv, roster)->relevant != 0)
        queue(iv, svyi_item(iv, roster)->relevant, entry);
    for (uint32_t i = entry == 0 ? 0 : roster + 1; i < end; i++) {
        queue_item(iv, i, entry);
        if (svyi_item(iv, i)->kind != SVY_EL_ROSTER)
            continue;
        const svyi_kids *kids = svyi_kids_of(iv, entry, i);
        for (uint32_t k = 0; kids != NULL && k < kids->active; k++)
            svyi_queue_all(iv, kids->ids[k]);
        i = svyi_item(iv, i)->end - 1;
    }
}

void svyi_queue_clock(svy_interview *iv, int day_changed)
{
    for (uint32_t i = 0; i < iv->plan.n_clock; i++) {
        const uint32_t rule = iv->plan.clock_rules[i];
        if (day_changed || iv->plan.rules[rule].clock == 2)
            queue_inside(iv, (target){ .rule = rule }, iv->plan.rules[rule].roster, 0);
    }
}

void svyi_queue_labels(svy_interview *iv)
{
    for (uint32_t r = 1; r <= iv->plan.n_rules; r++)
        if ((iv->plan.rules[r].saw & SVYI_LABEL) != 0)
            queue_inside(iv, (target){ .rule = r }, iv->plan.rules[r].roster, 0);
}

void svyi_queue_positions(svy_interview *iv, uint32_t entry)
{
    for (uint32_t i = 0; i < iv->plan.n_position; i++) {
        const uint32_t rule = iv->plan.position_rules[i], roster = iv->plan.rules[rule].roster;
        if (iv->plan.rules[rule].saw & SVYI_ACROSS)
            queue_inside(iv, (target){ .rule = rule }, roster, 0);
        else if (roster_inside(iv, roster, iv->entries[entry].roster))
            queue_inside(iv, (target){ .rule = rule }, roster, entry);
        else
            queue_reader(iv, (target){ .rule = rule }, roster, 0, entry);
    }
}

static int same_value(const svy_value *a, const svy_value *b)
{
    return a->missing == b->missing && a->len == b->len && memcmp(&a->number, &b->number, sizeof a->number) == 0 &&
           (a->len == 0 || memcmp(a->text, b->text, a->len) == 0);
}

static int is_text(svy_kind kind)
{
    return kind == SVY_K_TEXT || kind == SVY_K_CODE || kind == SVY_K_CODES || kind == SVY_K_PLACE;
}

/* Whole numbers are those that a double and every store hold exactly. */
static int number_fits(svy_type type, double number)
{
    if (type == SVY_T_YEAR && !(number >= 1 && number <= 9999))
        return 0;
    return (type != SVY_T_INTEGER && type != SVY_T_YEAR) || (floor(number) == number && fabs(number) <= LARGEST_WHOLE);
}

/* A value fits its item when it has its kind and range, and for coded items when the code is in the list. */
static svy_value fitting(const svy_interview *iv, const svy_item *item, svy_value v)
{
    const svy_kind kind = svy_type_kind((svy_type)item->type);
    uint32_t choice;

    if (v.missing != SVY_PRESENT)
        return v;
    if (is_text((svy_kind)v.kind) != is_text(kind) || !isfinite(v.number) || v.len > SVYI_MAX_ANSWER ||
        !number_fits((svy_type)item->type, v.number))
        return svy_value_missing(kind, SVY_NOT_STATED);
    if (v.number == 0)
        v.number = 0;                                  /* no negative zero */
    if (!is_text(kind))
        v.len = 0;
    if (kind == SVY_K_CODE && item->list != 0) {
        if (!svy_form_find_choice(iv->form, item->list, v.text, v.len, &choice))
            return svy_value_missing(kind, SVY_NOT_STATED);
        v.number = svy_form_list(iv->form, item->list).numeric ? svy_form_choice(iv->form, item->list, choice).number : 0;
    }
    return v;
}

static int put_value(svy_interview *iv, uint32_t i, uint32_t entry, const svy_value *v, uint16_t flag)
{
    svyi_cell *cell = svyi_cell_change(iv, entry, i);

    if (cell == NULL || svyi_cell_set(iv, i, cell, v) != 0)
        return -1;
    cell->flags = (uint16_t)((cell->flags & ~SVYI_PRESET) | flag);
    if ((cell->flags & SVYI_ON) != 0)
        svyi_touched(iv, i, entry);
    return 0;
}

static void set_preset(svy_interview *iv, uint32_t i, uint32_t entry, const svy_value *v)
{
    const svyi_cell *cell = svyi_cell_at(iv, entry, i);
    const int had = (cell->flags & SVYI_PRESET) != 0, has = v->missing == SVY_PRESENT;
    const svy_value none = svy_value_missing(SVY_K_NONE, SVY_NOT_REACHED), old = svyi_cell_stored(iv, i, cell);

    if ((cell->flags & (SVYI_GIVEN | SVYI_TOUCHED)) != 0 || (!had && !has) || (had && has && same_value(v, &old)))
        return;
    put_value(iv, i, entry, has ? v : &none, has ? SVYI_PRESET : 0);
}

static svy_status set_count(svy_interview *iv, uint32_t i, uint32_t entry, const svy_value *v, svy_error *err)
{
    const double n = v->missing == SVY_PRESENT && v->number >= 1 ? floor(v->number) : 0;

    if (n > SVYI_MAX_ROSTER)
        return svyi_fail(err, SVY_E_LIMIT, "roster '%s' would have more than %d entries", svy_form_item_id(iv->form, i), SVYI_MAX_ROSTER);
    if (svyi_cell_at(iv, entry, i)->number == n)
        return SVY_OK;
    svyi_cell *cell = svyi_cell_change(iv, entry, i);
    if (cell == NULL)
        return svyi_nomem(err);
    cell->number = n;
    return svyi_roster_count(iv, i, entry, err);
}

static svy_status set_value(svy_interview *iv, uint32_t i, uint32_t entry, svy_value v, svy_error *err)
{
    const svy_item *item = svyi_item(iv, i);

    if (item->kind == SVY_EL_ROSTER)
        return set_count(iv, i, entry, &v, err);
    if (item->kind == SVY_EL_END) {
        const double holds = v.missing == SVY_PRESENT && v.number != 0;
        if (svyi_cell_at(iv, entry, i)->number != holds) {
            svyi_cell *cell = svyi_cell_change(iv, entry, i);
            if (cell != NULL)
                cell->number = holds;
            iv->ends_dirty = 1;
        }
        return SVY_OK;
    }
    v = fitting(iv, item, v);
    if (item->kind == SVY_EL_QUESTION) {
        set_preset(iv, i, entry, &v);
        return SVY_OK;
    }
    const svy_value old = svyi_cell_stored(iv, i, svyi_cell_at(iv, entry, i));
    if (!same_value(&old, &v))
        put_value(iv, i, entry, &v, 0);
    return SVY_OK;
}

/* What a rule was seen to read goes back with the change: rules that draw by chance must run as often in a replay. */
void svyi_saw(svy_interview *iv, uint32_t rule, uint8_t what)
{
    svyi_plan_rule *r = &iv->plan.rules[rule];

    if ((r->saw | what) == r->saw)
        return;
    if (iv->changing) {
        if (svyi_grow(&iv->alloc, &iv->undo, &iv->undo_capacity, iv->n_undo + 1, sizeof *iv->undo) != 0) {
            iv->failed = 1;
            return;
        }
        iv->undo[iv->n_undo++] = (svyi_undo){ .entry = rule, .drops = SVYI_IS_RULE, .cell = { .number = iv->plan.n_position, .len = r->saw } };
    }
    if ((what & SVYI_POSITION) != 0 && (r->saw & SVYI_POSITION) == 0)
        iv->plan.position_rules[iv->plan.n_position++] = rule;
    r->saw |= what;
}

static svy_status run_job(svy_interview *iv, const svyi_job *job, svy_error *err)
{
    const svy_item *item = svyi_item(iv, job->item);
    const uint32_t value_rule = item->kind == SVY_EL_QUESTION ? item->preset : item->value;
    const uint32_t rule = job->bit == SVYI_JOB_RELEVANT ? item->relevant : value_rule;
    svyi_view view = { .iv = iv };
    svy_value v;

    if (svyi_is_odk(iv))
        return svyi_odk_job(iv, job, err);
    if (job->bit == SVYI_JOB_FOR)
        return svyi_roster_for(iv, job->item, job->entry, err);
    const svy_status st = svyi_run(&view, rule, item->kind == SVY_EL_QUESTION ? job->item : 0, job->entry, &v, err);
    if (st != SVY_OK)
        return st;
    svyi_saw(iv, rule, view.saw);
    if (job->bit == SVYI_JOB_RELEVANT) {
        svyi_set_own(iv, job->item, job->entry, v.missing == SVY_PRESENT && v.number != 0);
        return SVY_OK;
    }
    return set_value(iv, job->item, job->entry, v, err);
}

svy_status svyi_settle_rules(svy_interview *iv, svy_error *err)
{
    for (;;) {
        while (waiting(iv) && !iv->failed) {
            const svyi_job job = pop(iv);
            if (iv->settle_left-- == 0)
                return svyi_fail(err, SVY_E_LIMIT, "the rules around '%s' depend on one another in a circle", svy_form_item_id(iv->form, job.item));
            const svy_status st = run_job(iv, &job, err);
            if (st != SVY_OK)
                return st;
            if (svy_scratch_steps(iv->scratch) - iv->settle_begun > SVYI_MAX_SETTLE)
                return svyi_fail(err, SVY_E_LIMIT, "the rules that follow from this take more than %d steps, last those of '%s'", SVYI_MAX_SETTLE,
                                 svy_form_item_id(iv->form, job.item));
        }
        if (iv->failed)
            return svyi_nomem(err);
        if (!iv->ends_dirty)
            return SVY_OK;
        iv->ends_dirty = 0;
        if (svyi_find_end(iv))
            svyi_refresh_all(iv, 0);
    }
}

svy_status svyi_settle(svy_interview *iv, svy_error *err)
{
    svy_status st;
    int more;

    /* Rules that feed on one another would never settle; the compiler refuses such forms, this bound stops what it did not see. */
    const uint64_t most = 1000000 + 64 * (uint64_t)iv->n_cells;
    iv->settle_left = most;
    iv->settle_begun = svy_scratch_steps(iv->scratch);
    do {
        more = 0;
        st = svyi_settle_rules(iv, err);
        if (st == SVY_OK && svyi_is_odk(iv))
            st = svyi_odk_follow(iv, &more, err);
    } while (st == SVY_OK && more);
    iv->work += svy_scratch_steps(iv->scratch) - iv->settle_begun + 8 * (most - iv->settle_left);
    return st;
}

svy_status svyi_settle_all(svy_interview *iv, svy_error *err)
{
    if (svyi_is_odk(iv))
        svyi_odk_settle_all(iv, 1);
    svyi_queue_all(iv, 0);
    svyi_refresh_all(iv, 0);
    for (uint32_t e = 0; e < iv->s.n_entries; e++)
        for (uint32_t i = iv->entries[e].roster; !svyi_is_odk(iv) && i < svyi_item(iv, iv->entries[e].roster)->end; i++)
            if (svyi_item(iv, i)->roster == iv->entries[e].roster && (e == 0 || i != iv->entries[e].roster) && svyi_item(iv, i)->kind == SVY_EL_QUESTION)
                other_text(iv, i, e);
    iv->ends_dirty = 1;
    const svy_status st = svyi_settle(iv, err);
    if (svyi_is_odk(iv))
        svyi_odk_settle_all(iv, 0);
    return st;
}
