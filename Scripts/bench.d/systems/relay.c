// The least that brings a file from one to many over links that each carry it once: everyone passes on to the next,
// piece by piece, what comes from the one before. It verifies nothing, and knows beforehand who is next to whom.
//
//   relay SELF PORT LENGTH PATH ORIGIN PEER...
//
// SELF is a number: 0 for the origin, which sends the file at PATH, and n for the nth peer, which writes to PATH. All
// listen at the same port of their own addresses. Each ends when it has received and sent all that it has to.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

// Pieces are as large as p2pd's of such a file. What comes is read when there is a quarter of one: more wakes cost more
// than the bytes.
enum { piece = 256 << 10, gathered = 64 << 10 };

static char buffer[1 << 20];
static int self, port, file, poller;
static off_t length, received, sent;
static char **addresses;

static struct sockaddr_in at(const char *address) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, address, &name.sin_addr) != 1) errx(2, "%s is no address", address);
    return name;
}

static void watch(int socket, uint32_t events) {
    struct epoll_event event = {.events = events, .data.fd = socket};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, socket, &event) < 0) err(1, "epoll_ctl");
}

static int listenHere(void) {
    struct sockaddr_in here = at(addresses[self]);
    int listener = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) < 0) err(1, "bind to %s", addresses[self]);
    if (listen(listener, 1) < 0) err(1, "listen");
    return listener;
}

// The next may be about to start.
static int dialNext(void) {
    struct sockaddr_in there = at(addresses[self + 1]);
    for (int attempt = 0; attempt < 1000; attempt++, usleep(5000)) {
        int connection = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(connection, (struct sockaddr *)&there, sizeof there) == 0) return connection;
        close(connection);
    }
    err(1, "connect to %s", addresses[self + 1]);
}

static off_t least(off_t left, off_t right) { return left < right ? left : right; }

static void receive(int socket) {
    ssize_t count = recv(socket, buffer, sizeof buffer, MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) err(1, "recv");
    if (count == 0) errx(1, "the one before ended too soon");
    if (pwrite(file, buffer, count, received) != count) err(1, "pwrite");
    received += count;
    if (received == length) return (void)close(socket);
    int lowest = least(gathered, least(piece - received % piece, length - received));
    setsockopt(socket, SOL_SOCKET, SO_RCVLOWAT, &lowest, sizeof lowest);
}

// Sends what is there in whole pieces, as far as the socket takes it.
static void pass(int socket) {
    off_t whole = received == length ? length : received - received % piece;
    while (sent < whole) {
        ssize_t count = sendfile(socket, file, &sent, whole - sent);
        if (count > 0) continue;
        if (count == 0) errx(1, "the file is shorter than it was said to be");
        if (errno != EAGAIN) err(1, "sendfile");
        return;
    }
}

int main(int count, char **arguments) {
    if (count < 7) errx(2, "SELF PORT LENGTH PATH ORIGIN PEER...");
    self = atoi(arguments[1]), port = atoi(arguments[2]), length = atoll(arguments[3]);
    addresses = arguments + 5;
    bool isFirst = self == 0, isLast = self == count - 6;
    file = isFirst ? open(arguments[4], O_RDONLY) : open(arguments[4], O_RDWR | O_CREAT | O_TRUNC, 0644);
    if (file < 0) err(1, "%s", arguments[4]);
    signal(SIGPIPE, SIG_IGN);
    poller = epoll_create1(0);
    // Who is dialed before it accepts is there all the same.
    int listener = isFirst ? -1 : listenHere(), next = isLast ? -1 : dialNext();
    int before = isFirst ? -1 : accept(listener, NULL, NULL);
    if (isFirst) received = length;
    else watch(before, EPOLLIN);
    if (isLast) sent = length;
    else fcntl(next, F_SETFL, O_NONBLOCK), watch(next, EPOLLOUT | EPOLLET);
    while (received < length || sent < length) {
        struct epoll_event events[2];
        int ready = epoll_wait(poller, events, 2, -1);
        for (int index = 0; index < ready; index++)
            if (events[index].data.fd == before) receive(before);
        if (!isLast) pass(next);
    }
    return 0;
}
