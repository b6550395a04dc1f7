import COpenSSL

/// SHA-256 with OpenSSL's libcrypto: one digest context, used for one message after the other. `EVP_DigestInit(3)`.
struct OpenSSLHasher: ~Copyable {
    private let context: OpaquePointer
    private let algorithm: OpaquePointer

    init() {
        // Nothing else on the machine could hash: it is out of memory, or its OpenSSL was configured to have no
        // provider. Made when a worker starts, before anything arrived from outside.
        guard let context = EVP_MD_CTX_new(), let algorithm = EVP_MD_fetch(nil, "SHA256", nil) else {
            // trap: at the start
            preconditionFailure("cannot set up SHA-256 with OpenSSL; see whether openssl.cnf disables its providers")
        }
        self.context = context
        self.algorithm = algorithm
    }

    deinit {
        EVP_MD_CTX_free(context)
        EVP_MD_free(algorithm)
    }

    /// Digests of the messages of `size` bytes, the last perhaps shorter, that lie one after the other in `count` bytes.
    func hash(_ messages: UnsafeRawPointer, _ count: Int, each size: Int, into digests: UnsafeMutableRawPointer) {
        var digest = digests.assumingMemoryBound(to: UInt8.self)
        for offset in stride(from: 0, to: count, by: size) {
            hash(messages + offset, min(size, count - offset), into: digest)
            digest += Int(SHA256_DIGEST_LENGTH)
        }
    }

    /// Digests of messages of any sizes, wherever they lie.
    func hash(_ messages: [UnsafeRawBufferPointer], into digests: UnsafeMutableRawPointer) {
        var digest = digests.assumingMemoryBound(to: UInt8.self)
        for message in messages {
            if let bytes = message.baseAddress { hash(bytes, message.count, into: digest) }
            digest += Int(SHA256_DIGEST_LENGTH)
        }
    }

    private func hash(_ message: UnsafeRawPointer, _ count: Int, into digest: UnsafeMutablePointer<UInt8>) {
        let hashed =
            EVP_DigestInit_ex2(context, algorithm, nil) == 1
            && EVP_DigestUpdate(context, message, count) == 1
            && EVP_DigestFinal_ex(context, digest, nil) == 1
        precondition(hashed, "OpenSSL could not finish a SHA-256 digest")  // trap: no bytes do that
    }
}
