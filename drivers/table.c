/* SPDX-License-Identifier: Apache-2.0
 * Result files that chromatographs, spectrometers and analysers write: delimited or fixed text with titles, described in
 * XML by the titles of the columns that matter. A frame is the whole file.
 *
 *   <column title="Sample Name" means="sample"/><column title="Conc." channel="benzoic" unit="mg/L"/>
 *   layout "delimited": fields between delimiters, quotes taken; "rule": columns end at the bars of a line of dashes
 *   (ChemStation: ----|-------|----|).   section: only below this heading in brackets (LabSolutions).
 *
 * UTF-8, UTF-16 with a mark at the start, Latin-1. A table ends at an empty line; the titles may come again. */
#include "drivers/table_cells.h"

#define COLUMNS_MAX 64u

enum means { MEANS_VALUE, MEANS_SAMPLE, MEANS_CHANNEL, MEANS_UNIT, MEANS_STATUS };

struct column {
	const char *title, *channel, *unit;
	enum means means;
};

struct assay_session {
	const struct assay_host *host;
	struct assay_setting *settings; /* copies; what follows points into them */
	int rule, latin1, title_rows;
	char delimiter;
	const char *section, *sample_key;
	uint32_t columns;
	struct column column[COLUMNS_MAX];
	struct text_tables tables;
};

/* Where the walk through a file stands. */
struct walk {
	const struct assay_session *session;
	const struct assay_sink *sink;
	struct cell cell[CELLS_MAX], above[CELLS_MAX]; /* this row, the row before it */
	uint32_t cells, above_cells;
	struct cell line[2]; /* the lines before a rule */
	size_t bar[CELLS_MAX];
	uint32_t bars;
	int place[COLUMNS_MAX]; /* cell of each column; -1 none */
	struct cell bracket[COLUMNS_MAX]; /* unit in brackets of a title */
	int in_table, in_section, seen_table;
	char sample[ASSAY_SAMPLE_MAX];
};

static void table_close(struct assay_session *session)
{
	if (!session)
		return;
	session->host->release(session->settings);
	session->host->release(session);
}

static int set_column(struct assay_session *session, const struct assay_setting *setting)
{
	static const char *const names[] = {"value", "sample", "channel", "unit", "status"};
	struct column *column;

	if (setting->row >= COLUMNS_MAX)
		return 0;
	if (setting->row >= session->columns)
		session->columns = setting->row + 1;
	column = &session->column[setting->row];
	if (strcmp(setting->name, "title") == 0)
		column->title = setting->value;
	else if (strcmp(setting->name, "channel") == 0)
		column->channel = setting->value;
	else if (strcmp(setting->name, "unit") == 0)
		column->unit = setting->value;
	for (unsigned i = 0; strcmp(setting->name, "means") == 0 && i < sizeof names / sizeof *names; i++)
		if (strcmp(setting->value, names[i]) == 0)
			column->means = (enum means)i;
	return strlen(setting->value) < 200;
}

static int apply(struct assay_session *session, const struct assay_setting *setting)
{
	const char *name = setting->name, *value = setting->value;
	int taken = tables_setting(&session->tables, setting);

	if (taken)
		return taken > 0;
	if (strcmp(setting->group, "column") == 0)
		return set_column(session, setting);
	if (strcmp(name, "layout") == 0)
		session->rule = strcmp(value, "rule") == 0;
	else if (strcmp(name, "charset") == 0)
		session->latin1 = strcmp(value, "latin1") == 0;
	else if (strcmp(name, "delimiter") == 0)
		session->delimiter = strcmp(value, "tab") == 0         ? '\t'
				     : strcmp(value, "semicolon") == 0 ? ';'
								       : ',';
	else if (strcmp(name, "decimal") == 0)
		session->tables.how |= strcmp(value, "comma") == 0 ? NUMBER_COMMA : 0;
	else if (strcmp(name, "exponent") == 0)
		session->tables.how |= strcmp(value, "yes") == 0 ? NUMBER_EXPONENT : 0;
	else if (strcmp(name, "title-rows") == 0)
		session->title_rows = (int)words_integer(value);
	else if (strcmp(name, "section") == 0)
		session->section = value;
	else if (strcmp(name, "sample-key") == 0)
		session->sample_key = value;
	return 1;
}

static int table_open(const struct assay_host *host, const struct assay_setting *settings, size_t count,
	struct assay_session **out, char *why, size_t why_size)
{
	struct assay_session *session = host->allocate(sizeof *session);

	if (session)
		session->host = host;
	if (!session || !(session->settings = words_settings_copy(host, settings, count))) {
		table_close(session);
		words_copy(why, why_size, "out of memory");
		return -1;
	}
	session->delimiter = ',';
	session->title_rows = 1;
	for (size_t i = 0; i < count; i++) {
		if (!apply(session, &session->settings[i])) {
			words_copy(why, why_size, settings[i].name);
			table_close(session);
			return -1;
		}
	}
	if (session->columns == 0) {
		words_copy(why, why_size, "no column: name the titles in the instrument's XML");
		table_close(session);
		return -1;
	}
	*out = session;
	return 0;
}

static int table_ask(
	const struct assay_session *session, uint32_t want, uint32_t turn, struct assay_request *out)
{
	(void)session;
	(void)want;
	(void)turn;
	memset(out, 0, sizeof *out);
	return 0;
}

/* The gap behind the last byte is the end of the file. */
static int table_cut(struct assay_session *session, const struct assay_window *window, struct assay_cut *out)
{
	(void)session;
	memset(out, 0, sizeof *out);
	if (window->event == ASSAY_EVENT_GAP)
		out->frame = window->length;
	else if (window->length >= ASSAY_FRAME_MAX) {
		out->skip = window->length;
		out->bad = ASSAY_REASON_TOO_LONG;
	}
	return 0;
}

/* The file as UTF-8; room for two bytes each. */
static int to_text(
	const struct assay_session *session, const uint8_t *bytes, size_t length, char *out, size_t *written)
{
	int done;

	*written = 0;
	if (length >= 2 && ((bytes[0] == 0xff && bytes[1] == 0xfe) || (bytes[0] == 0xfe && bytes[1] == 0xff)))
		return utf16(bytes + 2, length - 2, bytes[0] == 0xff, out, written);
	if (length >= 3 && bytes[0] == 0xef && bytes[1] == 0xbb && bytes[2] == 0xbf) {
		bytes += 3;
		length -= 3;
	}
	done = words_to_utf8(session->latin1 ? WORDS_LATIN1 : WORDS_UTF8, bytes, length, out, 2 * length + 3);
	if (done >= 0)
		*written = (size_t)done;
	return done >= 0 && (session->latin1 || words_is_utf8(out, *written));
}

/* Columns end at the bars; a character on a bar belongs to two columns, so to none. 0: the row does not fit. */
static uint32_t split_at_bars(const struct walk *walk, struct cell line, struct cell *cells)
{
	size_t start = 0;
	uint32_t count = 0;

	for (uint32_t i = 0; i < walk->bars; i++) {
		size_t end = walk->bar[i];

		if (end < line.length && line.text[end] != ' ')
			return 0;
		cells[count++] = trimmed(line.text + (start < line.length ? start : line.length),
			end < line.length     ? end - start
			: start < line.length ? line.length - start
					      : 0);
		start = end + 1;
	}
	cells[count++] = trimmed(line.text + (start < line.length ? start : line.length),
		start < line.length ? line.length - start : 0);
	return count;
}

/* "Amount [ng/ul]" is the title "Amount"; what stands in the brackets may be its unit. */
static int is_title(struct cell cell, const char *title, struct cell *bracket)
{
	size_t length = strlen(title);

	*bracket = (struct cell){"", 0};
	if (cell.length < length || memcmp(cell.text, title, length) != 0)
		return 0;
	if (cell.length == length)
		return 1;
	cell = trimmed(cell.text + length, cell.length - length);
	if (cell.length < 2 || *cell.text != '[' || cell.text[cell.length - 1] != ']')
		return 0;
	*bracket = (struct cell){cell.text + 1, cell.length - 2};
	return 1;
}

/* Upper and lower title joined by a blank, the upper one carried to the right over empty cells. */
static struct cell joined(const struct walk *walk, uint32_t index, char out[200])
{
	struct cell upper = {"", 0}, lower = index < walk->cells ? walk->cell[index] : upper;
	size_t length = 0;

	if (walk->session->title_rows < 2)
		return lower;
	for (uint32_t i = 0; i <= index && i < walk->above_cells; i++)
		if (walk->above[i].length && (!walk->session->rule || i == index))
			upper = walk->above[i];
	if (upper.length + lower.length + 2 > 200)
		return lower;
	memcpy(out, upper.text, upper.length);
	length = upper.length;
	if (length && lower.length)
		out[length++] = ' ';
	memcpy(out + length, lower.text, lower.length);
	return (struct cell){out, length + lower.length};
}

/* Is this the row of titles? All of them must be there. */
static int find_titles(struct walk *walk)
{
	const struct assay_session *session = walk->session;
	uint32_t most = walk->cells > walk->above_cells ? walk->cells : walk->above_cells;

	for (uint32_t i = 0; i < session->columns; i++) {
		walk->place[i] = -1;
		for (uint32_t j = 0; j < most && walk->place[i] < 0; j++) {
			char text[200];
			struct cell bracket;

			if (is_title(joined(walk, j, text), session->column[i].title, &bracket)) {
				walk->place[i] = (int)j;
				walk->bracket[i] = (struct cell){"", 0};
				/* the bracket must outlive the joined text: it stands in one of the rows */
				for (unsigned k = 0; bracket.length && k < 2; k++) {
					struct cell row =
						k ? (j < walk->cells ? walk->cell[j] : bracket)
						  : (j < walk->above_cells ? walk->above[j] : bracket);
					const char *open =
						row.length ? memchr(row.text, '[', row.length) : NULL;

					if (open &&
						(size_t)(row.text + row.length - open) >= bracket.length + 2)
						walk->bracket[i] = (struct cell){open + 1, bracket.length};
				}
			}
		}
		if (walk->place[i] < 0)
			return 0;
	}
	return 1;
}

static struct cell cell_of(const struct walk *walk, uint32_t column)
{
	int place = walk->place[column];

	return place >= 0 && (uint32_t)place < walk->cells ? walk->cell[place] : (struct cell){"", 0};
}

static struct cell meaning(const struct walk *walk, enum means means)
{
	for (uint32_t i = 0; i < walk->session->columns; i++)
		if (walk->session->column[i].means == means)
			return cell_of(walk, i);
	return (struct cell){"", 0};
}

static int tell_value(struct walk *walk, uint32_t index)
{
	const struct column *column = &walk->session->column[index];
	struct cell value = cell_of(walk, index), unit = meaning(walk, MEANS_UNIT),
		    status = meaning(walk, MEANS_STATUS);
	char channel[ASSAY_NAME_MAX], text[ASSAY_VALUE_MAX], unit_text[ASSAY_UNIT_MAX];
	struct assay_reading reading = {.size = sizeof reading, .channel = column->channel, .unit = ""};
	struct table_parts parts = {.value = value.text,
		.value_length = value.length,
		.unit = unit.length ? unit.text : walk->bracket[index].text,
		.unit_length = unit.length    ? unit.length
			       : column->unit ? 0
					      : walk->bracket[index].length,
		.status = status.text,
		.status_length = status.length,
		.fixed_unit = column->unit};

	if (value.length == 0)
		return 0;
	if (!column->channel) {
		if (!channel_name(meaning(walk, MEANS_CHANNEL), channel))
			return 0;
		reading.channel = channel;
	}
	tables_read(&walk->session->tables, parts, text, unit_text, &reading);
	if (walk->sample[0])
		reading.sample = walk->sample;
	return walk->sink->reading(walk->sink->context, &reading);
}

static void keep_sample(struct walk *walk, struct cell id)
{
	if (id.length == 0 || id.length >= sizeof walk->sample)
		return;
	memcpy(walk->sample, id.text, id.length);
	walk->sample[id.length] = '\0';
}

static int data_row(struct walk *walk)
{
	int status = 0;

	keep_sample(walk, meaning(walk, MEANS_SAMPLE));
	for (uint32_t i = 0; i < walk->session->columns && status == 0; i++)
		if (walk->session->column[i].means == MEANS_VALUE)
			status = tell_value(walk, i);
	return status;
}

/* "Sample Name: X" or "Sample ID<delimiter>X" anywhere before the table. */
static void look_for_sample(struct walk *walk, struct cell line)
{
	const char *key = walk->session->sample_key;
	size_t length = key ? strlen(key) : 0;

	if (!key || line.length <= length || memcmp(line.text, key, length) != 0)
		return;
	line = trimmed(line.text + length, line.length - length);
	if (line.length && (*line.text == ':' || *line.text == walk->session->delimiter))
		line = trimmed(line.text + 1, line.length - 1);
	if (line.length > 1 && *line.text == '"' && line.text[line.length - 1] == '"')
		line = (struct cell){line.text + 1, line.length - 2};
	walk->sample[0] = '\0';
	keep_sample(walk, line);
}

static int is_rule(struct cell line)
{
	size_t dashes = 0, bars = 0;

	for (size_t i = 0; i < line.length; i++) {
		dashes += line.text[i] == '-';
		bars += line.text[i] == '|';
	}
	return bars >= 2 && dashes + bars == line.length;
}

static void read_rule(struct walk *walk, struct cell rule)
{
	walk->bars = 0;
	for (size_t i = 0; i < rule.length && walk->bars < CELLS_MAX - 1; i++)
		if (rule.text[i] == '|')
			walk->bar[walk->bars++] = i;
	if (walk->bars && walk->bar[walk->bars - 1] == rule.length - 1)
		walk->bars--; /* the last column runs to the end of the line */
	walk->above_cells = split_at_bars(walk, walk->line[0], walk->above);
	walk->cells = split_at_bars(walk, walk->line[1], walk->cell);
	walk->in_table = walk->cells && find_titles(walk);
	walk->seen_table |= walk->in_table;
}

static int ruled_line(struct walk *walk, struct cell line)
{
	if (is_rule(line)) {
		read_rule(walk, line);
	} else if (walk->in_table) {
		walk->cells = split_at_bars(walk, line, walk->cell);
		if (trimmed(line.text, line.length).length == 0 ||
			memcmp(line.text, "Totals", line.length < 6 ? line.length : 6) == 0)
			walk->in_table = 0;
		else if (walk->cells == 0)
			return walk->sink->reason(
				walk->sink->context, ASSAY_REASON_BAD_FORMAT, "a row beside the columns");
		else
			return data_row(walk);
	}
	walk->line[0] = walk->line[1];
	walk->line[1] = line;
	return 0;
}

static int delimited_line(struct walk *walk, struct cell line)
{
	struct cell whole = trimmed(line.text, line.length);

	if (whole.length == 0 || (walk->session->section && *whole.text == '[')) {
		walk->in_table = 0;
		if (whole.length && walk->session->section)
			walk->in_section = words_same(whole.text, whole.length, walk->session->section);
		return 0;
	}
	memcpy(walk->above, walk->cell, sizeof walk->above);
	walk->above_cells = walk->cells;
	walk->cells = split(walk->session->delimiter, line, walk->cell);
	if (walk->in_table)
		return data_row(walk);
	if (walk->in_section && find_titles(walk))
		walk->in_table = walk->seen_table = 1;
	return 0;
}

static int walk_lines(struct walk *walk, const char *text, size_t length)
{
	size_t at = 0;
	int status = 0;

	while (at < length && status >= 0) {
		const char *end = memchr(text + at, '\n', length - at);
		struct cell line = {text + at, end ? (size_t)(end - text) - at : length - at};

		at += line.length + 1;
		while (line.length &&
			(line.text[line.length - 1] == '\r' || line.text[line.length - 1] == '\f'))
			line.length--;
		while (line.length && *line.text == '\f')
			line.text++, line.length--;
		if (!walk->in_table)
			look_for_sample(walk, line);
		status = walk->session->rule ? ruled_line(walk, line) : delimited_line(walk, line);
	}
	if (status >= 0 && !walk->seen_table)
		return walk->sink->reason(
			walk->sink->context, ASSAY_REASON_BAD_FORMAT, "no row with these titles");
	return status;
}

static int table_decode(
	struct assay_session *session, const struct assay_frame *frame, const struct assay_sink *sink)
{
	struct walk *walk = session->host->allocate(sizeof *walk);
	char *text = session->host->allocate(2 * frame->length + 16);
	size_t length = 0;
	int status = -1;

	if (walk && text) {
		walk->session = session;
		walk->sink = sink;
		walk->in_section = session->section == NULL;
		walk->line[0] = walk->line[1] = (struct cell){"", 0};
		status =
			to_text(session, frame->bytes, frame->length, text, &length)
				? walk_lines(walk, text, length)
				: sink->reason(sink->context, ASSAY_REASON_BAD_FORMAT, "the file is no text");
	}
	session->host->release(text);
	session->host->release(walk);
	return status;
}

static const struct assay_option options[] = {
	{.name = "layout",
		.kind = ASSAY_OPTION_CHOICE,
		.choices = "delimited rule",
		.fallback = "delimited",
		.help_zh = "分隔符文本，或按虚线分栏",
		.help_en = "delimited text, or columns under a rule of dashes"},
	{.name = "charset",
		.kind = ASSAY_OPTION_CHOICE,
		.choices = "utf8 latin1",
		.fallback = "utf8",
		.help_zh = "字符集（UTF-16 自动识别）",
		.help_en = "character set (UTF-16 is recognised)"},
	{.name = "delimiter",
		.kind = ASSAY_OPTION_CHOICE,
		.choices = "comma tab semicolon",
		.fallback = "comma",
		.help_zh = "分隔符",
		.help_en = "delimiter"},
	{.name = "decimal",
		.kind = ASSAY_OPTION_CHOICE,
		.choices = "point comma",
		.fallback = "point",
		.help_zh = "小数点",
		.help_en = "decimal mark"},
	{.name = "exponent",
		.kind = ASSAY_OPTION_CHOICE,
		.choices = "no yes",
		.fallback = "no",
		.help_zh = "接受指数写法",
		.help_en = "exponents are taken"},
	{.name = "title-rows",
		.kind = ASSAY_OPTION_INTEGER,
		.min = 1,
		.max = 2,
		.fallback = "1",
		.help_zh = "标题行数",
		.help_en = "rows of titles"},
	{.name = "section", .kind = ASSAY_OPTION_TEXT, .help_zh = "只读此节", .help_en = "only this section"},
	{.name = "sample-key",
		.kind = ASSAY_OPTION_TEXT,
		.help_zh = "样品编号所在行的开头",
		.help_en = "how the line with the sample begins"},
	{.group = "column",
		.name = "title",
		.kind = ASSAY_OPTION_TEXT,
		.required = 1,
		.help_zh = "列标题",
		.help_en = "title of the column"},
	{.group = "column",
		.name = "means",
		.kind = ASSAY_OPTION_CHOICE,
		.choices = "value sample channel unit status",
		.fallback = "value",
		.help_zh = "含义",
		.help_en = "what it means"},
	{.group = "column",
		.name = "channel",
		.kind = ASSAY_OPTION_TEXT,
		.help_zh = "通道",
		.help_en = "channel"},
	{.group = "column", .name = "unit", .kind = ASSAY_OPTION_TEXT, .help_zh = "单位", .help_en = "unit"},
	TEXT_TABLES_OPTIONS,
	{.name = NULL},
};
static const struct assay_channel channels[] = {{.name = NULL}};

ASSAY_DRIVER_EXPORT;
const struct assay_driver assay_driver = {ASSAY_DRIVER_HEAD, .link = ASSAY_LINK_STREAM, .name = "table",
	.version = "1.0", .summary_zh = "结果文件（表格文本）", .summary_en = "result files: tables as text",
	.options = options, .channels = channels, .open = table_open, .close = table_close, .ask = table_ask,
	.cut = table_cut, .decode = table_decode};
