import Foundation
import Testing

extension EndToEnd {
    /// `req DIR/`: whole directories.
    @Suite(.serialized)
    struct TreeTests {
        /// What `done` says of a directory's files: total, fetched, already.
        private func counts(_ reply: Reply) -> [Int?] {
            let files = reply.event("done")?["files"]
            return [files?["total"].int, files?["fetched"].int, files?["already"].int]
        }

        @Test("A directory comes with all below it: nested, empty, of any mode, whatever the names; links do not")
        func everything() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer { share in
                    try TestFile.write(share + "/other.bin", length: 10)
                    try Tree.write(share + "/tree")
                }
                try holder.awaitFiles("tree/two words.txt", "tree/Übergröße/日本語/😀.bin", "tree/large.bin")
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let reply = fetcher.ctl("req", "tree/", "--json")
                #expect(reply.code == 0, "\(reply)")
                #expect(counts(reply) == [Tree.fileCount, Tree.fileCount, 0])
                #expect(try Tree.list(fetcher.path("tree")) == Tree.list(holder.path("tree"), withLinks: false))
                #expect(try FileManager.default.contentsOfDirectory(atPath: fetcher.share) == ["tree"])
                // Whoever has fetched it offers it, and again there is nothing to do.
                let again = fetcher.ctl("req", "tree/", "--json")
                #expect(again.code == 0)
                #expect(again.event("done")?["already"].int == 1)
                holder.kill()
                try fetcher.awaitDeparture(of: holder)
                let next = try swarm.addPeer()
                try next.awaitRoster(of: [fetcher])
                #expect(next.ctl("req", "tree/").code == 0)
                #expect(try Tree.list(next.path("tree")) == Tree.list(fetcher.path("tree")))
            }
        }

        @Test("How far a directory is includes what has come of a large file of it")
        func progress() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer { share in
                    try TestFile.write(share + "/tree/large.bin", length: 12 * mebibyte)
                }
                try holder.awaitFiles("tree/large.bin")
                let fetcher = try swarm.addPeer(arguments: ["--max-download", "4M"])
                try swarm.settle()
                #expect(fetcher.ctl("req", "tree/", "--background").code == 0)
                let have = try fetcher.awaitBytes(3 * mebibyte, of: "tree")
                #expect(have < 12 * mebibyte)
                #expect(fetcher.download("tree")?["bytesPerSecond"].double ?? 0 > 0)
                #expect(fetcher.ctl("limit", "--download", "none").code == 0)
                #expect(fetcher.ctl("wait", "tree/").code == 0)
            }
        }

        @Test("A directory's length is that of its files, for `who`, `found`, `done` and whoever waits for it")
        func lengths() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer { share in
                    try TestFile.write(share + "/tree/a.bin", length: 3 * mebibyte)
                    try TestFile.write(share + "/tree/b.bin", length: 5000)
                }
                try holder.awaitFiles("tree/a.bin", "tree/b.bin")
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let length = 3 * mebibyte + 5000
                let version = fetcher.ctl("who", "tree/", "--json").json?["versions"].array.first
                #expect(version?["length"].int == length)
                #expect(version?["holders"].array.first?["have"].int == length)
                #expect(version?["holders"].array.first?["complete"].int == 1)
                let reply = fetcher.ctl("req", "tree/", "--json")
                #expect(reply.event("found")?["length"].int == length, "\(reply)")
                #expect(reply.event("done")?["length"].int == length)
                #expect(fetcher.log.contains("bytes=\(length)"))
                for name in ["req", "wait"] {
                    #expect(fetcher.ctl(name, "tree/", "--json").event("done")?["length"].int == length)
                }
            }
        }

        @Test("A directory that cannot be offered: its holder's `files` says why, and whoever asks hears who has it")
        func unfit() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer { share in
                    for name in ["README", "Readme"] { try TestFile.write(share + "/tree/" + name, length: 10) }
                }
                try holder.awaitFiles("tree/README", "tree/Readme")
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let reply = fetcher.ctl("req", "tree/")
                #expect(reply.code == 66)
                #expect(reply.errors.contains("\(holder.address) has it and cannot offer it"), "\(reply)")
                let who = fetcher.ctl("who", "tree/")
                #expect(who.code == 66)
                #expect(who.errors.contains("\(holder.address) has it and cannot offer it"), "\(who)")
                for command in ["who", "req"] {
                    let own = holder.ctl(command, "tree/")
                    #expect(own.code == 66)
                    #expect(own.errors.contains("\(holder.address) has it and cannot offer it"), "\(own)")
                }
                #expect(holder.ctl("files").output.contains("tree/  (it cannot be offered as a whole"))
                #expect(fetcher.ctl("req", "tree/README").code == 0)
                try FileManager.default.removeItem(atPath: holder.path("tree/Readme"))
                try eventually("it can be offered") { fetcher.ctl("req", "tree/").code == 0 }
                #expect(!holder.ctl("files").output.contains("cannot be offered"))
            }
        }

        @Test("Of a directory that is here but for one file, only that file is fetched")
        func oneMissing() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer { try Tree.write($0 + "/tree") }
                try holder.awaitFiles("tree/large.bin")
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                #expect(fetcher.ctl("req", "tree/").code == 0)
                for name in ["tree/two words.txt", "tree/large.bin"] {
                    let before = fetcher.count("bytesIn")
                    let length = try #require(FileManager.default.contents(atPath: fetcher.path(name))?.count)
                    try FileManager.default.removeItem(atPath: fetcher.path(name))
                    try eventually("its loss is noticed") { fetcher.files()[name] == nil }
                    let reply = fetcher.ctl("req", "tree/", "--json")
                    #expect(reply.code == 0, "\(reply)")
                    #expect(counts(reply) == [Tree.fileCount, 1, Tree.fileCount - 1])
                    #expect(fetcher.count("bytesIn") - before == length)
                }
                #expect(try Tree.list(fetcher.path("tree")) == Tree.list(holder.path("tree"), withLinks: false))
            }
        }

        @Test("What cannot be had is told file by file with the code of the first, and all else comes")
        func partly() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer { try Tree.write($0 + "/tree") }
                try holder.awaitFiles("tree/large.bin")
                let fetcher = try swarm.addPeer { share in
                    try TestFile.write(share + "/tree/two words.txt", length: 77, seed: 99)
                    // A file where a directory should be.
                    try TestFile.write(share + "/tree/Übergröße", length: 78, seed: 98)
                }
                try fetcher.awaitFiles("tree/two words.txt", "tree/Übergröße")
                try swarm.settle()
                let reply = fetcher.ctl("req", "tree/", "--json")
                #expect(reply.code == 73, "\(reply)")
                let failed = reply.lines.last { $0["files"]["failed"].array.count > 0 }?["files"]["failed"].array ?? []
                let names = Set(failed.compactMap { $0["name"].string })
                #expect(names.isSuperset(of: ["tree/two words.txt", "tree/Übergröße/日本語/😀.bin"]))
                #expect(Set(failed.compactMap { $0["cause"].string }) == ["exists", "occupied"])
                #expect(failed.allSatisfy { $0["message"].string?.isEmpty == false })
                #expect(TextFile.read(fetcher.path("tree/two words.txt")).utf8.count > 0)
                #expect(!TestFile.sameBytes(fetcher.path("tree/two words.txt"), holder.path("tree/two words.txt")))
                #expect(TestFile.sameBytes(fetcher.path("tree/large.bin"), holder.path("tree/large.bin")))
                // For people, too.
                let text = fetcher.ctl("req", "tree/")
                #expect(text.code == 73)
                #expect((text.output + text.errors).contains("tree/two words.txt"))
                // With --force the file is replaced and kept; what is no file is left alone.
                let forced = fetcher.ctl("req", "tree/", "--force", "--json")
                #expect(forced.code == 73, "\(forced)")
                let files = try #require(forced.event("done")?["files"])
                let counts = ["fetched", "already", "failedFiles"].compactMap { files[$0].int }
                #expect(counts.reduce(0, +) == Tree.fileCount)
                #expect(files["failedDirectories"].int == files["failed"].array.count - (counts.last ?? 0))
                #expect(files["failed"].array.allSatisfy { $0["message"].string?.contains("--force") == true })
                #expect(TestFile.sameBytes(fetcher.path("tree/two words.txt"), holder.path("tree/two words.txt")))
                #expect(TestFile.exists(fetcher.path("tree/two words.txt.~1~")))
            }
        }

        @Test("What --force keeps of replaced files is not shared: all have one version of the directory")
        func backups() throws {
            try Swarm.run(inMemory: true) { swarm in
                let holder = try swarm.addPeer { share in
                    for name in ["a", "b"] { try TestFile.write("\(share)/t/\(name)", length: 5000) }
                }
                try holder.awaitFiles("t/a", "t/b")
                let fetcher = try swarm.addPeer { try TestFile.write($0 + "/t/b", length: 77, seed: 99) }
                try fetcher.awaitFiles("t/b")
                let third = try swarm.addPeer()
                try swarm.settle()
                #expect(fetcher.ctl("req", "t/", "--force").code == 0)
                #expect(TestFile.exists(fetcher.path("t/b.~1~")))
                let who = third.ctl("who", "t/", "--json").json
                #expect(who?["versions"].array.map { $0["holders"].array.count } == [2])
                #expect(third.ctl("req", "t/").code == 0)
                try fetcher.terminate()
                try fetcher.restart()
                try fetcher.awaitFiles("t/a", "t/b")
                #expect(fetcher.files().count == 2)
            }
        }

        @Test("A directory that is paused keeps what came of it, shows that, and fetches only the rest")
        func paused() throws {
            try Swarm.run(inMemory: true) { swarm in
                let (count, length) = (400, 20_000)
                let holder = try swarm.addPeer(arguments: ["--max-upload", "2M"]) { share in
                    for index in 0..<count {
                        try TestFile.write("\(share)/many/\(index)", length: length, seed: UInt64(index))
                    }
                }
                try eventually("all are indexed") { holder.files().count == count }
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                #expect(fetcher.ctl("req", "many/", "--background").code == 0)
                try eventually("much has come") { fetcher.count("bytesIn") > 3_000_000 }
                #expect(fetcher.ctl("pause", "many/").code == 0)
                let row = try #require(fetcher.ctl("downloads", "--json").lines.last?["downloads"].array.first)
                #expect(row["state"].string == "paused")
                #expect(row["have"].int ?? 0 > 2_000_000)
                #expect(row["length"].int == count * length)
                #expect(fetcher.ctl("resume", "many/").code == 0)
                let reply = fetcher.ctl("wait", "many/")
                #expect(reply.code == 0, "\(reply)")
                // What was on its way may have come twice.
                #expect(fetcher.count("bytesIn") < count * length + 2_000_000)
                #expect(try Tree.list(fetcher.path("many")) == Tree.list(holder.path("many")))
            }
        }

        @Test(
            "A directory that is cancelled leaves nothing of it but what is others', also after the daemon was restarted",
            arguments: [false, true])
        func cancelled(_ restarted: Bool) throws {
            try Swarm.run(inMemory: true) { swarm in
                let (count, length) = (400, 20_000)
                let holder = try swarm.addPeer(arguments: ["--max-upload", "2M"]) { share in
                    for index in 0..<count {
                        try TestFile.write("\(share)/many/\(index % 7)/\(index)", length: length, seed: UInt64(index))
                    }
                }
                try eventually("all are indexed") { holder.files().count == count }
                let fetcher = try swarm.addPeer { try TestFile.write($0 + "/many/0/mine", length: 5) }
                let asker = try swarm.addPeer()
                try swarm.settle()
                #expect(fetcher.ctl("req", "many/", "--background").code == 0)
                try eventually("some have come") { fetcher.files().count > 100 }
                if restarted {
                    try fetcher.terminate()
                    try fetcher.restart()
                    try fetcher.awaitReady()
                }
                // One of them is another's now.
                let changed = try #require(fetcher.files().keys.sorted().first { $0 != "many/0/mine" })
                try TestFile.write(fetcher.path(changed), length: 7, seed: 99)
                #expect(fetcher.ctl("cancel", "many/").code == 0)
                let others = Set(["many/0/mine", changed].map { String($0.dropFirst("many/".count)) })
                let directories = Set(others.compactMap { $0.split(separator: "/").first.map(String.init) })
                try eventually("what came of it is gone") {
                    Set(FileManager.default.subpaths(atPath: fetcher.path("many")) ?? []) == others.union(directories)
                }
                try FileManager.default.removeItem(atPath: fetcher.path("many"))
                try eventually("that is noticed") { fetcher.files().isEmpty }
                // There is one version for the others.
                let reply = asker.ctl("req", "many/")
                #expect(reply.code == 0, "\(reply)")
            }
        }

        @Test(
            "A directory that is cancelled while files of it get their names is gone at the answer, and comes whole anew"
        )
        func cancelledInTheAct() throws {
            try Swarm.run(inMemory: true) { swarm in
                let count = 4000
                let holder = try swarm.addPeer(arguments: ["--max-upload", "4M"]) { share in
                    for index in 0..<count {
                        try TestFile.write("\(share)/many/\(index % 2)/\(index)", length: 2048, seed: UInt64(index))
                    }
                }
                try eventually("all are indexed") { holder.files().count == count }
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let many = fetcher.path("many")
                for _ in 0..<3 {
                    #expect(fetcher.ctl("req", "many/", "--background").code == 0)
                    try eventually("files get their names") {
                        (FileManager.default.subpaths(atPath: many) ?? []).count > 10
                    }
                    #expect(fetcher.ctl("cancel", "many/").code == 0)
                    #expect(!FileManager.default.fileExists(atPath: many))
                }
                #expect(holder.ctl("limit", "--upload", "none").code == 0)
                #expect(fetcher.ctl("req", "many/").code == 0)
                try eventually("all are known") { fetcher.files().count == count }
                #expect((FileManager.default.subpaths(atPath: many) ?? []).count == count + 2)
            }
        }

        @Test("A directory of which a file failed stays listed and is no version for others until it is whole")
        func incomplete() throws {
            try Swarm.run(inMemory: true) { swarm in
                let holder = try swarm.addPeer { share in
                    for name in ["a", "b", "c"] { try TestFile.write("\(share)/t/\(name)", length: 5000) }
                }
                try holder.awaitFiles("t/a", "t/b", "t/c")
                let fetcher = try swarm.addPeer { try TestFile.write($0 + "/t/b", length: 77, seed: 99) }
                try fetcher.awaitFiles("t/b")
                let asker = try swarm.addPeer()
                try swarm.settle()
                let root = try #require(holder.ctl("who", "t/", "--json").lines.last?["local"].string)
                let reply = fetcher.ctl("req", "t/", "--root", root, "--json")
                #expect(reply.code == 73, "\(reply)")
                let row = try #require(fetcher.ctl("downloads", "--json").lines.last?["downloads"].array.first)
                #expect(row["state"].string == "failed")
                let other = asker.ctl("req", "t/")
                #expect(other.code == 0, "\(other)")
                let again = fetcher.ctl("req", "t/", "--force", "--json")
                #expect(again.code == 0, "\(again)")
                #expect(fetcher.ctl("downloads", "--json").lines.last?["downloads"].array.isEmpty == true)
                #expect(TestFile.sameBytes(fetcher.path("t/b"), holder.path("t/b")))
            }
        }

        @Test("A file that changed at the holder makes another version: of that only this file comes, and with --force")
        func changed() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer { try Tree.write($0 + "/tree") }
                try holder.awaitFiles("tree/large.bin")
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                let first = fetcher.ctl("req", "tree/", "--json")
                #expect(first.code == 0)
                let root = holder.files()["tree/two words.txt"]
                try TestFile.write(holder.path("tree/two words.txt"), length: 4321, seed: 77)
                try TestFile.write(holder.path("tree/new.txt"), length: 12, seed: 78)
                try eventually("the change is indexed") {
                    let files = holder.files()
                    return files["tree/new.txt"] != nil && files["tree/two words.txt"].map { $0 != root } ?? false
                }
                let reply = fetcher.ctl("req", "tree/", "--json")
                #expect(reply.code == 73, "\(reply)")
                #expect(TestFile.sameBytes(fetcher.path("tree/new.txt"), holder.path("tree/new.txt")))
                let before = fetcher.count("bytesIn")
                let forced = fetcher.ctl("req", "tree/", "--force", "--no-backup", "--json")
                #expect(forced.code == 0, "\(forced)")
                #expect(fetcher.count("bytesIn") - before == 4321)
                #expect(forced.event("done")?["root"].string != first.event("done")?["root"].string)
                #expect(try Tree.list(fetcher.path("tree")) == Tree.list(holder.path("tree"), withLinks: false))
            }
        }

        @Test("Another mode at the holder is another version, which is had without fetching a byte of any file")
        func modes() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer { try Tree.write($0 + "/tree") }
                try holder.awaitFiles("tree/large.bin")
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                var roots = [fetcher.ctl("req", "tree/", "--json").event("done")?["root"].string]
                for (name, mode) in [("/two words.txt", 0o644), ("/large.bin", 0o755), ("/bin", 0o755), ("", 0o700)] {
                    chmod(holder.path("tree") + name, mode_t(mode))
                    let listed = try Tree.list(holder.path("tree"), withLinks: false)
                    var root: String?
                    try eventually("its version follows", within: 15) {
                        let reply = fetcher.ctl("req", "tree/", "--json")
                        root = reply.event("done")?["root"].string
                        guard reply.code == 0, counts(reply)[1] == 0 else { throw Failure("\(reply)") }
                        return try Tree.list(fetcher.path("tree")) == listed
                    }
                    roots.append(root)
                }
                #expect(Set(roots).count == 5 && !roots.contains(nil), "\(roots)")
            }
        }

        @Test(
            "Five hundred small files come whole from two holders, and go on after the fetcher was killed in the middle"
        )
        func manySmall() throws {
            try Swarm.run { swarm in
                let holder = try swarm.addPeer(arguments: ["--max-upload", "1M"]) { share in
                    for index in 0..<500 {
                        try TestFile.write("\(share)/many/\(index % 7)/\(index)", length: 4096, seed: UInt64(index))
                    }
                }
                try eventually("all are indexed") { holder.files().count == 500 }
                let other = try swarm.addPeer(arguments: ["--max-upload", "1M"]) {
                    try FileManager.default.copyItem(atPath: holder.path("many"), toPath: $0 + "/many")
                }
                try eventually("the copies are indexed") { other.files().count == 500 }
                let fetcher = try swarm.addPeer()
                try swarm.settle()
                #expect(fetcher.ctl("req", "many/", "--background").code == 0)
                try eventually("some have come") { fetcher.count("bytesIn") > 500_000 }
                fetcher.kill()
                try fetcher.restart()
                try fetcher.awaitReady()
                let reply = fetcher.ctl("req", "many/", "--json")
                #expect(reply.code == 0, "\(reply)")
                #expect(try Tree.list(fetcher.path("many")) == Tree.list(holder.path("many")))
                #expect(try fetcher.partialFiles().isEmpty)
            }
        }
    }
}

/// A small directory of everything that may lie in one.
private enum Tree {
    /// Files that travel.
    static let fileCount = 7

    static func write(_ path: String) throws {
        try TestFile.write(path + "/two words.txt", length: 1000, seed: 1)
        try TestFile.write(path + "/Übergröße/日本語/😀.bin", length: 5000, seed: 2)
        try TestFile.write(path + "/bin/run", length: 700, seed: 3)
        try TestFile.write(path + "/large.bin", length: 3 * EndToEnd.mebibyte + 5, seed: 4)
        try TestFile.write(path + "/bin/large", length: 2 * EndToEnd.mebibyte, seed: 5)
        try TestFile.write(path + "/nothing", length: 0)
        try TestFile.write(path + "/-dash", length: 16_385, seed: 6)
        for program in ["/bin/run", "/bin/large"] { chmod(path + program, 0o755) }
        // Of small files and of large ones, narrow and wide, of files and directories.
        for file in ["/two words.txt", "/large.bin"] { chmod(path + file, 0o600) }
        for file in ["/nothing", "/-dash"] { chmod(path + file, 0o466) }
        for directory in ["/empty", "/deep/er/and/empty"] {
            try FileManager.default.createDirectory(atPath: path + directory, withIntermediateDirectories: true)
        }
        for (directory, mode) in [("/empty", 0o777), ("/deep/er", 0o711), ("/bin", 0o700), ("", 0o750)] {
            chmod(path + directory, mode_t(mode))
        }
        symlink("/etc/passwd", path + "/outward")
        symlink("two words.txt", path + "/inward")
        symlink("/etc", path + "/deep/etc")
        mkfifo(path + "/fifo", 0o600)
    }

    /// Every entry of a directory, itself among them, with its mode and what it holds.
    static func list(_ path: String, withLinks: Bool = true) throws -> [String: String] {
        var entries: [String: String] = [:]
        let names = try FileManager.default.subpathsOfDirectory(atPath: path) + ["."]
        for name in names {
            var info = stat()
            guard lstat("\(path)/\(name)", &info) == 0 else { throw Failure("look at \(path)/\(name): errno \(errno)") }
            switch info.st_mode & S_IFMT {
            case S_IFDIR: entries[name] = "directory \(String(info.st_mode & 0o7777, radix: 8))"
            case S_IFREG:
                let bytes = FileManager.default.contents(atPath: "\(path)/\(name)") ?? Data()
                let mode = String(info.st_mode & 0o7777, radix: 8)
                entries[name] = "file \(mode) of \(bytes.count) bytes, \(bytes.hashValue)"
            default: if withLinks { entries[name] = "special" }
            }
        }
        return entries
    }
}
