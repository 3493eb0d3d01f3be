/* TLS: which versions and ciphers, the certificate, and one made for a local network. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "server/core.h"
#include "store/seal.h"

static const char PRIORITY[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-KX-ALL:+ECDHE-ECDSA:+ECDHE-RSA:-CIPHER-ALL:+CHACHA20-POLY1305:+AES-256-GCM:+AES-128-GCM";
enum { DAYS = 398, PEM = 16384 };

struct svyi_tls { gnutls_certificate_credentials_t credentials; gnutls_priority_t priority; gnutls_datum_t tickets; };

/* ---- a certificate for the local network ---- */

/* An authority that signs one certificate, and whose key is then forgotten: devices may trust it without trusting anything else. */
typedef struct maker { gnutls_x509_privkey_t authority_key, key; gnutls_x509_crt_t authority, certificate; } maker;

static int name_it(gnutls_x509_crt_t crt, gnutls_x509_privkey_t key, const char *name)
{
    unsigned char serial[16];
    const time_t now = time(NULL);

    svyi_random_bytes(serial, sizeof serial);
    serial[0] &= 0x7F;
    return gnutls_x509_crt_set_version(crt, 3) >= 0 && gnutls_x509_crt_set_serial(crt, serial, sizeof serial) >= 0 &&
           gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name)) >= 0 &&
           gnutls_x509_crt_set_activation_time(crt, now - 86400) >= 0 && gnutls_x509_crt_set_expiration_time(crt, now + DAYS * 86400L) >= 0 &&
           gnutls_x509_crt_set_key(crt, key) >= 0;
}

static int add_name(gnutls_x509_crt_t crt, const char *name)
{
    unsigned char bytes[16];

    if (inet_pton(AF_INET, name, bytes) == 1)
        return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, bytes, 4, GNUTLS_FSAN_APPEND) >= 0;
    if (inet_pton(AF_INET6, name, bytes) == 1)
        return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, bytes, 16, GNUTLS_FSAN_APPEND) >= 0;
    return gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_DNSNAME, name, (unsigned)strlen(name), GNUTLS_FSAN_APPEND) >= 0;
}

static int add_names(gnutls_x509_crt_t crt)
{
    char host[SVYI_ADDRESS] = "", text[SVYI_ADDRESS + 8];
    char names[SVYI_ADDRESSES][SVYI_ADDRESS];
    const unsigned n = svyi_addresses_own(names);
    int good = add_name(crt, "localhost") && add_name(crt, "127.0.0.1") && add_name(crt, "::1");

    for (unsigned i = 0; i < n && good; i++)
        good = add_name(crt, names[i]);
    if (good && gethostname(host, sizeof host - 1) == 0 && host[0] != '\0') {
        snprintf(text, sizeof text, "%s.local", host);
        good = add_name(crt, host) && add_name(crt, text);
    }
    return good;
}

static int make_authority(maker *m)
{
    return name_it(m->authority, m->authority_key, "survey, this local network only") && gnutls_x509_crt_set_basic_constraints(m->authority, 1, 0) >= 0 &&
           gnutls_x509_crt_set_key_usage(m->authority, GNUTLS_KEY_KEY_CERT_SIGN) >= 0 &&
           gnutls_x509_crt_sign2(m->authority, m->authority, m->authority_key, GNUTLS_DIG_SHA256, 0) >= 0;
}

static int make_certificate(maker *m)
{
    return gnutls_x509_privkey_generate2(m->authority_key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0, NULL, 0) >= 0 &&
           gnutls_x509_privkey_generate2(m->key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0, NULL, 0) >= 0 && make_authority(m) &&
           name_it(m->certificate, m->key, "survey") && add_names(m->certificate) && gnutls_x509_crt_set_basic_constraints(m->certificate, 0, -1) >= 0 &&
           gnutls_x509_crt_set_key_usage(m->certificate, GNUTLS_KEY_DIGITAL_SIGNATURE) >= 0 &&
           gnutls_x509_crt_set_key_purpose_oid(m->certificate, GNUTLS_KP_TLS_WWW_SERVER, 0) >= 0 &&
           gnutls_x509_crt_sign2(m->certificate, m->authority, m->authority_key, GNUTLS_DIG_SHA256, 0) >= 0;
}

/* Beside and renamed, so that there is never half of one. */
static int write_file(const char *path, mode_t mode, const char *bytes, size_t n)
{
    char beside[4300];
    int good = 0;

    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside)
        return 0;
    const int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return 0;
    good = write(fd, bytes, n) == (ssize_t)n && fsync(fd) == 0;
    close(fd);
    if (!good || rename(beside, path) != 0) {
        unlink(beside);
        return 0;
    }
    return 1;
}

static int write_made(maker *m, const char *certificate, const char *key)
{
    char text[PEM];
    size_t n = sizeof text, more;
    int good;

    if (gnutls_x509_privkey_export(m->key, GNUTLS_X509_FMT_PEM, text, &n) < 0)
        return 0;
    good = write_file(key, 0600, text, n);
    svyi_wipe(text, sizeof text);
    n = sizeof text;
    if (!good || gnutls_x509_crt_export(m->certificate, GNUTLS_X509_FMT_PEM, text, &n) < 0)
        return 0;
    more = sizeof text - n;
    return gnutls_x509_crt_export(m->authority, GNUTLS_X509_FMT_PEM, text + n, &more) >= 0 && write_file(certificate, 0644, text, n + more);
}

static svy_status make_files(const char *certificate, const char *key, svy_error *err)
{
    maker m = { 0 };

    const int good = gnutls_x509_privkey_init(&m.authority_key) >= 0 && gnutls_x509_privkey_init(&m.key) >= 0 && gnutls_x509_crt_init(&m.authority) >= 0 &&
                     gnutls_x509_crt_init(&m.certificate) >= 0 && make_certificate(&m) && write_made(&m, certificate, key);
    const int why = errno;
    if (m.authority_key != NULL)
        gnutls_x509_privkey_deinit(m.authority_key);
    if (m.key != NULL)
        gnutls_x509_privkey_deinit(m.key);
    if (m.authority != NULL)
        gnutls_x509_crt_deinit(m.authority);
    if (m.certificate != NULL)
        gnutls_x509_crt_deinit(m.certificate);
    return good ? SVY_OK : svyi_fail(err, SVY_E_IO, "no certificate could be written to '%.200s' (%s)", certificate, strerror(why));
}

/* A certificate that was made stays until it is about to end: devices were told to trust it. */
static int still_good(const char *certificate, const char *key)
{
    struct stat file, secret;

    return stat(certificate, &file) == 0 && stat(key, &secret) == 0 && file.st_mtime + (DAYS - 30) * 86400L > time(NULL);
}

/* ---- what connections use ---- */

static svy_status load(struct svyi_tls *t, const char *certificate, const char *key, svy_error *err)
{
    const int rc = gnutls_certificate_set_x509_key_file(t->credentials, certificate, key, GNUTLS_X509_FMT_PEM);

    if (rc >= 0)
        return SVY_OK;
    return svyi_fail(err, SVY_E_IO, "the certificate '%.120s' with the key '%.120s' cannot be used (%s): give PEM files that belong together", certificate, key,
                     gnutls_strerror(rc));
}

svy_status svyi_tls_new(const svy_server_options *o, const char *study, struct svyi_tls **out, svy_error *err)
{
    struct svyi_tls *t = svyi_get(NULL, sizeof *t);
    char certificate[4200], key[4200];
    svy_status st = SVY_OK;

    if (t == NULL)
        return svyi_nomem(err);
    memset(t, 0, sizeof *t);
    *out = t;
    snprintf(certificate, sizeof certificate, "%s", o->certificate);
    snprintf(key, sizeof key, "%s", o->key != NULL ? o->key : o->certificate);
    if (strcmp(o->certificate, "auto") == 0) {
        snprintf(certificate, sizeof certificate, "%s.certificate.pem", study);
        snprintf(key, sizeof key, "%s.key.pem", study);
        if (!still_good(certificate, key))
            st = make_files(certificate, key, err);
    }
    if (st == SVY_OK && (gnutls_certificate_allocate_credentials(&t->credentials) < 0 || gnutls_priority_init(&t->priority, PRIORITY, NULL) < 0 ||
                         gnutls_session_ticket_key_generate(&t->tickets) < 0))
        st = svyi_fail(err, SVY_E_IO, "TLS cannot be started");
    return st == SVY_OK ? load(t, certificate, key, err) : st;
}

void svyi_tls_free(struct svyi_tls *t)
{
    if (t == NULL)
        return;
    if (t->credentials != NULL)
        gnutls_certificate_free_credentials(t->credentials);
    if (t->priority != NULL)
        gnutls_priority_deinit(t->priority);
    if (t->tickets.data != NULL)
        gnutls_free(t->tickets.data);
    svyi_release(NULL, t, sizeof *t);
}

void *svyi_tls_session(struct svyi_tls *t, int fd)
{
    gnutls_session_t session = NULL;

    if (gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) < 0)
        return NULL;
    if (gnutls_priority_set(session, t->priority) < 0 || gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, t->credentials) < 0 ||
        gnutls_session_ticket_enable_server(session, &t->tickets) < 0) {
        gnutls_deinit(session);
        return NULL;
    }
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_IGNORE);
    gnutls_transport_set_int(session, fd);
    return session;
}
