/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/certificate.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MADE_FOR_S (10ll * 366 * 86400)

static int unreadable(struct assay_error *err, const char *path, const char *why)
{
	return assay_error_set(err, ASSAY_EREFUSED, "certificate-unusable",
		"%s：不能用作网页的证书或密钥（%s）",
		"%s: cannot be used as the pages' certificate or key (%s)", path, why);
}

static int read_pem(const char *path, bool secret, char out[ASSAY_PEM_MAX], struct assay_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), status = ASSAY_OK;
	struct stat about;
	ssize_t got = fd < 0 ? -1 : read(fd, out, ASSAY_PEM_MAX - 1);

	if (got < 0)
		status = unreadable(err, path, strerror(errno));
	else if (got == (ssize_t)ASSAY_PEM_MAX - 1)
		status = unreadable(err, path, "more than 64 KiB");
	else if (secret && (fstat(fd, &about) != 0 || (about.st_mode & 077) != 0))
		status = assay_error_set(err, ASSAY_EREFUSED, "key-exposed",
			"%s：别人也能读这个密钥；请 chmod 600", "%s: others can read this key; chmod 600 it",
			path);
	if (fd >= 0)
		(void)close(fd);
	if (status == ASSAY_OK)
		out[got] = '\0';
	return status;
}

static int write_pem(const char *path, const char *text, struct assay_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	size_t length = strlen(text);
	int status = ASSAY_OK;

	if (fd < 0 || write(fd, text, length) != (ssize_t)length || fsync(fd) != 0)
		status = assay_error_set(err, ASSAY_EIO, "directory-unusable", "%s 不能写入（%s）",
			"%s cannot be written (%s)", path, strerror(errno));
	if (fd >= 0 && close(fd) != 0 && status == ASSAY_OK)
		status = assay_error_set(err, ASSAY_EIO, "directory-unusable", "%s 不能写入（%s）",
			"%s cannot be written (%s)", path, strerror(errno));
	return status;
}

/* Names a browser may use: the address, this machine's name, localhost. */
static int add_names(gnutls_x509_crt_t made, const char *host)
{
	char name[256] = "";
	struct in_addr four;
	struct in6_addr six;
	int rc = gnutls_x509_crt_set_subject_alt_name(
		made, GNUTLS_SAN_DNSNAME, "localhost", 9, GNUTLS_FSAN_SET);

	if (rc >= 0 && gethostname(name, sizeof name - 1) == 0 && *name)
		rc = gnutls_x509_crt_set_subject_alt_name(
			made, GNUTLS_SAN_DNSNAME, name, (unsigned)strlen(name), GNUTLS_FSAN_APPEND);
	if (rc >= 0 && inet_pton(AF_INET, host, &four) == 1)
		rc = gnutls_x509_crt_set_subject_alt_name(
			made, GNUTLS_SAN_IPADDRESS, &four, sizeof four, GNUTLS_FSAN_APPEND);
	else if (rc >= 0 && inet_pton(AF_INET6, host, &six) == 1)
		rc = gnutls_x509_crt_set_subject_alt_name(
			made, GNUTLS_SAN_IPADDRESS, &six, sizeof six, GNUTLS_FSAN_APPEND);
	return rc;
}

static int sign_itself(gnutls_x509_crt_t made, gnutls_x509_privkey_t key, const char *host)
{
	unsigned char serial[16];
	time_t now = time(NULL);
	int rc = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof serial);

	serial[0] &= 0x7f; /* a positive number */
	if (rc >= 0)
		rc = gnutls_x509_crt_set_version(made, 3);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_serial(made, serial, sizeof serial);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_dn(made, "CN=assay", NULL);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_activation_time(made, now - 86400);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_expiration_time(made, now + MADE_FOR_S);
	if (rc >= 0)
		rc = add_names(made, host);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_key_usage(made, GNUTLS_KEY_DIGITAL_SIGNATURE);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_key_purpose_oid(made, GNUTLS_KP_TLS_WWW_SERVER, 0);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_key(made, key);
	if (rc >= 0)
		rc = gnutls_x509_crt_sign2(made, made, key, GNUTLS_DIG_SHA256, 0);
	return rc;
}

/* A new key and a certificate for it, as PEM into out. */
static int make(const char *host, struct assay_certificate *out, struct assay_error *err)
{
	size_t certificate_size = ASSAY_PEM_MAX - 1, key_size = ASSAY_PEM_MAX - 1;
	gnutls_x509_privkey_t key = NULL;
	gnutls_x509_crt_t made = NULL;
	int rc = gnutls_x509_privkey_init(&key);

	if (rc >= 0)
		rc = gnutls_x509_crt_init(&made);
	if (rc >= 0)
		rc = gnutls_x509_privkey_generate(
			key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if (rc >= 0)
		rc = sign_itself(made, key, host);
	if (rc >= 0)
		rc = gnutls_x509_privkey_export_pkcs8(
			key, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN, out->key, &key_size);
	if (rc >= 0)
		rc = gnutls_x509_crt_export(made, GNUTLS_X509_FMT_PEM, out->certificate, &certificate_size);
	if (made)
		gnutls_x509_crt_deinit(made);
	if (key)
		gnutls_x509_privkey_deinit(key);
	if (rc < 0)
		return assay_error_set(err, ASSAY_EIO, "certificate-unmade", "不能生成网页的证书（%s）",
			"the pages' certificate cannot be made (%s)", gnutls_strerror(rc));
	out->key[key_size] = '\0';
	out->certificate[certificate_size] = '\0';
	return ASSAY_OK;
}

/* Do they belong together, and is it time? The fingerprint is of the first certificate. */
static int check(const char *path, struct assay_certificate *certificate, struct assay_error *err)
{
	gnutls_datum_t pem = {(unsigned char *)certificate->certificate,
			       (unsigned)strlen(certificate->certificate)},
		       key = {(unsigned char *)certificate->key, (unsigned)strlen(certificate->key)};
	gnutls_certificate_credentials_t pair = NULL;
	gnutls_x509_crt_t *chain = NULL;
	unsigned count = 0;
	unsigned char digest[32];
	size_t size = sizeof digest;
	bool expired = false;
	int rc = gnutls_certificate_allocate_credentials(&pair);

	if (rc >= 0)
		rc = gnutls_certificate_set_x509_key_mem(pair, &pem, &key, GNUTLS_X509_FMT_PEM);
	if (rc >= 0)
		rc = gnutls_x509_crt_list_import2(&chain, &count, &pem, GNUTLS_X509_FMT_PEM, 0);
	if (rc >= 0) {
		expired = gnutls_x509_crt_get_expiration_time(chain[0]) < time(NULL);
		rc = gnutls_x509_crt_get_fingerprint(chain[0], GNUTLS_DIG_SHA256, digest, &size);
	}
	for (unsigned i = 0; i < count; i++)
		gnutls_x509_crt_deinit(chain[i]);
	gnutls_free(chain);
	if (pair)
		gnutls_certificate_free_credentials(pair);
	if (rc < 0)
		return unreadable(err, path, gnutls_strerror(rc));
	if (expired)
		return unreadable(err, path, "it has expired");
	for (size_t i = 0; i < size; i++)
		(void)snprintf(certificate->fingerprint + 3 * i, ASSAY_FINGERPRINT_MAX - 3 * i, "%02X%s",
			digest[i], i + 1 < size ? ":" : "");
	return ASSAY_OK;
}

static void place(const char *dir, const char *named, const char *usual, char out[1024])
{
	(void)snprintf(out, 1024, "%s%s%s", *named == '/' ? "" : dir, *named == '/' ? "" : "/",
		*named ? named : usual);
}

int assay_certificate_load(const char *dir, const struct assay_config *config, const char *host,
	struct assay_certificate **out, struct assay_error *err)
{
	struct assay_certificate *loaded = calloc(1, sizeof *loaded);
	char certificate[1024], key[1024];
	int status = ASSAY_OK;

	if (!loaded)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	place(dir, config->certificate, "keys/web-certificate.pem", certificate);
	place(dir, config->key, "keys/web-key.pem", key);
	if (!*config->certificate && access(certificate, F_OK) != 0) {
		(void)unlink(key); /* of a first start that did not come to its end */
		status = make(host, loaded, err);
		if (status == ASSAY_OK)
			status = write_pem(key, loaded->key, err);
		if (status == ASSAY_OK)
			status = write_pem(certificate, loaded->certificate, err);
	}
	if (status == ASSAY_OK)
		status = read_pem(certificate, false, loaded->certificate, err);
	if (status == ASSAY_OK)
		status = read_pem(key, true, loaded->key, err);
	if (status == ASSAY_OK)
		status = check(certificate, loaded, err);
	if (status == ASSAY_OK) {
		loaded->made = !*config->certificate;
		*out = loaded;
	} else {
		assay_certificate_free(loaded);
	}
	return status;
}

void assay_certificate_free(struct assay_certificate *certificate)
{
	if (certificate)
		explicit_bzero(certificate, sizeof *certificate);
	free(certificate);
}
