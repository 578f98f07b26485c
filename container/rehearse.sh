#!/usr/bin/env bash
# Does what the Dockerfile does, without a container engine: installs into an empty root made of Debian's packages, then runs
# the Studio there as the image does, not as root and with code that can only be read, and asks for its health.
#
#   container/rehearse.sh FOLDER    needs root, debootstrap, setpriv and unshare; FOLDER is made and stays
#
# What pip needs to reach its index here is taken along: its settings, certificates, and the folders that they name.
set -euo pipefail
root="$(realpath -m "$1")"
cd "$(dirname "$0")/.."
packages=$(sed -n 's/.*--no-install-recommends \(.*[a-z0-9]\).*/\1/p' Dockerfile | head -1 | tr ' ' ',')
[ -x "$root/usr/bin/python3" ] || debootstrap --variant=minbase --include="$packages" bookworm "$root" >/dev/null

inside() { chroot "$root" /usr/bin/env "${environment[@]}" "$@"; }
environment=(PATH=/opt/glasshouse/bin:/usr/bin:/bin LC_ALL=C.UTF-8)
while IFS= read -r line; do environment+=("$line"); done < <(env | grep -E '^(PIP|SSL|REQUESTS|https?_proxy|HTTPS?_PROXY)' || :)
for file in /etc/pip.conf /etc/xdg/pip /etc/ssl/certs /etc/resolv.conf /etc/hosts; do
    [ -e "$file" ] && mkdir -p "$root$(dirname "$file")" && cp -rLT "$file" "$root$file" 2>/dev/null || :
done
mounts=(/proc)
[ -n "${PIP_FIND_LINKS:-}" ] && [ -d "$PIP_FIND_LINKS" ] && mounts+=("$PIP_FIND_LINKS")
trap 'for place in "${mounts[@]}"; do umount -l "$root$place" 2>/dev/null || :; done' EXIT
for place in "${mounts[@]}"; do mkdir -p "$root$place"; mount --rbind "$place" "$root$place"; done

rm -rf "$root/build" "$root/opt/glasshouse" "$root/var/lib/glasshouse"
mkdir -p "$root/build/container" "$root/var/lib/glasshouse"
sed -n 's/^COPY \([^-].*\) \S*$/\1/p' Dockerfile | tr ' ' '\n' | while IFS= read -r name; do cp -r "$name" "$root/build/$name"; done
inside CUDA=no /build/container/install.sh /opt/glasshouse
rm -rf "$root/build"
inside useradd --system --uid 10001 --home-dir /var/lib/glasshouse --shell /usr/sbin/nologin glasshouse 2>/dev/null || :
chown 10001:10001 "$root/var/lib/glasshouse"

environment+=(HOME=/var/lib/glasshouse GLASSHOUSE_HOME=/var/lib/glasshouse PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1)
# The root can only be read, but for the home and a /tmp of its own.
confined='
    set -eu; root="$1"; shift
    mount --rbind "$root" "$root"; mount -o remount,bind,ro "$root"
    mount --bind "$root/var/lib/glasshouse" "$root/var/lib/glasshouse"
    mount -o remount,bind,rw "$root/var/lib/glasshouse"
    mount -t tmpfs none "$root/tmp"; mount --bind /dev "$root/dev"
    exec chroot "$root" /usr/bin/setpriv --reuid 10001 --regid 10001 --clear-groups --no-new-privs /usr/bin/env -i "$@"'
as_user() { unshare --mount bash -c "$confined" - "$root" "${environment[@]}" "$@"; }
health() { # the check of the Dockerfile
    as_user python3 -c "$(sed -n '/^HEALTHCHECK/,/^[A-Z]/s/.*"-c", "\(.*\)"]$/\1/p' Dockerfile)"
}
echo "installed: $(du -sm "$root/opt/glasshouse" | cut -f1) MB"
as_user sh -c 'test ! -w /opt/glasshouse && ! touch /opt/glasshouse/new 2>/dev/null && touch /var/lib/glasshouse/new'
echo "correct horse battery" | as_user glasshouse users add mina --role admin
as_user glasshouse doctor >/dev/null
unshare --mount bash -c "$confined" - "$root" "${environment[@]}" glasshouse studio --host 0.0.0.0 --no-browser &
studio=$! # the process itself: each of these becomes the next
for _ in $(seq 60); do health 2>/dev/null && break; sleep 1; done
health
echo "healthy, as user $(stat -c %u "$root/var/lib/glasshouse/glasshouse.db")"
kill "$studio"
wait "$studio" || :
echo "stopped"
