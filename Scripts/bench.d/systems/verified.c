// The least that moves a file over TCP and verifies it as p2pd does: the bound that p2pd's figures stand beside.
//
//   verified receive PORT TARGET ROOT   receives from `bare send`; ends with 1 unless the file has the root ROOT
//   verified root SOURCE                prints a file's root
//
// The main thread receives into a ring of buffers of 1 MiB, a second one hashes them, leaf by leaf and up to the
// piece's digest, and writes them. The root is BEP 52's (ARCHITECTURE.md, Identity), computed here independently.
// Files of more than one piece of 1 MiB, up to 64 GiB.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <intel-ipsec-mb.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { leafSize = 16 << 10, pieceSize = 1 << 20, leavesOfPiece = pieceSize / leafSize };
enum { ringSize = 8, piecesMax = 1 << 16 };

typedef struct {
    uint8_t bytes[32];
} Digest;

static IMB_MGR *manager;
static Digest layer[piecesMax];
static size_t pieces;

// Two lanes of the SHA instructions beat eight of AVX2; sixteen of AVX-512 are left to the library's own choice.
static void makeManager(void) {
    manager = alloc_mb_mgr(0);
    if (!manager) errx(1, "intel-ipsec-mb has no manager for this machine");
    if ((manager->features & IMB_FEATURE_SHANI) && !(manager->features & IMB_FEATURE_AVX512F)) init_mb_mgr_sse(manager);
    else init_mb_mgr_auto(manager, NULL);
}

// Digests of the messages of `size` bytes, the last perhaps shorter, that fill `count` bytes.
static void hash(const uint8_t *messages, size_t count, size_t size, Digest *digests) {
    size_t unfinished = 0;
    for (size_t offset = 0; offset < count; offset += size, digests++) {
        IMB_JOB *job = IMB_GET_NEXT_JOB(manager);
        job->cipher_mode = IMB_CIPHER_NULL;
        job->cipher_direction = IMB_DIR_ENCRYPT;
        job->chain_order = IMB_ORDER_HASH_CIPHER;
        job->hash_alg = IMB_AUTH_SHA_256;
        job->src = messages + offset;
        job->hash_start_src_offset_in_bytes = 0;
        job->msg_len_to_hash_in_bytes = count - offset < size ? count - offset : size;
        job->auth_tag_output = digests->bytes;
        job->auth_tag_output_len_in_bytes = sizeof *digests;
        unfinished++;
        if ((job = IMB_SUBMIT_JOB(manager)) && job->status == IMB_STATUS_COMPLETED) unfinished--;
    }
    for (IMB_JOB *job; unfinished && (job = IMB_FLUSH_JOB(manager)); unfinished--)
        if (job->status != IMB_STATUS_COMPLETED) errx(1, "intel-ipsec-mb did not finish a digest");
    if (unfinished) errx(1, "intel-ipsec-mb lost %zu digests", unfinished);
}

// The top of the tree over `count` nodes, whose row is filled up to `width` with `filler`; overwrites `nodes`.
static Digest top(Digest *nodes, size_t count, size_t width, Digest filler) {
    Digest parents[leavesOfPiece];
    for (; width > 1; width /= 2) {
        if (count % 2) nodes[count++] = filler;
        for (size_t done = 0; done < count / 2; done += leavesOfPiece) {
            size_t batch = count / 2 - done < leavesOfPiece ? count / 2 - done : leavesOfPiece;
            hash(nodes[2 * done].bytes, batch * 2 * sizeof *nodes, 2 * sizeof *nodes, parents);
            memcpy(nodes + done, parents, batch * sizeof *nodes);
        }
        count /= 2;
        Digest pair[2] = {filler, filler};
        hash(pair[0].bytes, sizeof pair, sizeof pair, &filler);
    }
    return count ? nodes[0] : filler;
}

static void addPiece(const uint8_t *bytes, size_t count) {
    static const Digest zero;
    Digest leaves[leavesOfPiece + 1];
    if (pieces == piecesMax) errx(1, "the file is longer than 64 GiB");
    hash(bytes, count, leafSize, leaves);
    layer[pieces++] = top(leaves, (count + leafSize - 1) / leafSize, leavesOfPiece, zero);
}

static void rootText(char *text) {
    static Digest row[piecesMax + 1];
    Digest filler = {0};
    size_t width = 1;
    if (pieces < 2) errx(1, "the file has no more than one piece");
    while (width < pieces) width *= 2;
    memcpy(row, layer, pieces * sizeof *row);
    Digest root = top(row, pieces, width, top(NULL, 0, leavesOfPiece, filler));
    for (size_t index = 0; index < sizeof root; index++) sprintf(text + 2 * index, "%02x", root.bytes[index]);
}

// MARK: The ring

static struct {
    uint8_t *bytes;
    size_t count;
} ring[ringSize];
static size_t filled, emptied;
static int ended, target;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void *hashAndWrite(void *unused) {
    for (off_t offset = 0;;) {
        pthread_mutex_lock(&mutex);
        while (filled == emptied && !ended) pthread_cond_wait(&changed, &mutex);
        int isLast = filled == emptied;
        pthread_mutex_unlock(&mutex);
        if (isLast) return unused;
        uint8_t *bytes = ring[emptied % ringSize].bytes;
        size_t count = ring[emptied % ringSize].count;
        addPiece(bytes, count);
        if (pwrite(target, bytes, count, offset) != (ssize_t)count) err(1, "pwrite");
        offset += count;
        pthread_mutex_lock(&mutex);
        emptied++;
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&mutex);
    }
}

static int connectTo(const char *port) {
    int connection = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(port))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(connection, (struct sockaddr *)&address, sizeof address) < 0) err(1, "connect to port %s", port);
    return connection;
}

static void receiveAll(const char *port, const char *path) {
    int connection = connectTo(port);
    pthread_t worker;
    ssize_t count;
    target = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (target < 0) err(1, "%s", path);
    for (size_t index = 0; index < ringSize; index++)
        if (!(ring[index].bytes = aligned_alloc(4096, pieceSize))) err(1, "memory");
    if (pthread_create(&worker, NULL, hashAndWrite, NULL)) errx(1, "no thread");
    while ((count = recv(connection, ring[filled % ringSize].bytes, pieceSize, MSG_WAITALL)) > 0) {
        pthread_mutex_lock(&mutex);
        ring[filled++ % ringSize].count = count;
        pthread_cond_signal(&changed);
        while (filled - emptied == ringSize) pthread_cond_wait(&changed, &mutex);
        pthread_mutex_unlock(&mutex);
    }
    if (count < 0) err(1, "recv");
    pthread_mutex_lock(&mutex);
    ended = 1;
    pthread_cond_signal(&changed);
    pthread_mutex_unlock(&mutex);
    pthread_join(worker, NULL);
}

static void readAll(const char *path) {
    int source = open(path, O_RDONLY);
    uint8_t *bytes = aligned_alloc(4096, pieceSize);
    ssize_t count;
    off_t offset = 0;
    if (source < 0 || !bytes) err(1, "%s", path);
    for (; (count = pread(source, bytes, pieceSize, offset)) > 0; offset += count) addPiece(bytes, count);
    if (count < 0) err(1, "read %s", path);
}

int main(int count, char **arguments) {
    char root[65];
    makeManager();
    if (count == 3 && !strcmp(arguments[1], "root")) readAll(arguments[2]);
    else if (count == 5 && !strcmp(arguments[1], "receive")) receiveAll(arguments[2], arguments[3]);
    else errx(64, "usage: verified receive PORT TARGET ROOT | verified root SOURCE");
    rootText(root);
    if (count == 3) puts(root);
    else if (strcmp(root, arguments[4])) errx(1, "the root is %s, not %s", root, arguments[4]);
    return 0;
}
