#!/bin/sh
# A compiler with the standard library of other architectures, and emulators of their processors, in a folder of their own: nothing is
# installed, and a rustup beside it stays as it is. Where `rustup target add` works, only the emulators are needed.
#
#   cross/sysroot.sh target/cross/sysroot        about 260 MB to fetch, 1.3 GB of disk
#
# From the Debian mirror that this machine uses, for Debian 12 on x86_64:
#   rustc-web, libstd-rust-web-dev, libstd-rust-web-1.96, libllvm22     bookworm-security: the compiler for x86_64
#   libstd-rust-web-dev of arm64, riscv64 and s390x, qemu-user          trixie: the same version of the standard library; qemu 10
set -eu
[ $# = 1 ] || { echo "usage: cross/sysroot.sh FOLDER" >&2; exit 2; }
folder=$(mkdir -p "$1" && cd "$1" && pwd)
[ ! -e "$folder/bin/rustc" ] || exit 0
command -v apt-get > /dev/null || { echo "error: apt-get is not there; only Debian's packages are known here" >&2; exit 2; }

# Begun anew after an interruption: the last file that is made is what says that all is there.
rm -rf "$folder/apt" "$folder/debs"
mkdir -p "$folder/apt/lists/partial" "$folder/apt/cache/archives/partial" "$folder/apt/sources" "$folder/debs"

# The mirror that is configured, with another suite. Updates of that suite are left out: their indices of rarer architectures lag.
sources=/etc/apt/sources.list.d/debian.sources
[ -e "$sources" ] || { echo "error: $sources is not there, so the mirror is not known" >&2; exit 2; }
awk 'BEGIN { RS = ""; ORS = "\n\n" } /Suites: bookworm( |\n)/' "$sources" | sed 's/^Suites:.*/Suites: trixie/' \
  > "$folder/apt/sources/trixie.sources"
cat > "$folder/apt/conf" << END
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$folder/apt/sources";
Dir::State::lists "$folder/apt/lists";
Dir::Cache "$folder/apt/cache";
#clear APT::Architectures;
APT::Architectures { "amd64"; "arm64"; "riscv64"; "s390x"; };
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons-small::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons-hidpi::DefaultEnabled "false";
END
(
  cd "$folder/debs"
  apt-get -o APT::Sandbox::User=root download rustc-web libstd-rust-web-dev libstd-rust-web-1.96 libllvm22
  export APT_CONFIG="$folder/apt/conf"
  apt-get update
  apt-get download libstd-rust-web-dev:arm64 libstd-rust-web-dev:riscv64 libstd-rust-web-dev:s390x qemu-user
  for package in *.deb; do dpkg -x "$package" "$folder"; done
)
rm -rf "$folder/debs" "$folder/apt"

# The compiler's own libraries are beside it, and not where the system looks.
mkdir -p "$folder/bin"
for program in rustdoc rustc; do
  cat > "$folder/bin/$program" << END
#!/bin/sh
LD_LIBRARY_PATH="$folder/usr/lib/x86_64-linux-gnu\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}" exec "$folder/usr/bin/$program" "\$@"
END
  chmod +x "$folder/bin/$program"
done
# Both are of one point release, or the compiler refuses the libraries.
for target in aarch64-unknown-linux-gnu riscv64gc-unknown-linux-gnu s390x-unknown-linux-gnu; do
  echo 'pub fn f() {}' | "$folder/bin/rustc" --crate-type lib --crate-name probe --target "$target" --emit metadata \
    -o "$folder/probe.rmeta" - || { rm "$folder/bin/rustc"; exit 1; }
done
rm -f "$folder/probe.rmeta"
