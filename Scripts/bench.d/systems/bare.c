// The least that moves a file over TCP: the scale for every other figure. It verifies nothing.
//
//   bare send PORT SOURCE      serves SOURCE with sendfile to one connection after the other, for ever
//   bare receive PORT TARGET   receives into one buffer of 1 MiB and writes it to TARGET, without preallocation
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char buffer[1 << 20];

static struct sockaddr_in loopback(const char *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void serve(int connection, int source) {
    struct stat status;
    if (fstat(source, &status) < 0) err(1, "fstat");
    for (off_t offset = 0; offset < status.st_size;)
        if (sendfile(connection, source, &offset, status.st_size - offset) <= 0) break;  // The receiver has left.
    close(connection);
}

static void sendAll(const char *port, const char *path) {
    int source = open(path, O_RDONLY), listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    struct sockaddr_in address = loopback(port);
    if (source < 0) err(1, "%s", path);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    // As p2pd within a machine (Sources/Posix/Pacing.swift): pacing would be no bound of the hardware's.
    if (setsockopt(listener, IPPROTO_TCP, TCP_CONGESTION, "cubic", 5) < 0)
        setsockopt(listener, IPPROTO_TCP, TCP_CONGESTION, "reno", 4);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0) err(1, "bind to port %s", port);
    if (listen(listener, 8) < 0) err(1, "listen");
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection < 0) err(1, "accept");
        serve(connection, source);
    }
}

static void receiveAll(const char *port, const char *path) {
    int target = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644), connection = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = loopback(port);
    off_t offset = 0;
    ssize_t count;
    if (target < 0) err(1, "%s", path);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) < 0) err(1, "connect to port %s", port);
    while ((count = recv(connection, buffer, sizeof buffer, MSG_WAITALL)) > 0) {
        if (pwrite(target, buffer, count, offset) != count) err(1, "pwrite to %s", path);
        offset += count;
    }
    if (count < 0) err(1, "recv");
}

int main(int count, char **arguments) {
    signal(SIGPIPE, SIG_IGN);
    if (count == 4 && !strcmp(arguments[1], "send")) sendAll(arguments[2], arguments[3]);
    else if (count == 4 && !strcmp(arguments[1], "receive")) receiveAll(arguments[2], arguments[3]);
    else errx(64, "usage: bare send PORT SOURCE | bare receive PORT TARGET");
}
