import Foundation
import FuzzTargets
import Posix

// `fuzz` lists the targets; `fuzz --TARGET FILE...` gives one the bytes of each file, and ends with 1 if one breaks it. As
// Scripts/fuzz builds it, the bytes come from libFuzzer, and what follows TARGET is libFuzzer's:
// https://llvm.org/docs/LibFuzzer.html#options

func tell(_ message: String) { StandardError.write(Array("fuzz: \(message)\n".utf8)) }

func fail(_ message: String) -> Never {
    tell(message)
    exit(1)
}

guard CommandLine.arguments.count > 1 else {
    for target in FuzzTarget.allCases { print(target.rawValue) }
    exit(0)
}
guard let target = FuzzTarget.allCases.first(where: { "--\($0.rawValue)" == CommandLine.arguments[1] }) else {
    fail("there is no target \(CommandLine.arguments[1])")
}
nonisolated(unsafe) let body: ([UInt8]) throws -> Void
do { body = try target.makeBody() } catch { fail("\(target) cannot begin: \(error)") }

#if FUZZER
    @_silgen_name("LLVMFuzzerRunDriver")
    func runDriver(
        _ count: UnsafeMutablePointer<CInt>,
        _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
        _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
    ) -> CInt

    // It passes over what begins with two dashes, and gives it to processes of its own.
    let options = CommandLine.arguments.prefix(2) + ["-max_len=\(target.bytesMax)"] + CommandLine.arguments.dropFirst(2)
    let pointers = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: options.count + 1)
    for (index, option) in options.enumerated() { pointers[index] = strdup(option) }
    pointers[options.count] = nil
    var (count, arguments) = (CInt(options.count), pointers)
    exit(
        runDriver(&count, &arguments) { bytes, size in
            do {
                try body(Array(UnsafeBufferPointer(start: bytes, count: size)))
            } catch {
                tell("broken: \(error)")
                // libFuzzer keeps the input and says where it is.
                abort()
            }
            return 0
        })
#else
    for path in CommandLine.arguments.dropFirst(2) {
        do { try body(Array(try Data(contentsOf: URL(fileURLWithPath: path)))) } catch {
            fail("\(path) breaks \(target): \(error)")
        }
    }
#endif
