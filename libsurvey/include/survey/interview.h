/** The interview engine: answers, routing, checks, rosters, navigation and the journal. Written once for every way of answering.
 *
 *  A place is a question in a roster entry. Answers given are facts; everything else (who is asked what, computed values, which entries a
 *  roster has) follows from them by rules and is kept up to date incrementally: an answer re-evaluates only what depends on it.
 *  Every change is an event of the journal; replaying a journal on the same form gives the same state, byte for byte.
 *  No clock inside: every change brings its own time; today() and now() are those of the last event, in its time zone.
 *
 *  - Asked, or routed away: an item is asked when its own `relevant` and that of everything around it holds, its roster entries count, and no
 *    early end comes before it. The first early end in the order of the interview holds; it routes away questions, notes, rosters and later
 *    entries of the rosters it stands in. Computes are not asked: they stay, with what is left to compute from.
 *  - An answer given stays when it is routed away or its entry does not count: nothing sees it, and it comes back with the route.
 *  - A change either happens as a whole or not at all: after any error, also of memory or of the journal, the state is what it was.
 *  - Entries: `count` rosters have as many as their expression says (none when it has no value), `for` rosters one for each code chosen, in that
 *    order, open ones those added. At most 10,000 in one roster, 100,000 entries and 4,000,000 answers in one interview (SVY_E_LIMIT).
 *  - A key (SVY_T_KEY) is kept as it was given; hashing it is for who stores the interview.
 *  - In a form with ODK's expressions every value is a text in ODK's lexical form; what is calculated, preloaded or set by an action counts as a
 *    proposal (svy_interview_is_preset) until it is answered. A chosen code that is not offered any more reads as blank and comes back when it is.
 *    Differences between clients go by the form's `compat`: docs/formats/xform.md.
 *  An interview belongs to one thread at a time. */
#ifndef SURVEY_INTERVIEW_H
#define SURVEY_INTERVIEW_H
#include <survey/questionnaire.h>
SVY_BEGIN_DECLS

/** When something happened, as the device knew it. */
typedef struct svy_moment {
    int64_t utc_ms;        /**< wall clock, milliseconds since 1970-01-01 UTC */
    int32_t zone_minutes;  /**< local time = UTC + zone */
    int64_t mono_ms;       /**< monotonic clock, for durations */
} svy_moment;

/** A question (or note, roster, end) in a roster entry. `entry` is 0 outside rosters. */
typedef struct svy_place { uint32_t item, entry; } svy_place;

/** What happened. Values are stored in files: append only. */
typedef enum svy_action {
    SVY_DID_START = 1,     /**< value: "seed=N lang=TAG" (ODK: and a line "name=value" for each property), then one "parameter" event for each
                                overridden parameter */
    SVY_DID_PARAMETER = 2, /**< item: parameter id; value */
    SVY_DID_ANSWER = 3,    /**< item, entry; value or missing; reason when a soft check was overridden */
    SVY_DID_CLEAR = 4,     /**< the answer was taken back */
    SVY_DID_ADD = 5,       /**< item: roster; entry: the new entry of an open roster */
    SVY_DID_REMOVE = 6,    /**< entry removed from an open roster (kept aside) */
    SVY_DID_REMARK = 7,    /**< a remark on a question; value */
    SVY_DID_LANGUAGE = 8,  /**< value: tag */
    SVY_DID_GO = 9,        /**< a place was shown */
    SVY_DID_OVERRIDE = 10, /**< a soft check that fails because of a later answer was overridden: value = check number in the form, reason */
    SVY_DID_SUSPEND = 11, SVY_DID_RESUME = 12,
    SVY_DID_COMPLETE = 13, /**< value: outcome code, "" for an ordinary end */
    SVY_DID_ORDER = 14,    /**< choices were shown in this order: value = codes */
    SVY_DID_CLOSE_ROSTER = 15 /**< "there is no other" was said of an open roster */
} svy_action;

/** One event. Items are named by id so that a journal outlives form versions. Strings are borrowed for the call. */
typedef struct svy_event {
    uint64_t sequence;     /**< from 1, no gaps */
    svy_moment moment;
    svy_action action;
    const char *item;      /**< id, "" when none */
    const char *entry;     /**< "member:2/job:1" (roster id and key of the entry, outermost first), "" outside rosters */
    const char *value;     /**< canonical text (svy_value_format) */
    uint32_t value_len;
    svy_missing missing;   /**< of an answer; SVY_PRESENT when there is a value */
    const char *reason;    /**< why a soft check was overridden, "" when none */
} svy_event;

/** Receives every event before it takes effect. When it fails nothing has changed, and the change returns that status. */
typedef struct svy_journal { svy_status (*write)(void *user, const svy_event *event, svy_error *err); void *user; } svy_journal;

typedef enum svy_phase { SVY_OPEN = 0, SVY_SUSPENDED = 1, SVY_COMPLETE = 2 } svy_phase;

typedef struct svy_interview svy_interview;

typedef struct svy_interview_options {
    unsigned size;
    uint64_t seed;                 /**< of random order and random(); choose it from a real source of randomness */
    const char *language;          /**< tag; NULL: the source language */
    const char *const *parameters; size_t n_parameters;   /**< overrides: id, value, id, value, ... (n pairs) */
    svy_journal journal;           /**< write NULL: no journal */
    int tolerant;                  /**< 1: an answer that fails a hard check, and one that is no offered choice, is kept and is a problem (svy_interview_next_problem) instead of being
                                        refused, as ODK clients do; a text that cannot be read as the type clears the answer */
    const char *const *properties; size_t n_properties;   /**< ODK: "deviceid", value, "username", value, ... (n pairs) */
} svy_interview_options;
#define SVY_INTERVIEW_OPTIONS_INIT { sizeof(svy_interview_options), 0, NULL, NULL, 0, { NULL, NULL }, 0, NULL, 0 }

/** Starts an interview: writes the start events.
 *  @param form borrowed; must outlive the interview.
 *  @return SVY_OK, SVY_E_NAME (no such parameter or language), SVY_E_VALUE (of a parameter), SVY_E_ARG (`now` is not in the years 1 to 9999),
 *          SVY_E_LIMIT (roster entries), SVY_E_NOMEM, or what the journal returned. */
SVY_API SVY_NODISCARD svy_status svy_interview_new(const svy_alloc *alloc, const svy_form *form, const svy_interview_options *options,
                                                   svy_moment now, svy_interview **out, svy_error *err);
SVY_API void svy_interview_free(svy_interview *iv);

/** Rebuilding from a journal: an interview without events, then each event in order (nothing is written to the journal), then continue.
 *  An event that does not fit the form or the state is SVY_E_FORMAT and changes nothing. `journal` (NULL: none) is for what comes after.
 *  Events are not checked again against hard checks: they were when they were made. */
SVY_API SVY_NODISCARD svy_status svy_interview_replay_begin(const svy_alloc *alloc, const svy_form *form, const svy_journal *journal,
                                                            svy_interview **out, svy_error *err);
SVY_API SVY_NODISCARD svy_status svy_interview_replay(svy_interview *iv, const svy_event *event, svy_error *err);
/** For a journal that comes from outside: call it before the first event (svy_package_replay() does). Replaying then notes what answering would have refused:
 *  an answer that was not offered at that moment or is not in canonical form, one to what is read only, computed or (in forms from the ODK world) not asked,
 *  don't-know where an answer is required, a text of an other-specify choice that is too long, another order of choices than the seed gives, and completing
 *  with problems. It also bounds what all events together may cost: SVY_E_LIMIT beyond some seconds of work. */
SVY_API void svy_interview_audit_begin(svy_interview *iv);
/** After the events: SVY_OK, or SVY_E_INVALID with the first thing that was noted. Not for submissions of ODK clients and imports (modes SVY_MODE_ODK and
 *  SVY_MODE_IMPORT), where values are put anywhere (svy_interview_put()). What it does not judge, because no engine could: clocks, parameters (compare
 *  the answers at the parameters' places with those deployed), whether an interview should exist at all. */
SVY_API SVY_NODISCARD svy_status svy_interview_audit(const svy_interview *iv, svy_error *err);

/* ---- answering ----------------------------------------------------------------------------------------------------------- */

/** Why an answer was not taken: the check that failed. */
typedef struct svy_verdict {
    uint32_t check;        /**< number in the form's check table; UINT32_MAX when it was no check (form of the value, not relevant, read only) */
    uint32_t soft;         /**< 1: give the same answer again with a reason */
} svy_verdict;

/** Gives an answer as text (svy_value_parse of the question's type). For choices: codes; for multiple: codes separated by blanks or commas.
 *  Multiple answers are kept in list order, each code once. An exclusive choice together with others is refused: a form that lets people toggle
 *  choices clears the others itself. A choice with `missing` records that. Unknown, filtered out or no longer valid codes are refused, and empty
 *  texts (clear the answer instead). A text of an other-specify choice has at most 80 characters, any answer 64 KiB.
 *  The question's own checks see the answer and everything that follows from it; when one fails nothing has changed. Hard ones come first.
 *  @param reason "" or why soft checks that fail are overridden; kept with the answer.
 *  @param verdict may be NULL.
 *  @return SVY_OK; SVY_E_VALUE (not a legal answer; err says what is expected); SVY_E_INVALID (a check fails; `verdict` tells which, err holds its sentence);
 *          SVY_E_STATE (not relevant, read only, computed, suspended, or the interview has ended); SVY_E_LIMIT (too many roster entries would follow);
 *          SVY_E_ARG (no such place); the journal's status; SVY_E_NOMEM.
 *  Cost: what depends on the answer, not the size of the form: microseconds; rules across the entries of a roster cost one look at each. */
SVY_API SVY_NODISCARD svy_status svy_interview_answer(svy_interview *iv, svy_place place, const char *text, size_t len, const char *reason,
                                                      svy_moment now, svy_verdict *verdict, svy_error *err);
/** Records SVY_DONT_KNOW, SVY_REFUSED (not for required questions, unless a choice says so: SVY_E_STATE) or SVY_NOT_STATED. */
SVY_API SVY_NODISCARD svy_status svy_interview_missing(svy_interview *iv, svy_place place, svy_missing missing, svy_moment now, svy_error *err);
SVY_API SVY_NODISCARD svy_status svy_interview_clear(svy_interview *iv, svy_place place, svy_moment now, svy_error *err);
SVY_API SVY_NODISCARD svy_status svy_interview_remark(svy_interview *iv, svy_place place, const char *text, size_t len, svy_moment now, svy_error *err);
/** Overrides a soft check that another answer made fail. `check` and `entry` as in svy_problem. SVY_E_STATE when it does not fail,
 *  SVY_E_VALUE when `reason` is empty, longer than 64 KiB or not UTF-8. */
SVY_API SVY_NODISCARD svy_status svy_interview_override(svy_interview *iv, uint32_t check, uint32_t entry, const char *reason, svy_moment now, svy_error *err);

/** Open rosters: one more entry (its number in `entry`; a closed roster is open again), no more entries (SVY_E_STATE below `min`), and taking
 *  one out (its answers are kept aside; its key is not given again). SVY_E_STATE for other rosters, and when there are `max` entries. */
SVY_API SVY_NODISCARD svy_status svy_interview_add_entry(svy_interview *iv, svy_place roster, svy_moment now, uint32_t *entry, svy_error *err);
SVY_API SVY_NODISCARD svy_status svy_interview_close_roster(svy_interview *iv, svy_place roster, svy_moment now, svy_error *err);
SVY_API SVY_NODISCARD svy_status svy_interview_remove_entry(svy_interview *iv, uint32_t entry, svy_moment now, svy_error *err);

/** Goes on in another language of the form; SVY_E_NAME when it is not in that one. */
SVY_API SVY_NODISCARD svy_status svy_interview_language(svy_interview *iv, const char *tag, svy_moment now, svy_error *err);
/** Records that a place is shown: svy_interview_current() tells it, after a replay too. SVY_E_ARG when there is no such place. */
SVY_API SVY_NODISCARD svy_status svy_interview_go(svy_interview *iv, svy_place place, svy_moment now, svy_error *err);
/** A suspended interview can only be resumed or read. SVY_E_STATE when it is not open, or for resuming not suspended. */
SVY_API SVY_NODISCARD svy_status svy_interview_suspend(svy_interview *iv, svy_moment now, svy_error *err);
SVY_API SVY_NODISCARD svy_status svy_interview_resume(svy_interview *iv, svy_moment now, svy_error *err);
/** Ends the interview. SVY_E_INVALID when svy_interview_next_problem still finds something. Answers that were never asked become not-asked, relevant
 *  questions left blank not-stated; after an early end with `keep`, answers outside the kept sections are erased. */
SVY_API SVY_NODISCARD svy_status svy_interview_complete(svy_interview *iv, svy_moment now, svy_error *err);

/* ---- reading the state --------------------------------------------------------------------------------------------------- */

SVY_API const svy_form *svy_interview_form(const svy_interview *iv);
SVY_API svy_phase svy_interview_phase(const svy_interview *iv);
/** The early end that holds now (an item), 0 when none; and its outcome code, "" when none. */
SVY_API uint32_t svy_interview_end(const svy_interview *iv);
SVY_API const char *svy_interview_outcome(const svy_interview *iv);
SVY_API uint32_t svy_interview_current_language(const svy_interview *iv);
SVY_API uint64_t svy_interview_sequence(const svy_interview *iv);    /**< of the last event */
SVY_API svy_place svy_interview_current(const svy_interview *iv);    /**< last place shown, {0,0} at the start */
SVY_API uint64_t svy_interview_seed(const svy_interview *iv);

/** The value at a place as expressions see it: not-asked when it is routed away, not-reached when it was not answered yet. Text is borrowed until the next change. */
SVY_API svy_value svy_interview_get(const svy_interview *iv, svy_place place);
/** The same as the item's type. Forms with ODK's expressions hold texts ("5.0", "10:30:00.000+02:00"): svy_interview_get() tells those, this
 *  the number, the date, the time of day without its offset; not-stated for a text (of a submission) that is no such thing. */
SVY_API svy_value svy_interview_typed(const svy_interview *iv, svy_place place);
SVY_API int svy_interview_relevant(const svy_interview *iv, svy_place place);
SVY_API int svy_interview_required(const svy_interview *iv, svy_place place);
/** 1 when the value is only proposed by the question's `default`. A proposal follows its expression until the question is answered or
 *  cleared; it counts as an answer for expressions and for completing. Read-only questions with a default are always like that. */
SVY_API int svy_interview_is_preset(const svy_interview *iv, svy_place place);
SVY_API const char *svy_interview_get_remark(const svy_interview *iv, svy_place place);      /**< "" when none */
SVY_API const char *svy_interview_get_reason(const svy_interview *iv, svy_place place);      /**< override reason, "" when none */

/** Entries of a roster inside `entry`, in order: the one after `after` (0: the first), 0 at the end. Only entries that count now. */
SVY_API uint32_t svy_interview_next_entry(const svy_interview *iv, uint32_t roster, uint32_t entry, uint32_t after);
SVY_API uint32_t svy_interview_entry_position(const svy_interview *iv, uint32_t entry);      /**< from 1 */
SVY_API uint32_t svy_interview_entry_count(const svy_interview *iv, uint32_t roster, uint32_t entry);
SVY_API int svy_interview_roster_closed(const svy_interview *iv, svy_place roster);          /**< open roster: "there is no other" was said */
SVY_API uint32_t svy_interview_entry_roster(const svy_interview *iv, uint32_t entry);
SVY_API uint32_t svy_interview_entry_parent(const svy_interview *iv, uint32_t entry);
SVY_API const char *svy_interview_entry_key(const svy_interview *iv, uint32_t entry);        /**< "2", or the chosen code of a `for` roster */
SVY_API size_t svy_interview_entry_path(const svy_interview *iv, uint32_t entry, char *out, size_t size);   /**< "member:2/job:1" */
SVY_API int svy_interview_find_entry(const svy_interview *iv, const char *path, uint32_t *entry);          /**< 1 found */

/** Choices offered now (filters and validity applied), in the order shown: the seed decides random orders. Stores at most `size`; returns how many there are. */
SVY_API uint32_t svy_interview_choices(svy_interview *iv, svy_place place, uint32_t *choices, uint32_t size);
/** Every choice offered at a place, in the order shown, whatever it comes from (a list, an instance, entries of a roster). Borrowed for the call. */
typedef struct svy_offered {
    uint32_t number;                 /**< in the item's list; UINT32_MAX when it has none */
    const char *code, *label;
    const char *text;                /**< id of the text (svy_form_itext()) that is its label; NULL: it has a label of its own */
} svy_offered;
typedef struct svy_offer { void (*choice)(void *user, const svy_offered *choice); void *user; } svy_offer;
SVY_API SVY_NODISCARD svy_status svy_interview_offer(svy_interview *iv, svy_place place, const svy_offer *to, svy_error *err);
/** A text in the current language with its fills replaced (by "…" those of questions without an answer), values isolated from text of another direction (U+2068 U+2069) when `isolate`.
 *  @return bytes needed without the NUL. */
SVY_API size_t svy_interview_text(svy_interview *iv, svy_place place, svy_role role, int isolate, char *out, size_t size);
SVY_API size_t svy_interview_check_text(svy_interview *iv, uint32_t check, uint32_t entry, char *out, size_t size);

/* ---- forms from the ODK world ---------------------------------------------------------------------------------------------- */

SVY_API int svy_interview_readonly(const svy_interview *iv, svy_place place);
/** 1 when the constraint holds (or the answer is blank or not relevant). */
SVY_API int svy_interview_constraint_holds(const svy_interview *iv, svy_place place);
/** Puts a value into any leaf (computed ones too) as it was collected elsewhere, without checks: for reading submissions. What depends on it is worked
 *  out, but it stays until a rule's own inputs change. Written to the journal as an answer. */
SVY_API SVY_NODISCARD svy_status svy_interview_put(svy_interview *iv, svy_place place, const char *text, size_t len, svy_moment now, svy_error *err);
/** The record as ODK clients submit it: XML made from the form's record (for forms of our own language: from the items, ids as names). Relevant nodes only.
 *  @return bytes needed without the NUL; writes at most `size`. */
SVY_API size_t svy_interview_submission(svy_interview *iv, char *out, size_t size);

/* ---- going through it ---------------------------------------------------------------------------------------------------- */

/** The next (direction 1) or previous (-1) place that is shown: a relevant question (also a read-only one), note, open roster or the early end that
 *  holds, behind which nothing comes. An open roster ("is there another?") comes behind its entries. From {roster, one of its entries} forward: the
 *  first place in that entry (the way on after svy_interview_add_entry). From {0,0} forward: the first. Returns {0,0} at either end. */
SVY_API svy_place svy_interview_step(const svy_interview *iv, svy_place from, int direction);
/** The first place from `from` on (which counts) that is shown and lacks an answer: a question that was not answered (a proposal is no answer),
 *  an open roster that was not closed. {0,0} when none. */
SVY_API svy_place svy_interview_next_unanswered(const svy_interview *iv, svy_place from);
/** Where it stands: places shown so far and in all, as things are now. */
SVY_API void svy_interview_progress(const svy_interview *iv, svy_place at, uint32_t *position, uint32_t *total);

#define SVY_PROBLEM_REQUIRED UINT32_MAX              /**< a required answer (or entry of an open roster with `min`) is missing */
#define SVY_PROBLEM_NOT_OFFERED (UINT32_MAX - 1)     /**< a chosen code is not offered any more, because another answer changed */
typedef struct svy_problem {
    svy_place place;       /**< where to mend it: of a check across questions, the last question asked that it reads */
    uint32_t check;        /**< number of a check in the form, or one of the above */
    uint32_t soft;
    uint32_t entry;        /**< in which the check runs: for svy_interview_override and svy_interview_check_text */
} svy_problem;
/** What stands in the way of completing: required answers missing, hard checks that fail, soft ones not overridden. Start with *cursor = 0; 0 at the end.
 *  A check of a question is evaluated when the question has a value, one of a section, roster or the questionnaire whenever that is asked
 *  (for a roster: in each of its entries), but not when an early end cut it short. An override holds as long as every answer that
 *  the check reads stays as it was. The interview must not change while a cursor is in use. */
SVY_API int svy_interview_next_problem(svy_interview *iv, uint64_t *cursor, svy_problem *problem);
/** The same for one place alone, a question or an open roster: whether it is lacking, not offered any more, and its own checks. Start with *k = 0; 0 at the end
 *  and where nothing is asked. Cost: that of its checks. */
SVY_API int svy_interview_place_problem(svy_interview *iv, svy_place place, uint32_t *k, svy_problem *problem);

/* ---- the whole state ----------------------------------------------------------------------------------------------------- */

/** The state as canonical bytes: equal states, equal bytes, natively and in WebAssembly. Everything is in it: answers (those kept aside too),
 *  what follows from them, entries, overrides, remarks, language, phase, place, seed, time and number of the last event. For comparing; the
 *  journal is what is stored. @return bytes needed; writes at most `size`. */
SVY_API size_t svy_interview_state(const svy_interview *iv, void *out, size_t size);
/** The answers as canonical JSON, UTF-8 without blanks or line ends: what a submission holds.
 *
 *      {"form":ID,"version":V,"language":TAG,"outcome":CODE,"answers":{...},"rosters":{...}}
 *      answers: ID:{"value":TEXT} or ID:{"missing":NAME}, for every question (grid rows and other-specify texts too) and compute of this level, in
 *               document order, asked or not. TEXT is the canonical text of svy_value_format, also for numbers, so it reads back to the same
 *               value; several codes have single blanks between. NAME as in svy_missing_name: "not-asked" when routed away.
 *               Behind it, where there are: ,"preset":true (a proposal nobody confirmed) ,"reason":TEXT ,"remark":TEXT
 *      rosters: ID:[{"key":TEXT,"answers":{...},"rosters":{...}},...] for every roster of this level, the entries that count, in order.
 *
 *  @param sensitive 0: only ordinary answers, 1: only sensitive ones (the frame around them is the same).
 *  @return bytes needed without the NUL; writes at most `size`. */
SVY_API size_t svy_interview_json(const svy_interview *iv, int sensitive, char *out, size_t size);

/* ---- batch --------------------------------------------------------------------------------------------------------------- */

/** Fills in a whole interview from named cells, in routing order, by the same rules: for import and simulation.
 *  Cells are asked for by name: "age", in rosters "m_age[2]" (nested "j_start[2,1]"), where 2 is the key of the entry: its number, in a `for` roster
 *  the code; the missing code by "age_missing" ("dont-know", "refused", "not-stated"; in rosters "m_age_missing[2]"). Open rosters get as many
 *  entries as have cells. Cells that are no question's (computes, other columns) are left alone.
 *  Every problem (a value that is not legal, a failing hard check, a required answer missing, a cell for a question that is not asked) goes to `diags` with
 *  the cell's name as element; soft checks that fail are overridden with `soft_reason` (NULL: a problem). Ends by completing the interview if there was no problem.
 *  @return SVY_OK when it was completed, SVY_E_INVALID when problems were reported (the interview holds what could be taken), SVY_E_NOMEM, the journal's. */
typedef struct svy_cells {
    /** 1 and the text of a cell (len 0: blank), 0 when there is no such cell. */
    int (*get)(void *user, const char *name, const char **text, size_t *len);
    /** Name of the i-th cell, NULL at the end: to find cells that no question asked for. */
    const char *(*name)(void *user, size_t i);
    void *user;
} svy_cells;
SVY_API SVY_NODISCARD svy_status svy_interview_fill(svy_interview *iv, const svy_cells *cells, const char *soft_reason, svy_moment now,
                                                    const char *source, int line, svy_diags *diags, svy_error *err);

/** Answers everything that has no answer yet at random but validly (seeded): what simulation and tests use. Refusals and don't-knows with probability
 *  `missing_share`. Candidates come from the type, the choices, and what the checks of the question mention (numbers, answers, patterns).
 *  @return SVY_OK when the interview was completed, SVY_E_STATE with a sentence naming the question when it met a dead end. */
SVY_API SVY_NODISCARD svy_status svy_interview_randomize(svy_interview *iv, uint64_t seed, double missing_share, svy_moment now, svy_error *err);

SVY_END_DECLS
#endif
