#!/bin/sh
# Install what is missing of the packages named, with sudo when not root. Says nothing and asks nothing of the
# network when everything is there.
set -eu
missing=
for package in "$@"; do
	case $package in
	npm) command -v npm >/dev/null 2>&1 && continue ;;
	nodejs) command -v node >/dev/null 2>&1 && continue ;;
	esac
	state=$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$state" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" = 0 ]; then as_root=; else as_root=sudo; fi
echo "  APT    $missing"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086
$as_root apt-get -qq update && $as_root apt-get -qq install -y --no-install-recommends $missing >/dev/null
