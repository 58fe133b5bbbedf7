#!/bin/sh
# What is handed out: an archive with one binary, manual pages, completions, licences and a list of all that is in it.
#
#   dist/make.sh [x86_64|aarch64|riscv64|s390x]     `make dist ARCH=…`; without an argument, of this machine
#
# GLIBC   the oldest glibc that the binary is to run with (2.28); it needs `cargo zigbuild`, as from `pip install cargo-zigbuild ziglang`.
#         Without that, the binary needs the glibc that it was built with, or a later one.
# CROSS   the folder of `cross/sysroot.sh` (target/cross/sysroot), for other architectures where `rustup target add` was not done
#
# The same commit and the same compiler make the same bytes, wherever they are built: no path, clock or owner is in the archive.
# `cargo cyclonedx`, if it is there, writes the list of parts as CycloneDX besides.
set -eu
cd "$(dirname "$0")/.."
here=$(uname -m)
arch=${1:-$here}
case $arch in
  x86_64 | aarch64 | s390x) target=$arch-unknown-linux-gnu ;;
  riscv64) target=riscv64gc-unknown-linux-gnu ;;
  *) echo "usage: dist/make.sh [x86_64|aarch64|riscv64|s390x]" >&2; exit 2 ;;
esac
cargo=${CARGO:-cargo}
glibc=${GLIBC:-2.28}
sysroot=${CROSS:-target/cross/sysroot}
# riscv64 is known since 2.27, and compilers for it ask for more.
[ "$arch" != riscv64 ] || [ -n "${GLIBC:-}" ] || glibc=2.31

if [ "$arch" != "$here" ] && [ -x "$sysroot/bin/rustc" ]; then
  RUSTC=$(cd "$sysroot" && pwd)/bin/rustc
  export RUSTC
fi
export CARGO_TARGET_DIR=target/dist-build
home=${CARGO_HOME:-$HOME/.cargo}
export RUSTFLAGS="--remap-path-prefix=$PWD=/etalon --remap-path-prefix=$home=/cargo"
build="--profile dist --locked -p etalon-cli --target"
if $cargo zigbuild --help > /dev/null 2>&1; then
  # shellcheck disable=SC2086
  $cargo zigbuild $build "$target.$glibc"
  oldest="glibc $glibc"
else
  echo "cargo zigbuild is not there: the binary needs this machine's glibc, or a later one" >&2
  # shellcheck disable=SC2086
  $cargo build $build "$target"
  oldest="glibc of the machine that built it"
fi

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
name=etalon-$version-$arch-linux
out=target/dist
folder=$out/$name
rm -rf "$folder"
mkdir -p "$folder/completions"
cp "$CARGO_TARGET_DIR/$target/dist/etalon" "$folder/etalon"
cp README.md CHANGELOG.md LICENSE-APACHE LICENSE-MIT "$folder/"
mkdir -p "$folder/object"
cp engine/object/etalon_object.c engine/object/etalon_object.h "$folder/object/"
# Pages and completions are of the commands, which are the same everywhere.
etalon=$folder/etalon
[ "$arch" = "$here" ] || etalon=${ETALON:-target/release/etalon}
if "$etalon" --version > /dev/null 2>&1; then
  "$etalon" man "$folder/man/man1" > /dev/null
  for shell in bash zsh fish; do
    "$etalon" completions $shell > "$folder/completions/etalon.$shell"
  done
else
  echo "$etalon does not run here: no manual pages and no completions; ETALON names a binary that does" >&2
fi
$cargo tree --locked --quiet -p etalon-cli --target "$target" -e normal --prefix none --no-dedupe -f '{p} | {l}' \
  | sed 's, (/.*) | , | ,; s, (\*),,' | sort -u > "$folder/parts.txt"
if $cargo cyclonedx --version > /dev/null 2>&1; then
  $cargo cyclonedx --quiet --manifest-path harness/cli/Cargo.toml --target "$target" --format json --override-filename etalon-parts
  mv harness/cli/etalon-parts.json "$folder/parts.cdx.json"
  find . -name etalon-parts.json -not -path './target/*' -exec rm {} +
fi
tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w -C "$out" -cf - "$name" | gzip -9n > "$out/$name.tar.gz"
(cd "$out" && sha256sum "$name.tar.gz" > "$name.tar.gz.sha256")
echo "$out/$name.tar.gz: the binary has $(wc -c < "$folder/etalon") bytes, the archive $(wc -c < "$out/$name.tar.gz"); it needs $oldest"
