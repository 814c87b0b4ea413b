#!/usr/bin/env bash
# The first process of a server's own mount and PID namespaces: lays the unpacked packages over
# /usr, /etc and /var, makes the latter two writable in memory, and runs the server.
#   namespace.sh PACKAGES CONFIGURATION STORE COMMAND…
# CONFIGURATION is laid over /etc; STORE, a folder outside, is seen as /media.
set -euo pipefail
packages=$1 configuration=$2 store=$3
shift 3
mount --make-rprivate /
mount --bind "$store" /media
mkdir -p /media/layers
mount -t tmpfs -o mode=755 tmpfs /media/layers
mkdir /media/layers/{etc,etc.work,var,var.work}
cp -a "$configuration/." /media/layers/etc/
mount -t overlay -o "lowerdir=$packages/usr:/usr" overlay /usr
for top in etc var; do
    lower=/$top
    if [[ -d $packages/$top ]]; then lower=$packages/$top:/$top; fi
    layers=lowerdir=$lower,upperdir=/media/layers/$top,workdir=/media/layers/$top.work
    mount -t overlay -o "$layers" overlay "/$top"
done
mount -t proc proc /proc
cd /
set +e
"$@"
echo "the server ended with exit code $?"
