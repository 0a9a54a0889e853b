# What ./vdi and ./test share: finding the SDK, one build at a time, and when a build is due. Sourced, never run.
# The sourcing script has set $root, the directory of this tree.

# The command line needs no ICU here, and a fresh Debian has none.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT="${DOTNET_SYSTEM_GLOBALIZATION_INVARIANT:-1}"
export DOTNET_CLI_TELEMETRY_OPTOUT="${DOTNET_CLI_TELEMETRY_OPTOUT:-1}"
export DOTNET_NOLOGO="${DOTNET_NOLOGO:-1}"
export DOTNET_SKIP_FIRST_TIME_EXPERIENCE=1

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# An account without a home of its own (a service, a container's user) gets one inside the tree.
have_home() {
    if [ -z "${HOME:-}" ] || ! [ -w "$HOME" ]; then
        export HOME="$root/artifacts/home"
        mkdir -p "$HOME"
    fi
}

require_dotnet() {
    if ! command -v dotnet >/dev/null 2>&1 && [ -x "${HOME:-/root}/.dotnet/dotnet" ]; then
        PATH="${HOME:-/root}/.dotnet:$PATH"
        export PATH
    fi
    if ! command -v dotnet >/dev/null 2>&1; then
        say "no 'dotnet' in the PATH: install the .NET SDK 10 (https://dotnet.microsoft.com/download/dotnet/10.0, or" \
            "your distribution's package dotnet-sdk-10.0) and try again."
        exit 125
    fi
}

# The SDK itself compares its version with global.json.
require_sdk() {
    require_dotnet
    if ! sdk_version="$(cd "$root" && dotnet --version 2>/dev/null)"; then
        say "the .NET SDK here is too old, or only a runtime: install the .NET SDK 10" \
            "(https://dotnet.microsoft.com/download/dotnet/10.0, or your distribution's package dotnet-sdk-10.0)" \
            "and try again."
        exit 125
    fi
}

# Waits for another build of this tree, then keeps others waiting. Descriptor 9 is the lock: close it (9>&-) for what
# may outlive this script, or the lock does too.
lock_build() {
    if ! mkdir -p "$root/artifacts" 2>/dev/null || ! [ -w "$root/artifacts" ]; then
        say "cannot write to '$root': clone the repository to a place of your own, or let its owner build first."
        exit 125
    fi
    exec 9>"$root/artifacts/build.lock"
    flock 9
}

# The stamp is taken before the build: what is edited during it is newer, and builds the next time. The folders that the
# build makes come first, since they change the age of the folder they lie in.
build_stamp="$root/artifacts/vdi.stamp"

begin_build() {
    for project in "$root"/src/*/*.csproj "$root"/bench/*/*.csproj; do
        [ -f "$project" ] && mkdir -p "${project%/*}/bin" "${project%/*}/obj"
    done
    touch "$build_stamp.new"
}

# After success: takes the stamp into use and lets the next build in.
end_build() {
    mv "$build_stamp.new" "$build_stamp"
    exec 9>&-
}

# Whether something under the named paths is newer than a stamp. A directory is newer when a file came or went.
newer_than() {
    stamp="$1"
    shift
    [ -n "$(cd "$root" && find "$@" \( -name bin -o -name obj \) -prune -o -newer "$stamp" -print -quit 2>/dev/null)" ]
}

# A compiler of C++ links the native library and compiles the programs that test it.
require_compiler() {
    if command -v g++ >/dev/null 2>&1; then
        return
    fi
    if command -v apt-get >/dev/null 2>&1 && [ "$(id -u)" = 0 ]; then
        say "no 'g++' in the PATH: installing it with apt-get."
        if apt-get update -qq >&2 && apt-get install -y -qq --no-install-recommends g++ libc6-dev >&2 &&
            command -v g++ >/dev/null 2>&1; then
            return
        fi
    fi
    say "no 'g++' in the PATH: install it (on Debian: apt-get install g++) and try again."
    exit 125
}
