#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Purity of each plugin, by nm: one defined symbol, and no call that reaches outside. The loader has the same rules of
# its own (gateway/wire/plugin_symbols.c); this asks another program.
#   tests/abi_check.sh build/drivers
set -eu
dir=${1:?usage: abi_check.sh DIR}
allow='memcpy memmove memset memcmp memchr strlen strnlen strcmp strncmp strchr strspn strcspn
__memcpy_chk __memmove_chk __memset_chk __stack_chk_fail
__cxa_finalize __gmon_start__ _ITM_deregisterTMCloneTable _ITM_registerTMCloneTable'
# PCRE2 matching, in the one plugin whose grammar it is.
pcre='pcre2_compile_8 pcre2_code_free_8 pcre2_match_8 pcre2_match_data_create_8 pcre2_match_data_create_from_pattern_8
pcre2_match_data_free_8 pcre2_get_ovector_pointer_8 pcre2_get_error_message_8 pcre2_substring_number_from_name_8
pcre2_general_context_create_8 pcre2_general_context_free_8 pcre2_compile_context_create_8 pcre2_compile_context_free_8
pcre2_match_context_create_8 pcre2_match_context_free_8 pcre2_set_match_limit_8 pcre2_set_depth_limit_8
pcre2_set_heap_limit_8 pcre2_set_max_pattern_length_8'
bad=0 count=0
for plugin in "$dir"/*.so; do
	count=$((count + 1))
	name=$(basename "$plugin" .so)
	list=$allow
	[ "$name" = ascii ] && list="$allow $pcre"
	defined=$(nm -D --defined-only "$plugin" | awk '{print $NF}')
	if [ "$defined" != assay_driver ]; then
		echo "$plugin: exports: $defined (only assay_driver may be)" >&2
		bad=1
	fi
	for symbol in $(nm -D --undefined-only "$plugin" | awk '{sub(/@.*/, "", $NF); print $NF}'); do
		case " $(echo $list) " in
		*" $symbol "*) ;;
		*)
			echo "$plugin: calls $symbol: a driver may only compute" >&2
			bad=1
			;;
		esac
	done
	# No writable data of its own: statics that change would make a replay differ. Relocated constants lie in .data.rel.ro.
	for section in .data .bss; do
		size=$(size -A -d "$plugin" | awk -v s=$section '$1 == s {print $2}')
		if [ "${size:-0}" -gt 8 ]; then
			echo "$plugin: $section holds $size bytes: a driver keeps no statics" >&2
			bad=1
		fi
	done
done
[ "$count" -gt 0 ] || { echo "$dir: no plugins" >&2; exit 1; }
[ $bad = 0 ] && echo "abi-check: $count plugins are pure"
exit $bad
