// What Glibc's own Swift module leaves out of Linux: the headers and calls that p2pd's Posix layer wraps.
//
// _GNU_SOURCE is not defined here: it changes types that the Glibc module has already been built with. What needs it is
// wrapped in CLinux.c.
#ifndef CLINUX_H
#define CLINUX_H

#include <linux/openat2.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/un.h>

/// openat2(2) has no glibc wrapper.
long clinux_openat2(int directory, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve);

/// O_PATH of open(2).
extern const int clinux_o_path;

/// accept4(2) with SOCK_NONBLOCK and SOCK_CLOEXEC.
int clinux_accept(int listener, struct sockaddr *address, socklen_t *length);

/// SO_PEERCRED of a Unix-domain socket: the user id of the process at the other end, or -1 with errno.
long clinux_peer_uid(int descriptor);

/// memfd_create(2), close-on-exec.
int clinux_memory_file(const char *name);

/// fallocate(2), mode 0.
int clinux_reserve(int file, off_t offset, off_t length);

/// renameat2(2) with RENAME_NOREPLACE.
int clinux_rename_without_replacing(int from_directory, const char *from, int to_directory, const char *to);

/// Maps a range of a file for reading, read in at once; one at a time a thread. Where the file ends before the range
/// does, or the disk cannot read, the memory is zeros instead of a SIGBUS that would end the process. NULL and errno as
/// mmap(2).
void *clinux_map(int file, off_t offset, size_t length);

/// Ends this thread's mapping, and tells how many pages were zeros instead of the file's.
int clinux_unmap(void);

/// futimens(3) that leaves the time of access alone.
int clinux_set_modified(int file, int64_t seconds, long nanoseconds);

/// syncfs(2).
int clinux_sync_file_system(int file);

/// preadv2(2) of one byte with RWF_NOWAIT: -1 with EAGAIN when it would wait for the disk.
int clinux_probe(int file, off_t offset);

/// Whether a regular file, open here for reading only, is open for writing anywhere: 1, 0, or -1 where that cannot be told.
/// A read lease is refused with EAGAIN as long as it is; one that is given is given back at once. Source: F_SETLEASE,
/// fcntl(2).
int clinux_has_writer(int file);

/// statx(2), STATX_MNT_ID: the number of the mount that a file lies in; 0 where the kernel does not tell (before 5.8).
uint64_t clinux_mount_id(int file);

/// posix_spawnp(3) of a program as the leader of a session and process group of its own. Its standard input is /dev/null,
/// its standard output and error are this process's standard error, no other descriptor is open in it, and no signal is
/// blocked or ignored. 0, or the errno.
int clinux_spawn(pid_t *process, char *const arguments[], char *const environment[]);

/// pidfd_open(2): the descriptor is close-on-exec. glibc has a wrapper from 2.36 on.
int clinux_pidfd_open(pid_t process);

/// Lets those of descriptors 0 to 2 that this program was started without lead nowhere: reading them ends at once, writing
/// fails with EBADF. They would be given to the next files and sockets that it opens, and what it prints would go there.
void clinux_occupy_standard_descriptors(void);

/// Bytes that a TCP socket was given and the other end has not acknowledged, or -1: tcp(7), SIOCOUTQ.
int clinux_unacknowledged(int socket);

/// copy_file_range(2) from and to where the files stand, which may share blocks instead of copying; sendfile(2) where
/// the file systems cannot do that.
ssize_t clinux_copy(int from, int to, size_t count);

#endif
