/* SPDX-License-Identifier: Apache-2.0
 * One walk over the configuration both writes and reads, so that the two cannot disagree. */
#include "gateway/config_image.h"

#include "gateway/config_read.h"

#include <stdlib.h>
#include <string.h>

/* A field that is added to one of these is walked below, too. */
#if __SIZEOF_POINTER__ == 8
_Static_assert(sizeof(struct assay_config_channel) == 48, "walk_channel");
_Static_assert(sizeof(struct assay_config_instrument) == 128, "walk_instrument");
_Static_assert(sizeof(struct assay_config_line) == 104, "walk_line");
_Static_assert(sizeof(struct assay_config_control) == 16, "walk_control");
_Static_assert(sizeof(struct assay_config) == 272, "walk_config");
#endif

#define TEXT_NONE 0xffffffffu /* a text that is not there at all, unlike "" */
#define COUNT_MAX 1048576u /* of anything */

struct image {
	uint8_t *bytes; /* written so far */
	size_t length, room;
	const uint8_t *from; /* reading */
	size_t left;
	struct assay_config_store *store; /* reading: owns the copies; NULL: writing */
	struct assay_error *err;
	int status; /* of the first thing that failed; nothing is done after it */
};

static void no_memory(struct image *image)
{
	image->status =
		assay_error_set(image->err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
}

static void not_an_image(struct image *image)
{
	image->status = assay_error_set(image->err, ASSAY_EREFUSED, "config-image",
		"监督进程交来的配置不完整", "the configuration that the supervisor handed over is not whole");
}

static bool grow(struct image *image, size_t more)
{
	size_t room = image->room ? image->room : 4096;
	uint8_t *grown;

	while (room - image->length < more)
		room *= 2;
	grown = room <= ASSAY_CONFIG_IMAGE_MAX ? realloc(image->bytes, room) : NULL;
	if (!grown)
		return false;
	image->bytes = grown;
	image->room = room;
	return true;
}

static void number(struct image *image, void *field, size_t size)
{
	if (image->status != ASSAY_OK)
		return;
	if (image->store) {
		if (image->left < size) {
			not_an_image(image);
			return;
		}
		memcpy(field, image->from, size);
		image->from += size;
		image->left -= size;
	} else if (image->room - image->length >= size || grow(image, size)) {
		memcpy(image->bytes + image->length, field, size);
		image->length += size;
	} else {
		no_memory(image);
	}
}

static void flag(struct image *image, bool *field)
{
	uint8_t byte = *field;

	number(image, &byte, sizeof byte);
	*field = byte != 0;
}

static void text(struct image *image, const char **field)
{
	uint32_t length = !image->store && *field ? (uint32_t)strlen(*field) : TEXT_NONE;

	number(image, &length, sizeof length);
	if (image->status != ASSAY_OK || length == TEXT_NONE)
		return;
	if (!image->store) {
		number(image, (void *)(uintptr_t)*field, length + 1u);
		return;
	}
	if (image->left <= length || image->from[length] != '\0' ||
		strlen((const char *)image->from) != length) {
		not_an_image(image);
		return;
	}
	*field = assay_config_text(image->store, (const char *)image->from, image->err);
	image->from += length + 1u;
	image->left -= length + 1u;
	if (!*field)
		image->status = ASSAY_ENOMEM;
}

/* The rows themselves, to be walked; none after a failure. */
static void *rows(struct image *image, const void *there, void *array_out, size_t *count, size_t size)
{
	uint64_t wanted = *count;
	void *made;

	number(image, &wanted, sizeof wanted);
	if (image->status == ASSAY_OK && wanted > COUNT_MAX)
		not_an_image(image);
	if (!image->store)
		return image->status == ASSAY_OK ? (void *)(uintptr_t)there : NULL;
	*count = image->status == ASSAY_OK ? (size_t)wanted : 0;
	if (image->status != ASSAY_OK)
		return NULL;
	made = assay_config_keep(image->store, *count * size, image->err);
	if (!made) {
		image->status = ASSAY_ENOMEM;
		*count = 0;
	}
	memcpy(array_out, &made, sizeof made);
	return made;
}

static void texts(struct image *image, const char **const field[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		text(image, field[i]);
}
#define TEXTS(image, ...)                                                                                    \
	texts(image, (const char **const[]){__VA_ARGS__},                                                    \
		sizeof((const char **const[]){__VA_ARGS__}) / sizeof(const char **))
#define NUMBER(image, field) number(image, &(field), sizeof(field))

static void walk_channel(struct image *image, struct assay_config_channel *channel)
{
	TEXTS(image, &channel->name, &channel->name_zh, &channel->name_en, &channel->band_low,
		&channel->band_high, &channel->unit);
}

static void walk_setting(struct image *image, struct assay_setting *setting)
{
	TEXTS(image, &setting->group, &setting->name, &setting->value);
	NUMBER(image, setting->row);
}

static void walk_instrument(struct image *image, struct assay_config_instrument *to)
{
	struct assay_setting *settings;
	struct assay_config_channel *channels;

	TEXTS(image, &to->id, &to->name_zh, &to->name_en, &to->driver, &to->spec, &to->driver_sha256,
		&to->model, &to->serial, &to->calibrated_until, &to->location);
	NUMBER(image, to->every_ms);
	NUMBER(image, to->needed_ms);
	NUMBER(image, to->late_ms);
	settings = rows(image, to->settings, &to->settings, &to->setting_count, sizeof *settings);
	for (size_t i = 0; settings && i < to->setting_count && image->status == ASSAY_OK; i++)
		walk_setting(image, &settings[i]);
	channels = rows(image, to->channels, &to->channels, &to->channel_count, sizeof *channels);
	for (size_t i = 0; channels && i < to->channel_count && image->status == ASSAY_OK; i++)
		walk_channel(image, &channels[i]);
}

static void walk_line(struct image *image, struct assay_config_line *to)
{
	struct assay_config_instrument *instruments;

	TEXTS(image, &to->id, &to->name_zh, &to->name_en, &to->port, &to->host, &to->path);
	NUMBER(image, to->transport);
	NUMBER(image, to->baud);
	NUMBER(image, to->bits);
	NUMBER(image, to->stop);
	NUMBER(image, to->parity);
	NUMBER(image, to->flow);
	NUMBER(image, to->tcp_port);
	flag(image, &to->listens);
	NUMBER(image, to->settle_ms);
	NUMBER(image, to->gap_ms);
	NUMBER(image, to->dtr);
	NUMBER(image, to->rts);
	flag(image, &to->disabled);
	NUMBER(image, to->source_line);
	instruments =
		rows(image, to->instruments, &to->instruments, &to->instrument_count, sizeof *instruments);
	for (size_t i = 0; instruments && i < to->instrument_count && image->status == ASSAY_OK; i++)
		walk_instrument(image, &instruments[i]);
}

static void walk_config(struct image *image, struct assay_config *to)
{
	struct assay_config_line *lines;
	struct assay_config_control *controls;

	TEXTS(image, &to->path, &to->site, &to->origin, &to->name_zh, &to->name_en, &to->listen,
		&to->certificate, &to->key, &to->tell_mail, &to->tell_to, &to->tell_from, &to->tell_hook,
		&to->tell_hook_ca, &to->address, &to->contact, &to->check, &to->decision, &to->unverified);
	flag(image, &to->anonymous_read);
	NUMBER(image, to->second_factor);
	number(image, to->sha256, sizeof to->sha256);
	to->sha256[sizeof to->sha256 - 1] = '\0';
	lines = rows(image, to->lines, &to->lines, &to->line_count, sizeof *lines);
	for (size_t i = 0; lines && i < to->line_count && image->status == ASSAY_OK; i++)
		walk_line(image, &lines[i]);
	controls = rows(image, to->controls, &to->controls, &to->control_count, sizeof *controls);
	for (size_t i = 0; controls && i < to->control_count && image->status == ASSAY_OK; i++) {
		text(image, &controls[i].method);
		NUMBER(image, controls[i].within_hours);
		NUMBER(image, controls[i].within_results);
	}
}

int assay_config_image_write(
	const struct assay_config *config, void **bytes_out, size_t *length_out, struct assay_error *err)
{
	struct image image = {.err = err};

	walk_config(&image, (struct assay_config *)(uintptr_t)config); /* only read, when nothing is */
	if (image.status != ASSAY_OK) {
		free(image.bytes);
		return image.status;
	}
	*bytes_out = image.bytes;
	*length_out = image.length;
	return ASSAY_OK;
}

int assay_config_image_read(
	const void *bytes, size_t length, struct assay_config **out, struct assay_error *err)
{
	struct assay_config_store *store = calloc(1, sizeof *store);
	struct image image = {.from = bytes, .left = length, .store = store, .err = err};

	if (!store)
		return assay_error_set(err, ASSAY_ENOMEM, "out-of-memory", "内存不足", "out of memory");
	walk_config(&image, &store->config);
	if (image.status == ASSAY_OK && image.left > 0)
		not_an_image(&image);
	free(image.bytes); /* none: nothing is written here */
	free(store->same);
	store->same = NULL;
	store->same_places = store->same_count = 0;
	if (image.status != ASSAY_OK)
		assay_config_free(&store->config);
	else
		*out = &store->config;
	return image.status;
}
