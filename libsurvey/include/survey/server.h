/** The server: the web form, uploads, ODK's clients, sync and the pages of those who run a study, over HTTP/1.1 with or without TLS.
 *
 *  One thread talks to the network, a few prepare what came, one writes. A submission is acknowledged when it is on disk. */
#ifndef SURVEY_SERVER_H
#define SURVEY_SERVER_H
#include <survey/store.h>
SVY_BEGIN_DECLS

typedef struct svy_server svy_server;

typedef struct svy_server_options {
    unsigned size;
    const char *listen;           /**< "HOST:PORT", "[ADDRESS]:PORT", "PORT" (all addresses), or "unix:PATH"; port 0: a free one */
    const char *certificate;      /**< PEM file; "auto": a self-signed one is made and kept beside the study; NULL: no TLS */
    const char *key;              /**< PEM file of its key; NULL: in the file of the certificate */
    const char *form_folder;      /**< the files of the web form; NULL: there is none */
    int behind_proxy;             /**< X-Forwarded-For and -Proto are believed */
    unsigned connections;         /**< most at once; 0: 1,000 */
    unsigned connections_address; /**< most at once of one address; 0: 64, and no limit but `connections` for this machine itself */
    unsigned request_seconds;     /**< a whole request may take; 0: 30 */
    unsigned header_seconds;      /**< its first line and headers may take; 0: 10 */
    unsigned connection_seconds;  /**< a connection may live; 0: 900 */
    unsigned workers;             /**< threads that prepare; 0: as many as processors, at least 2 */
    void (*log)(void *user, const char *line);   /**< one line per request, without addresses of questions or answers; may be called by several threads; NULL: none */
    void *log_user;
} svy_server_options;
#define SVY_SERVER_OPTIONS_INIT { sizeof(svy_server_options), "8080", NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, NULL, NULL }

/** Starts serving the study at `path`, which it opens for writing and holds until svy_server_stop().
 *  @return SVY_OK; SVY_E_BUSY (somebody else writes), SVY_E_IO (the address is taken, a file cannot be read), SVY_E_VALUE (an option), or as svy_study_open(). */
SVY_API SVY_NODISCARD svy_status svy_server_start(const char *path, const svy_server_options *options, svy_server **out, svy_error *err);
/** Where it listens, as a browser wants it: index 0 is this machine's own, then one per address in the local network. NULL beyond. Owned by the server. */
SVY_API const char *svy_server_address(const svy_server *server, unsigned index);
/** 1 while it works; 0 after the disk failed to confirm a write: `why` (may be NULL) says what happened. Nothing is acknowledged any more: stop, and start again. */
SVY_API int svy_server_works(const svy_server *server, const char **why);
/** Waits until it no longer works or `milliseconds` have passed. @return as svy_server_works(). */
SVY_API int svy_server_wait(svy_server *server, int milliseconds);
/** Takes no more requests, finishes those that are under way, writes what is queued, closes the study. NULL allowed. */
SVY_API void svy_server_stop(svy_server *server);

/** A text as a QR code of UTF-8 half blocks for a terminal, two rows of modules a line, with a quiet zone; dark on light. Free with free().
 *  NULL when it does not fit or memory is short. */
SVY_API char *svy_server_qr(const char *text);
/** The settings of ODK Collect for somebody with a token of kind odk, as its QR codes hold them: `url` is the server's address ("https://host:8080"), `project` what
 *  Collect calls it. Free with free(); NULL when memory is short. The text holds the token: whoever has it comes in. */
SVY_API char *svy_server_collect_settings(const char *url, const char *token, const char *project);

SVY_END_DECLS
#endif
