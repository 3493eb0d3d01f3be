/** Questionnaires from and to files: native XML (libxml2, RELAX NG), XLIFF 1.2 translations, outline and routing graph. */
#ifndef SURVEY_EXCHANGE_H
#define SURVEY_EXCHANGE_H
#include <survey/interview.h>
#include <survey/weighting.h>
SVY_BEGIN_DECLS

/** Limits on what comes from outside, checked by us before a library sees it. */
typedef struct svy_xml_limits {
    unsigned size;
    size_t bytes;            /**< of one file; 16 MiB */
    unsigned depth;          /**< 64 */
    unsigned nodes;          /**< 200,000 elements */
    size_t attribute;        /**< 64 KiB */
} svy_xml_limits;
#define SVY_XML_LIMITS_INIT { sizeof(svy_xml_limits), 16u << 20, 64, 200000, 64u << 10 }

/** Reads a questionnaire with the shared code lists it names and every translation beside them (LANG.xlf beside the questionnaire, NAME.LANG.xlf beside
 *  the list codelists/NAME.xml), validates it against the schema, compiles and checks it. All problems of all files go to `diags`.
 *  @param path the questionnaire's XML file. Shared lists are looked for relative to it; only files below its folder or a sibling folder are read.
 *  @param limits NULL for the defaults.
 *  @param err with SVY_E_INVALID the first problem; otherwise why nothing could be read, which is not in `diags`.
 *  @param block receives the compiled form (svy_block_free with the same allocator); NULL on failure.
 *  Threads may read at the same time. libxml2's error handler of this thread is ours meanwhile and then the caller's again; nothing global is set.
 *  @return SVY_OK (perhaps with warnings), SVY_E_INVALID (problems were reported), SVY_E_IO, SVY_E_LIMIT, SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_questionnaire_read(const svy_alloc *alloc, const char *path, const svy_xml_limits *limits, svy_diags *diags,
                                                        void **block, size_t *size, svy_error *err);
/** Sees a file that was read; path and bytes are borrowed for the call. */
typedef struct svy_watch {
    void (*seen)(void *user, const char *path, const void *bytes, size_t len);
    void *user;
    void (*medium)(void *user, const char *name, const void *bytes, size_t len);   /**< a picture, sound or film that the form shows, by its name without a folder; NULL: they are not read */
} svy_watch;
/** The same, and `watch` sees every file that is used, the questionnaire first, then the media it shows: for who keeps them together. Media that are not there
 *  are one warning, here as in svy_questionnaire_read(). */
SVY_API SVY_NODISCARD svy_status svy_questionnaire_read_watched(const svy_alloc *alloc, const char *path, const svy_xml_limits *limits, const svy_watch *watch,
                                                                svy_diags *diags, void **block, size_t *size, svy_error *err);
/** The same from memory.
 *  @param path the folder where shared lists and translations are looked for; NULL: none are read. */
SVY_API SVY_NODISCARD svy_status svy_questionnaire_read_memory(const svy_alloc *alloc, const char *xml, size_t len, const char *path,
                                                               const svy_xml_limits *limits, svy_diags *diags, void **block, size_t *size, svy_error *err);

/* ---- other formats ------------------------------------------------------------------------------------------------------- */

/** Kinds of files that hold a questionnaire. svy_questionnaire_read() takes all of them. */
typedef enum svy_format {
    SVY_FORMAT_UNKNOWN = 0, SVY_FORMAT_NATIVE = 1, SVY_FORMAT_XFORM = 2, SVY_FORMAT_XLSFORM = 3, SVY_FORMAT_LSS = 4, SVY_FORMAT_QUEXML = 5,
    SVY_FORMAT_XLIFF = 6       /**< only written: the translations of a native questionnaire into the language of the file's name, with every text */
} svy_format;
/** By the first bytes of its content, then by the file name. */
SVY_API svy_format svy_format_of(const char *path, const void *bytes, size_t len);
SVY_API svy_format svy_format_find(const char *name);           /**< "native", "xform", "xlsform", "lss", "quexml"; else SVY_FORMAT_UNKNOWN */

typedef struct svy_convert_options {
    unsigned size;
    svy_format from, to;       /**< SVY_FORMAT_UNKNOWN: by content, and by the name of the output (.xlsx is XLSForm; .xml native, or XForm when the input is native) */
    svy_compat compat;         /**< written into a native questionnaire */
    const svy_xml_limits *limits;
} svy_convert_options;
#define SVY_CONVERT_OPTIONS_INIT { sizeof(svy_convert_options), SVY_FORMAT_UNKNOWN, SVY_FORMAT_UNKNOWN, SVY_COMPAT_STRICT, NULL }
/** Converts a questionnaire file. Translations go to LANG.xlf beside a native output. Everything that has no meaning in the other format is told as a
 *  note, what the other side will not enforce as a warning. Files are written beside and renamed: all or none.
 *  @return SVY_OK, SVY_E_INVALID (problems were reported), SVY_E_ARG (no way from one to the other), SVY_E_IO, SVY_E_LIMIT, SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_convert(const svy_alloc *alloc, const char *in, const char *out, const svy_convert_options *options,
                                             svy_diags *diags, svy_error *err);

/** Reads a submission (ODK's XML) into an interview that was just started: adds entries, puts every value. Nodes that the form does not have are problems.
 *  @return SVY_OK, SVY_E_INVALID (problems were reported), SVY_E_LIMIT, SVY_E_NOMEM, the journal's. */
SVY_API SVY_NODISCARD svy_status svy_submission_read(svy_interview *iv, const char *xml, size_t len, const char *source, svy_moment now,
                                                     const svy_xml_limits *limits, svy_diags *diags, svy_error *err);

/** Receives a text in pieces. Returns SVY_OK, or an error that the writer passes on. */
typedef struct svy_sink { svy_status (*write)(void *user, const char *bytes, size_t len); void *user; } svy_sink;

/** What a submission says of itself. A text of more than 255 bytes is refused. */
typedef struct svy_submission_head {
    char form[256], version[256];     /**< `id` and `version` of its root; "" when there is none */
    char instance[256];               /**< instanceID; "" when there is none */
    char replaces[256];               /**< deprecatedID: the instance that it is an edit of; "" */
    int encrypted;                    /**< 1: only the key of the form opens it */
} svy_submission_head;
/** @return SVY_OK, SVY_E_INVALID (not well-formed, a DOCTYPE, ...: `err` says it with its line), SVY_E_LIMIT, SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_submission_about(const char *xml, size_t len, const char *source, const svy_xml_limits *limits, svy_submission_head *head,
                                                      svy_error *err);
/** The uuid of the interview that an instance becomes: its own when it is one ("uuid:..."), otherwise one made of the text; `out` has 37 bytes. */
SVY_API void svy_submission_uuid(const char *instance, char *out);

/** A file that came with a submission. */
typedef struct svy_submission_file { const char *name, *media_type; uint64_t size; uint8_t sha256[32]; } svy_submission_file;
typedef struct svy_submission_options {
    unsigned size;
    const char *uuid;                                        /**< of the interview */
    const char *corrects, *reason;                           /**< uuid of the interview that it corrects and why; "" */
    const char *actor, *organisation, *device, *agent;       /**< who sent it and with what; "" when unknown */
    svy_moment now;                                          /**< when it was received */
    const char *const *parameters; size_t n_parameters;      /**< values in force: id, value, ... (n pairs) */
    const char *audit; size_t audit_size;                    /**< audit.csv of ODK Collect; NULL: none */
    const svy_submission_file *files; size_t n_files;
    const svy_xml_limits *limits;
} svy_submission_options;
#define SVY_SUBMISSION_OPTIONS_INIT { sizeof(svy_submission_options), "", "", "", "", "", "", "", { 0, 0, 0 }, NULL, 0, NULL, 0, NULL, 0, NULL }
/** A submission as a package (docs/formats/package.md) of a complete interview, mode odk. Soft checks that fail are overridden with "as it was collected".
 *  The same submission and options give the same bytes.
 *  With the log of ODK Collect the events have its times and order, and what was shown is among them; without it everything happened when it was received.
 *  @return SVY_OK, SVY_E_INVALID (problems were reported: nodes that the form does not have, values it cannot have, checks that fail), SVY_E_LIMIT, SVY_E_NOMEM,
 *          what `to` returned. */
SVY_API SVY_NODISCARD svy_status svy_submission_package(const svy_alloc *alloc, const svy_form *form, const char *xml, size_t len, const char *source,
                                                        const svy_submission_options *options, const svy_sink *to, svy_diags *diags, svy_error *err);

/** Reads one XLIFF file into a builder. Exposed for the fuzzer and for translators' tools. */
SVY_API SVY_NODISCARD svy_status svy_xliff_read_memory(svy_builder *b, const char *xml, size_t len, const char *source, const svy_xml_limits *limits,
                                                       svy_diags *diags, svy_error *err);

/** Opens a submission that an ODK client encrypted: RSA-OAEP (SHA-256) for the key, AES-256-CFB for the files, the signature checked.
 *  @param path the submission's XML that names the encrypted files, which lie beside it
 *  @param pem the private key of the form as text (PEM, without passphrase)
 *  @param media_folder where photos and other files are written to, all or none; NULL: nowhere
 *  @param xml receives the submission's XML
 *  @return SVY_OK, SVY_E_INVALID (reported: another key, a damaged or missing file, a signature that does not fit), SVY_E_IO, SVY_E_LIMIT, SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_submission_decrypt(const svy_alloc *alloc, const char *path, const char *pem, size_t len, const char *media_folder,
                                                        const svy_sink *xml, svy_diags *diags, svy_error *err);

/** The questionnaire as indented text: sections, questions with type, choices, routing, checks. */
SVY_API SVY_NODISCARD svy_status svy_form_outline(const svy_form *f, uint32_t lang, const svy_sink *sink, svy_error *err);
/** The same as JSON: id, version, languages, title, items in order (id, element, parent, type, label, expressions, checks), lists with their choices. */
SVY_API SVY_NODISCARD svy_status svy_form_outline_json(const svy_form *f, uint32_t lang, const svy_sink *sink, svy_error *err);
/** The routing graph in Graphviz's language: items in order, edges that skip labelled with their condition. */
SVY_API SVY_NODISCARD svy_status svy_form_routing_dot(const svy_form *f, uint32_t lang, const svy_sink *sink, svy_error *err);

/** A sampling design as it stands in a file (docs/formats/design.md): options by their long names, in the order of the file. */
typedef struct svy_design_file svy_design_file;
typedef struct svy_design_item { const char *name, *value; int line; } svy_design_item;     /**< value "yes" for an empty element */
/** Reads a design. What the names mean is for who uses them. All problems go to `diags` with their lines.
 *  @param err with SVY_E_INVALID the first problem.
 *  @return SVY_OK, SVY_E_INVALID (problems were reported), SVY_E_IO, SVY_E_LIMIT, SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_design_file_read(const svy_alloc *alloc, const char *path, const svy_xml_limits *limits, svy_diags *diags,
                                                      svy_design_file **out, svy_error *err);
/** The same from memory. @param source name for messages. */
SVY_API SVY_NODISCARD svy_status svy_design_file_read_memory(const svy_alloc *alloc, const char *xml, size_t len, const char *source,
                                                             const svy_xml_limits *limits, svy_diags *diags, svy_design_file **out, svy_error *err);
SVY_API size_t svy_design_file_count(const svy_design_file *f);
SVY_API const svy_design_item *svy_design_file_item(const svy_design_file *f, size_t index);
/** Releases `f`. NULL is allowed. */
SVY_API void svy_design_file_free(svy_design_file *f);

/** A study as it is planned (docs/formats/study-plan.md): its questionnaires and their parameters. */
typedef struct svy_study_plan svy_study_plan;
typedef struct svy_planned_parameter { const char *id, *value; int line; } svy_planned_parameter;
typedef struct svy_planned_questionnaire {
    const char *path;          /**< from where the plan was read: its source, joined to the folder of the plan */
    int line;
    const svy_planned_parameter *parameters; size_t count;
} svy_planned_questionnaire;
/** Reads a plan. The questionnaires themselves are not read. All problems go to `diags` with their lines.
 *  @param err with SVY_E_INVALID the first problem.
 *  @return SVY_OK, SVY_E_INVALID (problems were reported), SVY_E_IO, SVY_E_LIMIT, SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_study_plan_read(const svy_alloc *alloc, const char *path, const svy_xml_limits *limits, svy_diags *diags,
                                                     svy_study_plan **out, svy_error *err);
/** The same from memory. @param path for messages, and whose folder the sources are relative to; NULL: to the present one. */
SVY_API SVY_NODISCARD svy_status svy_study_plan_read_memory(const svy_alloc *alloc, const char *xml, size_t len, const char *path,
                                                            const svy_xml_limits *limits, svy_diags *diags, svy_study_plan **out, svy_error *err);
SVY_API const char *svy_study_plan_title(const svy_study_plan *plan);                       /**< "" when there is none */
SVY_API size_t svy_study_plan_count(const svy_study_plan *plan);                            /**< questionnaires, at least one */
SVY_API const svy_planned_questionnaire *svy_study_plan_questionnaire(const svy_study_plan *plan, size_t index);
/** Releases `plan`. NULL is allowed. */
SVY_API void svy_study_plan_free(svy_study_plan *plan);

/** A weighting plan as it stands in a file; owns all that the plan's steps refer to. */
typedef struct svy_weighting_file svy_weighting_file;
/** Reads a weighting plan (docs/formats/weighting-plan.md). All problems go to `diags` with their lines.
 *  @param err with SVY_E_INVALID the first problem.
 *  @return SVY_OK, SVY_E_INVALID (problems were reported), SVY_E_IO, SVY_E_LIMIT, SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_weighting_file_read(const svy_alloc *alloc, const char *path, const svy_xml_limits *limits, svy_diags *diags,
                                                         svy_weighting_file **out, svy_error *err);
/** The same from memory. @param path for messages, and where margins in files are looked for; NULL: there may be none. */
SVY_API SVY_NODISCARD svy_status svy_weighting_file_read_memory(const svy_alloc *alloc, const char *xml, size_t len, const char *path,
                                                                const svy_xml_limits *limits, svy_diags *diags, svy_weighting_file **out, svy_error *err);
/** The plan; lives as long as `f`. A margin that stands in a file has that path as its source and neither variables nor lines: read it (a CSV file whose
 *  last column is the count, or with the columns variable,total) and put what it has in its place. */
SVY_API const svy_weighting_plan *svy_weighting_file_plan(const svy_weighting_file *f);
/** Releases `f`. NULL is allowed. */
SVY_API void svy_weighting_file_free(svy_weighting_file *f);

SVY_END_DECLS
#endif
