/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/wire/plugin_symbols.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>

/* Arithmetic on memory and text, what the compiler puts in, and PCRE2 matching; nothing that reaches outside. */
static const char *const allowed[] = {"memcpy", "memmove", "memset", "memcmp", "memchr", "strlen", "strnlen",
	"strcmp", "strncmp", "strchr", "strspn", "strcspn", "__memcpy_chk", "__memmove_chk", "__memset_chk",
	"__stack_chk_fail", "__cxa_finalize", "__gmon_start__", "_ITM_deregisterTMCloneTable",
	"_ITM_registerTMCloneTable", "pcre2_compile_8", "pcre2_code_free_8", "pcre2_match_8",
	"pcre2_match_data_create_8", "pcre2_match_data_create_from_pattern_8", "pcre2_match_data_free_8",
	"pcre2_get_ovector_pointer_8", "pcre2_get_error_message_8", "pcre2_substring_number_from_name_8",
	"pcre2_general_context_create_8", "pcre2_general_context_free_8", "pcre2_compile_context_create_8",
	"pcre2_compile_context_free_8", "pcre2_match_context_create_8", "pcre2_match_context_free_8",
	"pcre2_set_match_limit_8", "pcre2_set_depth_limit_8", "pcre2_set_heap_limit_8",
	"pcre2_set_compile_recursion_guard_8", "pcre2_set_max_pattern_length_8"};

/* Instrumented builds (sanitizers, coverage) bring their own; a plain build allows none of these. */
static const char *const instrumented[] = {
#ifdef ASSAY_INSTRUMENTED
	"__asan_", "__ubsan_", "__tsan_", "__sanitizer_", "__gcov_", "llvm_gcov_", "__llvm_",
	"__start___sancov_", "__stop___sancov_", "__sancov_", "_Unwind_", "__odr_asan", "__tls_get_addr",
	"__gcc_personality", "asan.", "sancov.",
#endif
	NULL};

static const char *const needed_libraries[] = {"libc.so.6", "libpcre2-8.so.0", "ld-linux"
#ifdef ASSAY_INSTRUMENTED
	,
	"libasan", "libubsan", "libtsan", "libm.so", "libgcc_s"
#endif
};

struct view {
	const uint8_t *bytes;
	size_t length;
	const char *path;
};

static bool part(const struct view *view, uint64_t at, uint64_t size)
{
	return at <= view->length && size <= view->length - at;
}

static bool starts_with_any(const char *name, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count && list[i]; i++)
		if (strncmp(name, list[i], strlen(list[i])) == 0)
			return true;
	return false;
}

static bool is_allowed(const char *name)
{
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
		if (strcmp(name, allowed[i]) == 0)
			return true;
	return starts_with_any(name, instrumented, sizeof instrumented / sizeof *instrumented);
}

static int broken(const struct view *view, struct assay_error *err)
{
	return assay_error_set(err, ASSAY_EREFUSED, "driver-refused",
		"驱动 %s 不能使用：不是完整的共享目标文件",
		"driver %s cannot be used: it is no complete shared object", view->path);
}

static int section(const struct view *view, const Elf64_Ehdr *head, unsigned index, Elf64_Shdr *out)
{
	uint64_t at = head->e_shoff + (uint64_t)index * sizeof *out;

	if (index >= head->e_shnum || !part(view, at, sizeof *out))
		return -1;
	memcpy(out, view->bytes + at, sizeof *out);
	return out->sh_type != SHT_NOBITS && !part(view, out->sh_offset, out->sh_size) ? -1 : 0;
}

/* The NUL-terminated name at offset in a string table, or NULL. */
static const char *name_at(const struct view *view, const Elf64_Shdr *strings, uint64_t offset)
{
	const char *name;

	if (offset >= strings->sh_size)
		return NULL;
	name = (const char *)view->bytes + strings->sh_offset + offset;
	if (!memchr(name, '\0', strings->sh_size - offset))
		return NULL;
	return name;
}

static int one_symbol(const struct view *view, const Elf64_Sym *symbol, const char *name,
	size_t *descriptor_size, struct assay_error *err)
{
	if (symbol->st_shndx == SHN_UNDEF) {
#ifdef ASSAY_COVERAGE
		return ASSAY_OK; /* the counters' writer is linked into each plugin */
#endif
		if (is_allowed(name))
			return ASSAY_OK;
		return assay_error_set(err, ASSAY_EREFUSED, "driver-refused",
			"驱动 %s 不能使用：它要调用 %s，驱动只许运算",
			"driver %s cannot be used: it calls %s, a driver may only compute", view->path, name);
	}
	if (ELF64_ST_BIND(symbol->st_info) == STB_LOCAL ||
		ELF64_ST_VISIBILITY(symbol->st_other) == STV_HIDDEN)
		return ASSAY_OK;
	if (strcmp(name, "assay_driver") == 0) {
		*descriptor_size = symbol->st_size;
		return ASSAY_OK;
	}
	if (starts_with_any(name, instrumented, sizeof instrumented / sizeof *instrumented))
		return ASSAY_OK;
	return assay_error_set(err, ASSAY_EREFUSED, "driver-refused",
		"驱动 %s 不能使用：除 assay_driver 外还导出了 %s",
		"driver %s cannot be used: besides assay_driver it exports %s", view->path, name);
}

static int check_symbols(const struct view *view, const Elf64_Ehdr *head, const Elf64_Shdr *table,
	size_t *descriptor_size, struct assay_error *err)
{
	Elf64_Shdr strings;

	if (section(view, head, table->sh_link, &strings) != 0 || table->sh_entsize != sizeof(Elf64_Sym))
		return broken(view, err);
	for (uint64_t i = 1; i < table->sh_size / sizeof(Elf64_Sym); i++) {
		Elf64_Sym symbol;
		const char *name;
		int status;

		memcpy(&symbol, view->bytes + table->sh_offset + i * sizeof symbol, sizeof symbol);
		name = name_at(view, &strings, symbol.st_name);
		if (!name)
			return broken(view, err);
		status = one_symbol(view, &symbol, name, descriptor_size, err);
		if (status != ASSAY_OK)
			return status;
	}
	return ASSAY_OK;
}

static int check_libraries(
	const struct view *view, const Elf64_Ehdr *head, const Elf64_Shdr *table, struct assay_error *err)
{
	Elf64_Shdr strings;

	if (section(view, head, table->sh_link, &strings) != 0)
		return broken(view, err);
	for (uint64_t i = 0; i < table->sh_size / sizeof(Elf64_Dyn); i++) {
		Elf64_Dyn entry;
		const char *name;

		memcpy(&entry, view->bytes + table->sh_offset + i * sizeof entry, sizeof entry);
		if (entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag != DT_NEEDED)
			continue;
		name = name_at(view, &strings, entry.d_un.d_val);
		if (!name)
			return broken(view, err);
		if (!starts_with_any(
			    name, needed_libraries, sizeof needed_libraries / sizeof *needed_libraries))
			return assay_error_set(err, ASSAY_EREFUSED, "driver-refused",
				"驱动 %s 不能使用：它要用程序库 %s",
				"driver %s cannot be used: it needs the library %s", view->path, name);
	}
	return ASSAY_OK;
}

int assay_plugin_symbols_check(const char *path, const uint8_t *file, size_t length, size_t *descriptor_size,
	struct assay_error *err)
{
	const struct view view = {file, length, path};
	size_t size = 0;
	Elf64_Ehdr head;
	int status = ASSAY_OK;

	if (length < sizeof head)
		return broken(&view, err);
	memcpy(&head, file, sizeof head);
	if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_ident[EI_CLASS] != ELFCLASS64 ||
		head.e_type != ET_DYN || head.e_shentsize != sizeof(Elf64_Shdr) || head.e_shnum == 0)
		return broken(&view, err);
	for (unsigned i = 0; i < head.e_shnum && status == ASSAY_OK; i++) {
		Elf64_Shdr table;

		if (section(&view, &head, i, &table) != 0)
			return broken(&view, err);
		if (table.sh_type == SHT_DYNSYM)
			status = check_symbols(&view, &head, &table, &size, err);
		else if (table.sh_type == SHT_DYNAMIC)
			status = check_libraries(&view, &head, &table, err);
	}
	if (status != ASSAY_OK)
		return status;
	if (size == 0)
		return assay_error_set(err, ASSAY_EREFUSED, "driver-refused",
			"驱动 %s 不能使用：没有 assay_driver 符号",
			"driver %s cannot be used: it has no symbol assay_driver", path);
	if (descriptor_size)
		*descriptor_size = size;
	return ASSAY_OK;
}
