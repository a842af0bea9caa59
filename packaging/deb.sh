#!/usr/bin/env bash
# deb.sh VERSION OUT: the Debian packages from the release build. Called by make deb.
#
# Two packages: assay (programs, drivers, units) and assay-specs (limits, methods, instruments), so that limits can be
# updated alone. What assay depends on is read from its binaries (dpkg-shlibdeps).
set -euo pipefail
version=$1 out=$2
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/.."
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y CHANGELOG.md)}
arch=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
main=$work/assay specs=$work/assay-specs

make -s install DESTDIR="$main" PREFIX=/usr
mkdir -p "$specs/usr/share/assay" "$specs/usr/share/doc/assay-specs" "$specs/usr/share/lintian/overrides"
mv "$main/usr/share/assay/specs" "$specs/usr/share/assay/specs"
rmdir "$main/usr/share/assay"
mv "$specs/usr/share/assay/specs/SOURCES.md" "$specs/usr/share/doc/assay-specs/"
# With SPEC_KEY=FILE (assay spec bundle key) the package also carries the specs as a signed bundle.
if [ -n "${SPEC_KEY:-}" ]; then
	build/assay spec bundle make "$specs/usr/share/assay/specs.bundle" --key "$SPEC_KEY" \
		--serial "${SPEC_SERIAL:-$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y%m%d)}"
fi
rm -f "$main/usr/share/doc/assay/LICENSE"
strip --strip-unneeded "$main/usr/bin/assay" "$main/usr/lib/assay/assay-report" "$main"/usr/lib/assay/drivers/*.so
gzip -9n "$main"/usr/share/man/man*/*

install -D -m 0755 packaging/backup "$main/usr/lib/assay/backup"
for unit in packaging/*.service packaging/*.socket packaging/*.timer; do install -D -m 0644 "$unit" "$main/lib/systemd/system/${unit##*/}"; done
install -D -m 0644 packaging/assay.sysusers "$main/usr/lib/sysusers.d/assay.conf"
install -D -m 0644 packaging/assay.tmpfiles "$main/usr/lib/tmpfiles.d/assay.conf"
install -D -m 0644 packaging/assay.udev "$main/lib/udev/rules.d/70-assay.rules"
install -D -m 0644 packaging/assay.bash-completion "$main/usr/share/bash-completion/completions/assay"
install -D -m 0644 packaging/assay-backup.default "$main/etc/default/assay-backup"
install -D -m 0644 packaging/lab.xml "$main/usr/share/doc/assay/examples/lab.xml"
for file in assay.rules.yml assay.dashboard.json; do
	install -D -m 0644 packaging/prometheus/$file "$main/usr/share/doc/assay/prometheus/$file"
done
packaging/sbom.sh "$main/usr/bin/assay" "$main/usr/lib/assay/assay-report" "$main"/usr/lib/assay/drivers/*.so >"$main/usr/share/doc/assay/sbom.json"
install -D -m 0644 packaging/assay.lintian "$main/usr/share/lintian/overrides/assay"

finish() { # PACKAGE TREE: what every package has
	local doc=$2/usr/share/doc/$1
	mkdir -p "$doc" "$2/DEBIAN"
	install -m 0644 packaging/copyright "$doc/copyright"
	printf '%s (%s) stable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- assay maintainers <maintainers@assay.invalid>  %s\n' \
		"$1" "$version" "$(date -uR -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$doc/changelog.gz"
	(cd "$2" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
	sed -e "s/@VERSION@/$version/" -e "s/@ARCH@/$arch/" -e "s/@DEPENDS@/${3:-}/" \
		-e "s/@SIZE@/$(du -sk --apparent-size "$2" | cut -f 1)/" "packaging/$1.control" >"$2/DEBIAN/control"
	find "$2" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
	dpkg-deb --root-owner-group -Zxz --build "$2" "$out/$1_${version}_$(sed -n 's/^Architecture: //p' "$2/DEBIAN/control").deb" >/dev/null
}

mkdir -p "$out" "$work/debian" "$main/DEBIAN"
rm -f "$out"/assay_*.deb "$out"/assay-specs_*.deb
printf 'Source: assay\n\nPackage: assay\nArchitecture: any\n' >"$work/debian/control"
depends=$(cd "$work" && dpkg-shlibdeps -O assay/usr/bin/assay assay/usr/lib/assay/assay-report assay/usr/lib/assay/drivers/*.so 2>/dev/null |
	sed -n 's/^shlibs:Depends=//p')
[ -n "$depends" ] || { echo 'dpkg-shlibdeps found nothing' >&2; exit 1; }
for script in postinst prerm postrm; do install -m 0755 "packaging/assay.$script" "$main/DEBIAN/$script"; done
echo /etc/default/assay-backup >"$main/DEBIAN/conffiles"
finish assay "$main" "$depends"
rmdir "$specs/usr/share/lintian/overrides" "$specs/usr/share/lintian"
finish assay-specs "$specs"
ls -l "$out"/*.deb
