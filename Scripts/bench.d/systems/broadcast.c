// The least that tells many connections the same: one send(2) to each after the other, and a process that reads them all.
//
//   broadcast CONNECTIONS ROUNDS BYTES
//
// Prints how long after the start of its round half of all deliveries, and all but a hundredth, had been read, in ms.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buffer[4096];
static int connections, rounds, bytes;
// When the round began; both processes see it.
static volatile double *began;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1e3 + time.tv_nsec / 1e6;
}

static int compare(const void *one, const void *other) {
    double difference = *(const double *)one - *(const double *)other;
    return (difference > 0) - (difference < 0);
}

static void readAll(const struct sockaddr_in *address) {
    int poller = epoll_create1(0);
    struct epoll_event events[1024];
    size_t total = (size_t)connections * rounds, count = 0;
    double *delays = calloc(total, sizeof *delays);
    for (int each = 0; each < connections; each++) {
        int connection = socket(AF_INET, SOCK_STREAM, 0);
        struct epoll_event event = {.events = EPOLLIN, .data.fd = connection};
        if (connection < 0 || connect(connection, (const struct sockaddr *)address, sizeof *address) < 0)
            err(1, "connection %d", each);
        if (epoll_ctl(poller, EPOLL_CTL_ADD, connection, &event) < 0) err(1, "epoll_ctl");
    }
    while (count < total) {
        int ready = epoll_wait(poller, events, 1024, -1);
        for (int each = 0; each < ready && count < total; each++) {
            if (read(events[each].data.fd, buffer, sizeof buffer) != bytes) errx(1, "a message came in parts");
            delays[count++] = now() - *began;
        }
    }
    qsort(delays, total, sizeof *delays, compare);
    printf("%f %f\n", delays[total / 2], delays[total * 99 / 100]);
}

static void sendAll(int listener) {
    int *sockets = calloc(connections, sizeof *sockets), yes = 1;
    for (int each = 0; each < connections; each++) {
        if ((sockets[each] = accept(listener, NULL, NULL)) < 0) err(1, "accept");
        setsockopt(sockets[each], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    }
    for (int round = 0; round < rounds; round++) {
        usleep(500000);
        *began = now();
        for (int each = 0; each < connections; each++)
            if (send(sockets[each], buffer, bytes, MSG_DONTWAIT) != bytes) err(1, "send");
    }
}

int main(int count, char **arguments) {
    if (count != 4) errx(64, "usage: broadcast CONNECTIONS ROUNDS BYTES");
    connections = atoi(arguments[1]), rounds = atoi(arguments[2]), bytes = atoi(arguments[3]);
    if (bytes < 1 || bytes > (int)sizeof buffer) errx(64, "BYTES is 1 to %zu", sizeof buffer);
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    began = mmap(NULL, sizeof *began, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 4096) < 0) err(1, "listen");
    getsockname(listener, (struct sockaddr *)&address, &size);
    pid_t sender = fork();
    if (sender < 0) err(1, "fork");
    if (sender == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        sendAll(listener);
        sleep(600);  // Ended with the reader, which reads the last meanwhile.
    } else {
        close(listener);
        readAll(&address);
    }
}
