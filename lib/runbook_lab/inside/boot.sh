#!/bin/sh
# Make a server's own view of this machine, then become its first process.
# Runs in fresh mount, PID, UTS, IPC and cgroup namespaces, in the server's network namespace.
# usage: boot.sh NAME FOLDER PYTHON LIBRARY FOLDERS...   (folders: what Python needs, shown as it is)
set -eu
name=$1 folder=$2 python=$3 library=$4
shift 4
root=$folder/root
hostname "$name"

mount -t overlay "$name" -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
groups=$root/sys/fs/cgroup
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mount -t cgroup2 cgroup2 "$groups"
    sed 's/^/+/; s/ / +/g' "$groups/cgroup.controllers" >"$groups/cgroup.subtree_control"
else
    mount -t tmpfs cgroup "$groups"
    for hierarchy in /sys/fs/cgroup/*/; do
        controller=$(basename "$hierarchy")
        [ -e "$hierarchy/cgroup.procs" ] || continue
        mkdir "$groups/$controller"
        case $controller in
            unified) mount -t cgroup2 cgroup2 "$groups/$controller" ;;
            systemd) mount -t cgroup -o none,name=systemd cgroup "$groups/$controller" ;;
            *) mount -t cgroup -o "$controller" cgroup "$groups/$controller" ;;
        esac
    done
fi

mount -t tmpfs -o mode=755 dev "$root/dev"
for device in null zero full random urandom tty; do cp -a "/dev/$device" "$root/dev/"; done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"

# What belongs to this machine's people is not shown; what must outlive a boot is kept outside the
# overlay, on which Docker cannot put one of its own.
for place in root run tmp; do mount -t tmpfs -o mode=755 "$place" "$root/$place"; done
chmod 1777 "$root/tmp"
mkdir -p "$root/var/run" 2>/dev/null || true
mount --bind "$folder/home" "$root/home"
for place in docker system-docker; do
    mkdir -p "$folder/$place" "$root/var/lib/$place"
    mount --bind "$folder/$place" "$root/var/lib/$place"
done
for needed in "$library" "$@"; do
    mkdir -p "$root$needed"
    mount --rbind "$needed" "$root$needed"
    mount -o remount,bind,ro "$root$needed"
done

mkdir "$root/run/before"
cd "$root"
pivot_root . run/before
cd /
umount -l /run/before
rmdir /run/before
export PATH=/opt/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PYTHONPATH=$library PYTHONDONTWRITEBYTECODE=1
exec "$python" -m runbook_lab.inside.init
