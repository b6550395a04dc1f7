// The least that brings a file from one to many over links that are shared: each gets its part from the origin, and
// passes it on to all others while it comes. It verifies nothing, and knows beforehand who takes part and has what.
//
//   exchange SELF PORT LENGTH PATH ORIGIN PEER...
//
// SELF is a number: 0 for the origin, which sends the file at PATH, and n for the nth peer, which writes to PATH. All
// listen at the same port of their own addresses. Each ends when it has sent and received all that it has to.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

// Pieces are as large as p2pd's of such a file, and sent to so many at a time: with fewer a slow one holds up the link,
// and more cost more, as the kernel's packets get smaller.
enum { piece = 256 << 10, atATime = 8, unsent = 64 << 10, peersMax = 64 };

static char buffer[1 << 20];
static int self, peers, port, file, poller;
static off_t length;
static char **addresses;

// A connection by which this one sends its part to a peer, or receives another's.
struct Stream {
    int socket, peer;
    bool isIncoming, isWritable, isAtIt, hasEnded;
    off_t offset, end, pieceEnd;
};

static struct Stream outgoing[peersMax], incoming[peersMax];

static off_t partOf(int peer) { return length * (peer - 1) / peers; }

static struct sockaddr_in at(const char *address, int port) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, address, &name.sin_addr) != 1) errx(2, "%s is no address", address);
    return name;
}

static void watch(int socket, uint32_t events, struct Stream *stream) {
    struct epoll_event event = {.events = events, .data.ptr = stream};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, socket, &event) < 0) err(1, "epoll_ctl");
}

static int listenHere(void) {
    struct sockaddr_in here = at(addresses[self], port);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), yes = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) < 0) err(1, "bind to %s", addresses[self]);
    if (listen(listener, peersMax) < 0) err(1, "listen");
    watch(listener, EPOLLIN, NULL);
    return listener;
}

// The others may be about to start.
static int dial(int peer) {
    struct sockaddr_in there = at(addresses[peer], port);
    for (int attempt = 0; attempt < 1000; attempt++, usleep(5000)) {
        int connection = socket(AF_INET, SOCK_STREAM, 0), lowest = unsent;
        if (connect(connection, (struct sockaddr *)&there, sizeof there) == 0) {
            unsigned char number = self;
            if (write(connection, &number, 1) != 1) err(1, "write to %s", addresses[peer]);
            setsockopt(connection, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &lowest, sizeof lowest);
            fcntl(connection, F_SETFL, O_NONBLOCK);
            return connection;
        }
        close(connection);
    }
    err(1, "connect to %s", addresses[peer]);
}

static void begin(int peer) {
    struct Stream *stream = &outgoing[peer];
    int part = self ? self : peer;
    *stream = (struct Stream){
        .socket = dial(peer), .peer = peer, .isWritable = true, .offset = partOf(part), .end = partOf(part + 1)};
    watch(stream->socket, EPOLLOUT | EPOLLET, stream);
}

static void acceptAll(int listener) {
    for (int connection; (connection = accept(listener, NULL, NULL)) >= 0;) {
        unsigned char peer;
        if (read(connection, &peer, 1) != 1 || peer > peers) errx(1, "a stranger");
        fcntl(connection, F_SETFL, O_NONBLOCK);
        incoming[peer] = (struct Stream){
            .socket = connection, .peer = peer, .isIncoming = true, .offset = partOf(peer ? peer : self)};
        watch(connection, EPOLLIN, &incoming[peer]);
    }
}

static off_t receive(struct Stream *stream) {
    ssize_t count = recv(stream->socket, buffer, sizeof buffer, 0);
    if (count < 0 && errno == EAGAIN) return 0;
    if (count < 0) err(1, "recv from %s", addresses[stream->peer]);
    if (count == 0) {
        close(stream->socket);
        return 0;
    }
    if (pwrite(file, buffer, count, stream->offset) != count) err(1, "pwrite");
    stream->offset += count;
    return count;
}

// Sends of a piece what the socket takes. It is done when most of it is on its way.
static void sendPiece(struct Stream *stream) {
    while (stream->offset < stream->pieceEnd) {
        ssize_t count = sendfile(stream->socket, file, &stream->offset, stream->pieceEnd - stream->offset);
        if (count > 0) continue;
        if (errno != EAGAIN) err(1, "sendfile to %s", addresses[stream->peer]);
        stream->isWritable = false;
        return;
    }
    struct pollfd ready = {.fd = stream->socket, .events = POLLOUT};
    stream->isAtIt = poll(&ready, 1, 0) == 0;
    stream->isWritable = !stream->isAtIt;
}

// Whose turn it is next, in a circle that begins behind this one, so that not all send to the same.
// - Returns: how many streams have come to their end.
static int sendFurther(off_t limit) {
    static int turn;
    int busy = 0, ended = 0;
    for (int peer = 1; peer <= peers; peer++) {
        struct Stream *stream = &outgoing[peer];
        if (stream->isAtIt && stream->isWritable) sendPiece(stream);
        if (stream->isAtIt) busy++;
    }
    for (int tried = 0; tried < peers && busy < atATime; tried++) {
        struct Stream *stream = &outgoing[(self + turn++) % peers + 1];
        off_t next = stream->offset + piece < stream->end ? stream->offset + piece : stream->end;
        if (stream->socket == 0 || stream->hasEnded || stream->isAtIt || (self && next > limit)) continue;
        stream->pieceEnd = next;
        sendPiece(stream);
        if (stream->isAtIt || stream->offset < next) stream->isAtIt = true, busy++;
        tried = 0;
        if (stream->offset == stream->end) {
            shutdown(stream->socket, SHUT_WR);
            stream->hasEnded = true;
            ended++;
        }
    }
    return ended;
}

int main(int count, char **arguments) {
    if (count < 7) errx(2, "SELF PORT LENGTH PATH ORIGIN PEER...");
    self = atoi(arguments[1]), port = atoi(arguments[2]), length = atoll(arguments[3]);
    addresses = arguments + 5, peers = count - 6;
    if (peers >= peersMax) errx(2, "at most %d peers", peersMax - 1);
    file = self ? open(arguments[4], O_RDWR | O_CREAT | O_TRUNC, 0644) : open(arguments[4], O_RDONLY);
    if (file < 0) err(1, "%s", arguments[4]);
    signal(SIGPIPE, SIG_IGN);
    poller = epoll_create1(0);
    int listener = listenHere(), toSend = 0;
    for (int peer = 1; peer <= peers; peer++)
        if (peer != self) begin(peer), toSend++;
    off_t toReceive = self ? length : 0;
    while (toReceive > 0 || toSend > 0) {
        toSend -= sendFurther(self ? incoming[0].offset : length);
        struct epoll_event events[peersMax];
        int ready = epoll_wait(poller, events, peersMax, toSend || toReceive ? 1000 : 0);
        for (int index = 0; index < ready; index++) {
            struct Stream *stream = events[index].data.ptr;
            if (!stream) acceptAll(listener);
            else if (stream->isIncoming) toReceive -= receive(stream);
            else stream->isWritable = true;
        }
    }
    return 0;
}
