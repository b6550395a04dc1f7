#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>

// What this thread has mapped, and how many of its pages were lost.
static _Thread_local struct {
    char *start;
    size_t length;
    int lost;
} range;

static struct sigaction previous;
static uintptr_t pageMask;

// A page of a mapping that the file has no more, or that the disk cannot read. Zeros take its place, so that the thread
// goes on; it is told at the end. Only system calls that wait for nothing are made here.
static void onBusError(int number, siginfo_t *info, void *context) {
    (void)context;
    int saved = errno;
    char *address = info->si_addr;
    if (range.start && address >= range.start && address < range.start + range.length) {
        void *page = (void *)((uintptr_t)address & pageMask);
        size_t size = ~pageMask + 1;
        if (mmap(page, size, PROT_READ, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) {
            range.lost++;
            errno = saved;
            return;
        }
    }
    // Somebody else's: the access is repeated and ends as it would have.
    sigaction(number, &previous, NULL);
    errno = saved;
}

static void watchBusErrors(void) {
    pageMask = ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
    struct sigaction action = {.sa_sigaction = onBusError, .sa_flags = SA_SIGINFO};
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &previous);
}

void *clinux_map(int file, off_t offset, size_t length) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watchBusErrors);
    void *start = mmap(NULL, length, PROT_READ, MAP_SHARED | MAP_POPULATE, file, offset);
    if (start == MAP_FAILED) return NULL;
    range.length = length;
    range.lost = 0;
    range.start = start;
    return start;
}

int clinux_unmap(void) {
    char *start = range.start;
    range.start = NULL;
    munmap(start, range.length);
    return range.lost;
}
