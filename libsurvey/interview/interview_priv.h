/* What the parts of the interview engine share: plan, entries, cells, jobs, and the log that takes a change back.
 *
 *  A change (an answer, a new entry, ...) is a transaction: everything it touches is logged, rules are settled, checks are run on the
 *  result, the journal is written; then it is committed, or taken back as if nothing had happened. */
#ifndef SVY_INTERVIEW_PRIVATE_H
#define SVY_INTERVIEW_PRIVATE_H
#include <survey/interview.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/number.h"

enum {
    SVYI_MAX_ENTRIES = 100000,        /* in one interview */
    SVYI_MAX_CELLS = 4000000,
    SVYI_MAX_ROSTER = 10000,          /* entries of one roster in one entry */
    SVYI_MAX_SETTLE = 50000000,       /* steps of expressions that one answer leads to */
    SVYI_MAX_REPLAY = 300000000,      /* work that all events of a journal from outside may take: some seconds */
    SVYI_MAX_ANSWER = 65536,          /* bytes of an answer, a remark, a reason */
    SVYI_MAX_OTHER = 80,              /* characters of an other-specify text */
    SVYI_MAX_DEPTH = 64               /* rosters inside one another: items nest no deeper */
};

/* ---- The plan: what is computed once from the form ---- */

enum { SVYI_RULE_LAZY = 0, SVYI_RULE_RELEVANT = 1, SVYI_RULE_VALUE = 2, SVYI_RULE_CHOICES = 3 };   /* which rules are kept up to date */
enum { SVYI_ACROSS = 1, SVYI_POSITION = 2, SVYI_LABEL = 4, SVYI_ENTRIES = 8, SVYI_SELF = 16, SVYI_OTHERS = 32, SVYI_FILLED = 64 };               /* what a rule was seen to read */

/* `roster`: it runs in every entry of this one. */
typedef struct svyi_plan_rule { svy_code code; uint32_t owner, rank, roster; uint8_t which, saw, clock; } svyi_plan_rule;

typedef struct svyi_plan {
    uint32_t n_items, n_rules;
    const svy_item **items;           /* by number */
    uint8_t *kind;                    /* by item: svy_kind of its value */
    uint32_t *cell;                   /* by item: its index among the cells of an entry of its roster */
    uint32_t *n_cells;                /* by roster: cells of an entry; [0] those outside all rosters */
    uint32_t own_cell;                /* 1: an entry has one more cell, for the node it is itself (forms with ODK's expressions) */
    uint32_t *first_for, *next_for;   /* by item: the rosters that have an entry for each of its codes, as a chain */
    svyi_plan_rule *rules;            /* by number, from 1 */
    uint32_t *ends, n_ends;           /* early ends in document order */
    uint32_t *clock_rules, n_clock;
    uint32_t *position_rules, n_position;   /* rules that were seen to read positions */
    uint32_t *order;                  /* room to order the longest list */
    uint32_t *mark;                   /* room to mark the choices of the longest list; all 0 between uses */
    uint32_t longest;                 /* choices of the longest list */
} svyi_plan;

/* ---- Cells and entries ---- */

enum {
    SVYI_OWN = 1u << 0,               /* its own relevance holds */
    SVYI_ON = 1u << 1,                /* and that of everything around it: it is asked */
    SVYI_GIVEN = 1u << 2,             /* an answer was given */
    SVYI_PRESET = 1u << 3,            /* the value is a proposal of its default */
    SVYI_TOUCHED = 1u << 4,           /* cleared by hand: no more proposals */
    SVYI_CLOSED = 1u << 6,            /* open roster: there is no other */
    SVYI_ORDERED = 1u << 7,           /* the order of its choices is in the journal */
    SVYI_JOB_RELEVANT = 1u << 8, SVYI_JOB_VALUE = 1u << 9, SVYI_JOB_FOR = 1u << 10, SVYI_JOB_CHOICES = 1u << 11,   /* waits in the queue */
    SVYI_JOBS = SVYI_JOB_RELEVANT | SVYI_JOB_VALUE | SVYI_JOB_FOR | SVYI_JOB_CHOICES,
    /* forms with ODK's expressions: */
    SVYI_LIVE = 1u << 12,             /* its calculation runs whenever something changes: the load has come past it */
    SVYI_RESULT = 1u << 13,           /* mark.result is what it calculated last */
    SVYI_SEEN = 1u << 14              /* mark.seen is what the actions at it saw last */
};

typedef struct svyi_note { uint32_t remark_len, reason_len; char text[]; } svyi_note;   /* remark NUL reason NUL */
typedef struct svyi_kids { uint32_t n, active; uint32_t ids[]; } svyi_kids;             /* entries of a roster: those that count first */

typedef struct svyi_cell {
    union { double number; struct { uint32_t result, seen; } mark; };   /* mark: short hashes of texts, for leaves of ODK forms */
    union { char *text; svyi_kids *kids; } at;   /* text of the value, NULL when len is 0; entries of a roster, NULL when there never was one */
    svyi_note *note;
    char *shown;                      /* ODK: what is left of chosen codes that are offered now; NULL: all of the text */
    uint32_t len;
    uint16_t flags;
    uint8_t missing;
} svyi_cell;

typedef struct svyi_entry {
    svyi_cell *cells;
    uint32_t roster, parent;
    uint32_t number;                  /* from 1 in the order of creation */
    uint32_t choice;                  /* of a `for` roster: choice of the list */
    uint32_t ordinal;                 /* index among the entries of its roster in its parent */
    uint8_t active, on;               /* it counts in its roster; and the roster is asked */
    uint8_t fresh;                    /* ODK: its first values are in, its calculations and actions have not run */
    uint8_t blank;                    /* ODK: made like an entry of the form, but without that one's values */
    uint32_t source, spare;           /* ODK: nodes of the record it is made from; `spare` where `source` lacks one. UINT32_MAX: none */
    char digits[12];
} svyi_entry;

typedef struct svyi_override { uint32_t check, entry; uint64_t seen; char *reason; uint32_t len; } svyi_override;

/* What is copied when a change begins and put back when it fails. */
typedef struct svyi_state {
    uint64_t sequence, seed;
    svy_moment moment;
    double now;                       /* local seconds */
    svy_place current, end;
    uint32_t language, n_entries;
    svy_phase phase;
    uint8_t starting;                 /* only start and parameter events so far */
} svyi_state;

typedef struct svyi_job { uint32_t rank, item, entry, bit; } svyi_job;
/* A cell as it was. `drops`: which of its memory has been replaced since, and goes when the change is kept. */
enum { SVYI_DROPS_TEXT = 1, SVYI_DROPS_NOTE = 2, SVYI_DROPS_KIDS = 4, SVYI_DROPS_SHOWN = 16, SVYI_IS_RULE = 32 /* entry, len, number: rule, what it was seen to read, rules with positions */, SVYI_IS_ENTRY = 8 /* number, len, missing, flags: choice, ordinal, active, fresh of the entry */ };
typedef struct svyi_undo { uint32_t entry, item, drops; svyi_cell cell; } svyi_undo;

struct svy_interview {
    svy_alloc alloc;
    const svy_form *form;
    struct svyi_odk *odk;             /* of a form with ODK's expressions, else NULL */
    svy_journal journal;
    svy_scratch *scratch;
    svyi_arena arena;                 /* of the plan */
    svyi_plan plan;
    svyi_state s, before;

    svyi_entry *entries; size_t entries_capacity;    /* entry 0 is the interview */
    size_t n_cells;
    svyi_override *overrides; size_t n_overrides, n_pending, overrides_capacity;   /* pending ones wait behind the others */

    /* What waits: rules queued in their order in a line, from `head` on; the others in a heap. */
    svyi_job *line; size_t head, n_line, line_capacity;
    svyi_job *jobs; size_t n_jobs, jobs_capacity;
    svyi_undo *undo; size_t n_undo, undo_capacity;
    uint8_t changing, failed;         /* a change is under way; it met an allocation failure */
    uint8_t flipped, ends_dirty, tolerant;
    uint8_t end_given;                   /* which early end holds was said (ended.h): what it follows from is not here */
    uint64_t settle_left, settle_begun;              /* what one change may still cost; steps when it began */
    uint64_t work;                    /* what all changes cost so far: steps of expressions, cells touched */
    uint8_t audited;                  /* replaying looks for what answering would not have taken; the first is kept: */
    const char *odd; uint64_t odd_event; uint32_t odd_item;
    uint32_t replayed;                /* item of the event that was replayed last */
    svyi_buffer path, value;          /* of the event being written */
    svyi_buffer given;                /* ODK: the answer being given */
};

/* 1 in a form with ODK's expressions. An engine that is built without them (SVY_WITHOUT_ODK: the small one of the web form) opens no such form, and
   the linker leaves out all that only they need: this and svyi_b_is_odk() are the switch. */
static inline int svyi_is_odk(const svy_interview *iv)
{
#ifdef SVY_WITHOUT_ODK
    (void)iv;
    return 0;
#else
    return iv->odk != NULL;
#endif
}

/* A look at the interview while a rule runs, noting what it reads. */
typedef struct svyi_view {
    const svy_interview *iv;
    uint32_t origin;                  /* entry it runs in */
    uint32_t self;                    /* ODK: item that it stands at */
    uint8_t saw;                      /* SVYI_ACROSS, ... */
    uint8_t inner;                    /* ODK: how many rules it runs inside: each has a scratch of its own */
    uint8_t labelled;                 /* ODK: a value in a label that a rule reads */
    uint8_t watch;                    /* keep the following */
    uint64_t seen;                    /* fingerprint of the values read */
    svy_place last;                   /* last question in document order that was read and is asked */
} svyi_view;

/* ---- plan.c ---- */
svy_status svyi_plan_make(svy_interview *iv, svy_error *err);

/* ---- cells.c ---- */
static inline svyi_cell *svyi_cell_at(const svy_interview *iv, uint32_t entry, uint32_t item)
{
    const svyi_entry *e = &iv->entries[entry];

    return &e->cells[item == 0 || item != e->roster ? iv->plan.cell[item] : iv->plan.n_cells[item]];
}
static inline const svy_item *svyi_item(const svy_interview *iv, uint32_t item)
{
    return iv->plan.items[item];
}
/* 1 when the place exists: the item belongs to the entry's roster. */
int svyi_place_ok(const svy_interview *iv, svy_place place);
/* What a cell holds, asked or not. */
svy_value svyi_cell_stored(const svy_interview *iv, uint32_t item, const svyi_cell *cell);
/* What expressions see of a cell. */
svy_value svyi_cell_value(const svy_interview *iv, uint32_t item, const svyi_cell *cell);
/* Logs a cell before it changes; NULL when out of memory. */
svyi_cell *svyi_cell_change(svy_interview *iv, uint32_t entry, uint32_t item);
/* Give the cell that was logged last a value, a note, entries. 0, or -1 when out of memory. */
int svyi_cell_set(svy_interview *iv, uint32_t item, svyi_cell *cell, const svy_value *value);
void svyi_cell_kids(svy_interview *iv, svyi_cell *cell, svyi_kids *kids);
int svyi_cell_note(svy_interview *iv, svyi_cell *cell, const char *remark, size_t remark_len, const char *reason, size_t reason_len);
/* What is left of the chosen codes; NULL: all. 0, or -1 when out of memory. */
int svyi_cell_shown(svy_interview *iv, svyi_cell *cell, const char *text, size_t len);
void svyi_shown_release(svy_interview *iv, char *shown);
void svyi_text_release(svy_interview *iv, char *text, uint32_t len);
void svyi_note_release(svy_interview *iv, svyi_note *note);
void svyi_kids_release(svy_interview *iv, svyi_kids *kids);

/* ---- change.c ---- */
/* Begins a change at a moment: the clock moves and what depends on it is settled. On failure nothing has changed. */
svy_status svyi_change_begin(svy_interview *iv, svy_moment now, svy_error *err);
void svyi_change_back(svy_interview *iv);
void svyi_change_keep(svy_interview *iv);
/* Writes the event, then keeps the change; takes it back when the journal fails. */
svy_status svyi_change_end(svy_interview *iv, svy_action action, svy_place place, const svy_value *value, const char *reason, svy_error *err);
svy_status svyi_change_end_text(svy_interview *iv, svy_action action, svy_place place, const char *text, size_t len, const char *reason, svy_error *err);
/* Takes back and returns `st`. */
svy_status svyi_change_fail(svy_interview *iv, svy_status st);

/* ---- entries.c ---- */
svy_status svyi_entry_new(svy_interview *iv, uint32_t roster, uint32_t parent, uint32_t *entry, svy_error *err);
int svyi_entry_log(svy_interview *iv, uint32_t entry);        /* before it changes. -1 out of memory */
void svyi_entries_drop(svy_interview *iv, uint32_t first);    /* releases entry `first` and those after it */
/* The entry of `roster` around `entry` (or it), 0 when none. */
uint32_t svyi_enclosing(const svy_interview *iv, uint32_t roster, uint32_t entry);
const svyi_kids *svyi_kids_of(const svy_interview *iv, uint32_t entry, uint32_t roster);   /* NULL when there never was one */
svy_status svyi_roster_count(svy_interview *iv, uint32_t roster, uint32_t parent, svy_error *err);
/* Makes the first `want` entries count, of those there were or (`anew`) new ones in place of any that stopped to. */
svy_status svyi_roster_resize(svy_interview *iv, uint32_t roster, uint32_t parent, uint32_t want, int anew, svy_error *err);
svy_status svyi_roster_for(svy_interview *iv, uint32_t roster, uint32_t parent, svy_error *err);
svy_status svyi_roster_add(svy_interview *iv, uint32_t roster, uint32_t parent, uint32_t *entry, svy_error *err);
svy_status svyi_roster_remove(svy_interview *iv, uint32_t entry, svy_error *err);

/* ---- env.c ---- */
svy_env svyi_env(svyi_view *view);
svy_value svyi_value_at(const svy_interview *iv, uint32_t item, uint32_t entry);   /* resolves the entry */
/* Runs a rule in an entry. `self` may be 0. */
svy_status svyi_run(svyi_view *view, uint32_t rule, uint32_t self, uint32_t entry, svy_value *value, svy_error *err);
/* 1 when the rule is true; a failure counts as not. */
int svyi_true(const svy_interview *iv, uint32_t rule, uint32_t self, uint32_t entry);
int svyi_moment_ok(svy_moment now);
double svyi_local(svy_moment now);

/* ---- propagate.c ---- */
void svyi_queue_drop(svy_interview *iv);                       /* nothing waits any more */
void svyi_queue_all(svy_interview *iv, uint32_t entry);        /* every rule of an entry and of those inside it */
void svyi_queue_clock(svy_interview *iv, int day_changed);
void svyi_queue_positions(svy_interview *iv, uint32_t entry);
void svyi_queue_labels(svy_interview *iv);
void svyi_touched(svy_interview *iv, uint32_t item, uint32_t entry);   /* its visible value changed: queues what reads it */
void svyi_touch_inside(svy_interview *iv, uint32_t entry);     /* everything in a roster entry, which has another place now */
svy_status svyi_settle(svy_interview *iv, svy_error *err);
svy_status svyi_settle_rules(svy_interview *iv, svy_error *err);   /* but not what ODK's actions do */
void svyi_queue_rule(svy_interview *iv, uint32_t rule, uint32_t entry);
void svyi_queue_everywhere(svy_interview *iv, uint32_t rule);      /* in every entry that it runs in */
/* Settles every rule anew, as if nothing were known: the state must not change by it. For tests. */
svy_status svyi_settle_all(svy_interview *iv, svy_error *err);

/* ---- route.c ---- */
int svyi_set_own(svy_interview *iv, uint32_t item, uint32_t entry, int own);   /* -1 out of memory */
int svyi_refresh_entry(svy_interview *iv, uint32_t entry, int deep);   /* 1 when it is asked now and was not, or the other way round */
void svyi_refresh_all(svy_interview *iv, int silent);
int svyi_find_end(svy_interview *iv);                          /* 1 when another early end holds than before */

/* ---- walk.c ---- */
/* A stop on the way through all places, in document order with the entries of rosters in turn. A roster is met before its entries and
   again (`after`) behind them. at {0,0} without `after`: the beginning and the end. */
typedef struct svyi_stop { svy_place at; int after; } svyi_stop;
svyi_stop svyi_next_stop(const svy_interview *iv, svyi_stop from, int skip);    /* skip: not into it */
svyi_stop svyi_previous_stop(const svy_interview *iv, svyi_stop from);
/* The entry beside another in its roster that is asked, in a direction (1, -1); from 0: the first or last. 0 when none. */
uint32_t svyi_sibling(const svy_interview *iv, uint32_t parent, uint32_t roster, uint32_t entry, int direction);
/* The innermost entry around (or equal to) `entry` in which `roster` can have entries. */
uint32_t svyi_holder(const svy_interview *iv, uint32_t roster, uint32_t entry);
uint32_t svyi_next_inside(const svy_interview *iv, uint32_t roster, uint32_t entry, uint32_t after);

/* ---- navigate.c ---- */
int svyi_find_path(const svy_interview *iv, const char *path, size_t len, uint32_t *entry);   /* 1 found, also entries that do not count now */

/* ---- answer.c, choices.c ---- */
/* Reads an answer: `*value` borrows from `text`, from the form or from iv->value. */
svy_status svyi_answer_read(svy_interview *iv, svy_place place, const char *text, size_t len, svy_value *value, svy_error *err);
svy_status svyi_codes_read(svy_interview *iv, svy_place place, const char *text, size_t len, int strict, svy_value *value, svy_error *err);
svy_status svyi_answer_put(svy_interview *iv, svy_place place, const svy_value *value, const char *reason, svy_error *err);
int svyi_offered(const svy_interview *iv, svy_place place, uint32_t choice);
int svyi_admitted(const svy_interview *iv, svy_place place, uint32_t choice);     /* whatever the date */
int svyi_offers_missing(const svy_interview *iv, uint32_t list, svy_missing missing);

/* ---- problems.c ---- */
/* 1 when check `check` fails in `entry`; `seen` and `last` may be NULL. */
int svyi_check_fails(const svy_interview *iv, uint32_t check, uint32_t entry, uint64_t *seen, svy_place *last);
/* 1 when a check of a question fails for an answer, whatever else is true: it read nothing else. */
int svyi_check_refuses(const svy_interview *iv, uint32_t check, svy_place place, const svy_value *answer);
int svyi_check_place_ok(const svy_interview *iv, uint32_t check, uint32_t entry);
int svyi_overridden(const svy_interview *iv, uint32_t check, uint32_t entry, uint64_t seen);
/* Remembers an override when the change is kept. 0, or -1 when out of memory. */
int svyi_override_add(svy_interview *iv, uint32_t check, uint32_t entry, uint64_t seen, const char *reason, size_t len);
/* Overrides the soft checks of a question that fail now. -1 out of memory, else how many. */
int svyi_override_own(svy_interview *iv, svy_place place, const char *reason);

/* ---- audit.c: what a replayed event does that answering would have refused; before the event acts. ---- */
void svyi_judge_odd(svy_interview *iv, uint64_t event, uint32_t item, const char *what);
/* 1 when the answer was read as answering would have: then `value` is it, and need not be read again. */
int svyi_judge_answer(svy_interview *iv, svy_place place, const svy_event *e, svy_value *value);
void svyi_judge_clear(svy_interview *iv, svy_place place, const svy_event *e);
void svyi_judge_order(svy_interview *iv, svy_place place, const svy_event *e);
void svyi_judge_complete(svy_interview *iv, const svy_event *e);
int svyi_order_is(svy_interview *iv, svy_place place, const char *codes, size_t len);   /* choices.c: 1 when the choices are shown in this order */

/* ---- out.c: writing into a buffer of the caller's, counting what is needed ---- */
typedef struct svyi_out { char *out; size_t size, len; } svyi_out;
void svyi_out_bytes(svyi_out *o, const void *bytes, size_t len);
void svyi_out_text(svyi_out *o, const char *text);
void svyi_out_u32(svyi_out *o, uint32_t x);
void svyi_out_u64(svyi_out *o, uint64_t x);
void svyi_out_value(svyi_out *o, const svy_value *value);      /* canonical text */
void svyi_out_json(svyi_out *o, const char *text, size_t len); /* quoted */
size_t svyi_out_end(svyi_out *o);                              /* puts the NUL; returns the length */

/* ---- interview.c, complete.c ---- */
/* What an action does, for live changes and replays alike: between svyi_change_begin and svyi_change_end. */
svy_status svyi_do_start(svy_interview *iv, uint64_t seed, uint32_t language, svy_error *err);
svy_status svyi_do_parameter(svy_interview *iv, uint32_t item, const char *text, size_t len, svy_error *err);
svy_status svyi_do_clear(svy_interview *iv, svy_place place, svy_error *err);
svy_status svyi_do_missing(svy_interview *iv, svy_place place, svy_missing missing, svy_error *err);
svy_status svyi_do_remark(svy_interview *iv, svy_place place, const char *text, size_t len, svy_error *err);
svy_status svyi_do_close(svy_interview *iv, svy_place place, svy_error *err);
svy_status svyi_do_complete(svy_interview *iv, svy_error *err);
void svyi_forget_overrides(svy_interview *iv);     /* those of answers that completing erased */
svy_status svyi_do_add(svy_interview *iv, svy_place roster, uint32_t *entry, svy_error *err);
svy_status svyi_do_remove(svy_interview *iv, uint32_t entry, svy_error *err);
svy_status svyi_do_language(svy_interview *iv, uint32_t language, svy_error *err);
int svyi_set_closed(svy_interview *iv, svy_place roster, int closed);
void svyi_start_text(uint64_t seed, const char *language, char *out, size_t size);
svy_status svyi_fresh(const svy_alloc *alloc, const svy_form *form, svy_interview **out, svy_error *err);

#endif
