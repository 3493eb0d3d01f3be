/* ODK's encrypted submissions, made readable with the private key of the form: the only file that talks to libcrypto. */
#include <limits.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/buffer.h"
#include "exchange/file.h"
#include "exchange/output.h"
#include "exchange/xml/xml.h"

enum { KEY = 32, BLOCK = 16, LONGEST_ID = 1000 };
static const size_t MOST_BYTES = (size_t)256 << 20;       /* of one file */

typedef struct job {
    const char *path, *folder, *media_folder;
    svyi_xml_file file;
    svyi_arena arena;
    EVP_PKEY *private_key;
    unsigned char key[KEY], seed[BLOCK];
    unsigned count;                       /* files decrypted so far */
    svyi_buffer signed_text;              /* what the signature is of */
    svyi_output media;
    svy_diags *diags;
    svy_error *err;
} job;

static svy_status wrong(job *j, const char *file, const char *advice, const char *found)
{
    const svyi_where where = { .source = j->path, .element = file };
    svyi_report(j->diags, SVY_PROBLEM, SVY_E_INVALID, &where, advice, "%s", found);
    return svyi_fail_at(j->err, SVY_E_INVALID, j->path, 0, 0, 0, "%s", found);
}

/* ---- the manifest ---- */

static const svyi_xml *child(const svyi_xml *x, const char *name)
{
    const svyi_xml *c = x != NULL ? x->first : NULL;
    while (c != NULL && (c->name == NULL || strcmp(c->name, name) != 0))
        c = c->next;
    return c;
}

/* The text of an element without blanks around it; "" when it is not there. */
static const char *text_in(job *j, const svyi_xml *x)
{
    const char *text = x != NULL && x->first != NULL && x->first->name == NULL ? x->first->text : "";
    size_t n;
    text += strspn(text, " \t\r\n");
    for (n = strlen(text); n > 0 && strchr(" \t\r\n", text[n - 1]) != NULL; n--)
        ;
    const char *copy = svyi_arena_text(&j->arena, text, n);
    return copy != NULL ? copy : "";
}

/* Lines of it may have been broken. @return bytes, 0 when it is no base64 */
static size_t from_base64(const char *text, unsigned char *out, size_t size)
{
    static const char LETTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint32_t bits = 0;
    unsigned have = 0;
    size_t n = 0;
    for (; *text != '\0' && *text != '='; text++) {
        const char *at = strchr(LETTERS, *text);
        if (strchr(" \t\r\n", *text) != NULL)
            continue;
        if (at == NULL)
            return 0;
        bits = bits << 6 | (uint32_t)(at - LETTERS);
        have += 6;
        if (have >= 8) {
            have -= 8;
            if (n == size)
                return 0;
            out[n++] = (unsigned char)(bits >> have);
        }
    }
    return n;
}

static int md5(const void *bytes, size_t len, unsigned char out[BLOCK])
{
    unsigned size = 0;
    return EVP_Digest(bytes, len, out, &size, EVP_md5(), NULL) == 1 && size == BLOCK;
}

static void sign_line(job *j, const char *text)
{
    svyi_buffer_text(&j->signed_text, text);
    svyi_buffer_add(&j->signed_text, "\n", 1);
}

/* ---- RSA ---- */

/* A key with a passphrase is refused: nobody is asked here. */
static int no_passphrase(char *out, int size, int writing, void *user)
{
    (void)out;
    (void)size;
    (void)writing;
    (void)user;
    return -1;
}

static svy_status read_key(job *j, const char *pem, size_t len)
{
    BIO *in = len <= INT_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
    j->private_key = in != NULL ? PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL) : NULL;
    BIO_free(in);
    ERR_clear_error();
    if (j->private_key == NULL || EVP_PKEY_get_base_id(j->private_key) != EVP_PKEY_RSA)
        return wrong(j, "", "give the RSA key in PEM format and without a passphrase, as openssl genpkey writes it", "the private key cannot be read");
    return SVY_OK;
}

/* RSA-OAEP with SHA-256. @return bytes written, 0 when the key does not fit */
static size_t unlock(job *j, const char *base64, unsigned char *out, size_t size)
{
    unsigned char locked[1024];
    const size_t n = from_base64(base64, locked, sizeof locked);
    size_t len = size;
    EVP_PKEY_CTX *ctx = n > 0 ? EVP_PKEY_CTX_new(j->private_key, NULL) : NULL;
    const int done = ctx != NULL && EVP_PKEY_decrypt_init(ctx) == 1 && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
                     EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_sha256()) == 1 &&
                     EVP_PKEY_get_size(j->private_key) <= (int)size && EVP_PKEY_decrypt(ctx, out, &len, locked, n) == 1;
    EVP_PKEY_CTX_free(ctx);
    ERR_clear_error();
    return done ? len : 0;
}

/* ---- AES ---- */

/* Every file has its own starting block: the n-th (from 0) adds one to byte n mod 16 of the last one. */
static svy_status open_file(job *j, const char *name, const unsigned char *bytes, size_t len, unsigned char **out, size_t *out_len)
{
    int made = 0;
    j->seed[j->count++ % BLOCK]++;
    *out = svyi_arena_get(&j->arena, len + 1);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (*out == NULL || ctx == NULL) {
        EVP_CIPHER_CTX_free(ctx);
        return svyi_nomem(j->err);
    }
    const int done = EVP_DecryptInit_ex(ctx, EVP_aes_256_cfb128(), NULL, j->key, j->seed) == 1 && EVP_DecryptUpdate(ctx, *out, &made, bytes, (int)len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    ERR_clear_error();
    const unsigned pad = done && made > 0 ? (*out)[made - 1] : 0;
    int whole = done && (size_t)made == len && len % BLOCK == 0 && pad >= 1 && pad <= BLOCK;
    for (unsigned i = 0; whole && i < pad; i++)
        whole = (*out)[len - 1 - i] == pad;
    if (!whole)
        return wrong(j, name, "fetch the submission again", "a file of the submission is damaged or cut off");
    *out_len = len - pad;
    (*out)[*out_len] = '\0';
    return SVY_OK;
}

static svy_status take_file(job *j, const char *name, unsigned char **bytes, size_t *len)
{
    const char *locked, *why, *path;
    unsigned char digest[BLOCK];
    char plain[256], line[BLOCK * 2 + 1];
    size_t n, name_len = strlen(name);
    if (name_len <= 4 || name_len >= sizeof plain || strcmp(name + name_len - 4, ".enc") != 0 || strchr(name, '/') != NULL || svyi_path_refuse(name) != NULL)
        return wrong(j, "", "fetch the submission again", "a file of the submission has a name that it cannot have");
    path = svyi_path_join(&j->arena, j->folder, name);
    svy_status st = path != NULL ? svyi_file_read(&j->arena, path, MOST_BYTES, 1, &locked, &n, &why) : SVY_E_NOMEM;
    if (st == SVY_E_NOMEM)
        return svyi_nomem(j->err);
    if (st != SVY_OK)
        return wrong(j, name, "put the files of the submission into one folder", st == SVY_E_LIMIT ? "a file of the submission is too large" : "a file of the submission is missing");
    st = open_file(j, name, (const unsigned char *)locked, n, bytes, len);
    if (st != SVY_OK)
        return st;
    if (!md5(*bytes, *len, digest))
        return svyi_nomem(j->err);
    for (size_t i = 0; i < BLOCK; i++) {
        line[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        line[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    line[BLOCK * 2] = '\0';
    memcpy(plain, name, name_len - 4);
    plain[name_len - 4] = '\0';
    svyi_buffer_text(&j->signed_text, plain);
    svyi_buffer_text(&j->signed_text, "::");
    sign_line(j, line);
    if (j->media_folder == NULL || strcmp(name, "submission.xml.enc") == 0)
        return SVY_OK;
    path = svyi_path_join(&j->arena, j->media_folder, plain);
    return path != NULL ? svyi_output_add(&j->media, path, (const char *)*bytes, *len, j->err) : svyi_nomem(j->err);
}

/* ---- the whole ---- */

static svy_status make_seed(job *j, const char *instance)
{
    unsigned char mixed[LONGEST_ID + KEY];
    const size_t n = strlen(instance);
    if (n == 0 || n > LONGEST_ID)
        return wrong(j, "", "fetch the submission again", "the submission has no instanceID");
    memcpy(mixed, instance, n);
    memcpy(mixed + n, j->key, KEY);
    const int done = md5(mixed, n + KEY, j->seed);
    OPENSSL_cleanse(mixed, sizeof mixed);
    return done ? SVY_OK : svyi_nomem(j->err);
}

static svy_status unlock_key(job *j, const svyi_xml *root)
{
    unsigned char opened[1024];
    const char *locked = text_in(j, child(root, "base64EncryptedKey")), *instance = text_in(j, child(child(root, "meta"), "instanceID"));
    const char *id = svyi_xml_get(root, "id"), *version = svyi_xml_get(root, "version");
    const size_t n = unlock(j, locked, opened, sizeof opened);
    if (n == KEY)
        memcpy(j->key, opened, KEY);
    OPENSSL_cleanse(opened, sizeof opened);
    if (n != KEY)
        return wrong(j, "", "give the private key that belongs to the public key of the form", "the private key does not open this submission");
    sign_line(j, id != NULL ? id : "");
    if (version != NULL)
        sign_line(j, version);
    sign_line(j, locked);
    sign_line(j, instance);
    return make_seed(j, instance);
}

static svy_status check_signature(job *j, const svyi_xml *root)
{
    unsigned char given[1024], digest[BLOCK];
    const size_t n = unlock(j, text_in(j, child(root, "base64EncryptedElementSignature")), given, sizeof given);
    if (j->signed_text.failed || !md5(j->signed_text.data, j->signed_text.len, digest))
        return svyi_nomem(j->err);
    if (n != BLOCK || CRYPTO_memcmp(given, digest, BLOCK) != 0)
        return wrong(j, "", "fetch it again, and do not use it as it is", "the submission was changed after it was encrypted: its signature does not fit");
    return SVY_OK;
}

static svy_status open_all(job *j, const svyi_xml *root, const svy_sink *xml)
{
    unsigned char *bytes = NULL;
    size_t len = 0;
    svy_status st = unlock_key(j, root);
    for (const svyi_xml *m = root->first; m != NULL && st == SVY_OK; m = m->next)
        for (const svyi_xml *f = m->name != NULL && strcmp(m->name, "media") == 0 ? m->first : NULL; f != NULL && st == SVY_OK; f = f->next)
            if (f->name != NULL && strcmp(f->name, "file") == 0)
                st = take_file(j, text_in(j, f), &bytes, &len);
    if (st == SVY_OK)
        st = take_file(j, text_in(j, child(root, "encryptedXmlFile")), &bytes, &len);
    if (st == SVY_OK)
        st = check_signature(j, root);
    if (st == SVY_OK && j->media.n > 0)
        st = svyi_output_write(&j->media, j->err);
    return st == SVY_OK ? xml->write(xml->user, (const char *)bytes, len) : st;
}

static void clear(job *j)
{
    EVP_PKEY_free(j->private_key);
    OPENSSL_cleanse(j->key, sizeof j->key);
    svyi_output_clear(&j->media);
    svyi_buffer_clear(&j->signed_text);
    svyi_xml_clear(&j->file);
    svyi_arena_clear(&j->arena);
}

svy_status svy_submission_decrypt(const svy_alloc *alloc, const char *path, const char *pem, size_t len, const char *media_folder, const svy_sink *xml,
                                  svy_diags *diags, svy_error *err)
{
    job j = { .path = path, .media_folder = media_folder, .diags = diags, .err = err };
    const char *bytes;
    size_t size;
    SVY_REQUIRE(path != NULL && pem != NULL && xml != NULL, err);
    svyi_arena_init(&j.arena, alloc);
    svyi_arena_init(&j.file.arena, alloc);
    svyi_buffer_init(&j.signed_text, alloc);
    svyi_output_init(&j.media, alloc);
    j.folder = svyi_path_folder(&j.arena, path);
    svy_status st = j.folder != NULL ? svyi_file_read_alone(&j.arena, path, "the submission", 16u << 20, &bytes, &size, err) : svyi_nomem(err);
    if (st == SVY_OK)
        st = svyi_xml_parse(&j.file, alloc, path, bytes, size, "", SVYI_XML_PLAIN, NULL, diags, err);
    if (st == SVY_OK && svyi_xml_get(j.file.root, "encrypted") == NULL)
        st = wrong(&j, "", "import it without a private key", "the submission is not encrypted");
    if (st == SVY_OK)
        st = read_key(&j, pem, len);
    if (st == SVY_OK)
        st = open_all(&j, j.file.root, xml);
    clear(&j);
    return st;
}
