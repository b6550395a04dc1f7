#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

long clinux_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {.flags = flags, .mode = mode, .resolve = resolve};
    return syscall(SYS_openat2, directory, path, &how, sizeof how);
}

const int clinux_o_path = O_PATH;

int clinux_accept(int listener, struct sockaddr *address, socklen_t *length) {
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

long clinux_peer_uid(int descriptor) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) return -1;
    return (long)credentials.uid;
}

int clinux_reserve(int file, off_t length) { return fallocate(file, 0, 0, length); }

int clinux_rename_without_replacing(int from_directory, const char *from, int to_directory, const char *to) {
    return renameat2(from_directory, from, to_directory, to, RENAME_NOREPLACE);
}

int clinux_probe(int file, off_t offset) {
    char byte;
    struct iovec vector = {.iov_base = &byte, .iov_len = 1};
    return (int)preadv2(file, &vector, 1, offset, RWF_NOWAIT);
}

uint64_t clinux_mount_id(int file) {
    struct statx info;
    if (statx(file, "", AT_EMPTY_PATH, STATX_MNT_ID, &info) != 0) return 0;
    return info.stx_mask & STATX_MNT_ID ? info.stx_mnt_id : 0;
}
