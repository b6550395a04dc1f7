#if canImport(CIPSecMB)
    import CIPSecMB

    /// SHA-256 with intel-ipsec-mb: messages are submitted as jobs, which the manager spreads over as many lanes as the
    /// processor's instructions have, and flushed at the end.
    ///
    /// Jobs rather than the library's hash bursts: in version 1.3 those take only HMAC-SHA. Source: intel-ipsec-mb.h.
    struct MultiBufferHasher: ~Copyable {
        private typealias Manager = UnsafeMutablePointer<IMB_MGR>
        private typealias Step = @convention(c) (Manager?) -> UnsafeMutablePointer<IMB_JOB>?

        private let manager: Manager
        private let nextJob: Step
        private let submit: Step
        private let flush: Step

        /// - Returns: nil where the library gains nothing over OpenSSL or does not work on this processor.
        init?() {
            guard let manager = alloc_mb_mgr(0) else { return nil }
            MultiBufferHasher.selectLanes(of: manager)
            guard imb_get_errno(manager) == 0, manager.pointee.used_arch >= IMB_ARCH_SSE.rawValue,
                let nextJob = manager.pointee.get_next_job, let submit = manager.pointee.submit_job,
                let flush = manager.pointee.flush_job
            else {
                free_mb_mgr(manager)
                return nil
            }
            self.manager = manager
            self.nextJob = nextJob
            self.submit = submit
            self.flush = flush
        }

        deinit {
            free_mb_mgr(manager)
        }

        /// The widest lanes are not the fastest: two lanes of the SHA instructions, which the library's SSE code uses
        /// wherever they are, hash more than twice as much as eight AVX2 lanes (2.9 against 1.2 GiB/s on an EPYC core).
        /// Processors with AVX-512 have sixteen lanes and are left to the library's own choice.
        private static func selectLanes(of manager: Manager) {
            let features = manager.pointee.features
            if features & UInt64(IMB_FEATURE_SHANI) != 0, features & UInt64(IMB_FEATURE_AVX512F) == 0 {
                init_mb_mgr_sse(manager)
            } else {
                init_mb_mgr_auto(manager, nil)
            }
        }

        /// Digests of the messages of `size` bytes, the last perhaps shorter, that lie one after the other in `count`
        /// bytes.
        func hash(_ messages: UnsafeRawPointer, _ count: Int, each size: Int, into digests: UnsafeMutableRawPointer) {
            var digest = digests.assumingMemoryBound(to: UInt8.self)
            var message = messages.assumingMemoryBound(to: UInt8.self)
            var remaining = count
            var unfinished = 0
            while remaining > 0 {
                let length = min(size, remaining)
                unfinished += begin(message, length: length, into: digest)
                message += length
                remaining -= length
                digest += Int(IMB_SHA256_DIGEST_SIZE_IN_BYTES)
            }
            finish(unfinished)
        }

        /// Digests of messages of any sizes, wherever they lie.
        func hash(_ messages: [UnsafeRawBufferPointer], into digests: UnsafeMutableRawPointer) {
            var digest = digests.assumingMemoryBound(to: UInt8.self)
            var unfinished = 0
            for message in messages {
                if let bytes = message.baseAddress {
                    unfinished += begin(
                        bytes.assumingMemoryBound(to: UInt8.self), length: message.count, into: digest)
                }
                digest += Int(IMB_SHA256_DIGEST_SIZE_IN_BYTES)
            }
            finish(unfinished)
        }

        /// - Returns: by how many there are more messages in the lanes now.
        private func begin(_ message: UnsafePointer<UInt8>, length: Int, into digest: UnsafeMutablePointer<UInt8>)
            -> Int
        {
            prepareJob(message, length: length, into: digest)
            return isFinished(submit(manager)) ? 0 : 1
        }

        private func finish(_ count: Int) {
            var unfinished = count
            while isFinished(flush(manager)) { unfinished -= 1 }
            // trap: no bytes do that
            precondition(unfinished == 0, "intel-ipsec-mb did not finish \(unfinished) SHA-256 digests")
        }

        private func prepareJob(_ message: UnsafePointer<UInt8>, length: Int, into digest: UnsafeMutablePointer<UInt8>)
        {
            guard let job = nextJob(manager) else { return }
            job.pointee.cipher_mode = IMB_CIPHER_NULL
            job.pointee.cipher_direction = IMB_DIR_ENCRYPT
            job.pointee.chain_order = IMB_ORDER_HASH_CIPHER
            job.pointee.hash_alg = IMB_AUTH_SHA_256
            job.pointee.src = message
            job.pointee.hash_start_src_offset_in_bytes = 0
            job.pointee.msg_len_to_hash_in_bytes = UInt64(length)
            job.pointee.auth_tag_output = digest
            job.pointee.auth_tag_output_len_in_bytes = UInt64(IMB_SHA256_DIGEST_SIZE_IN_BYTES)
        }

        private func isFinished(_ job: UnsafeMutablePointer<IMB_JOB>?) -> Bool {
            job?.pointee.status == IMB_STATUS_COMPLETED
        }
    }
#endif
