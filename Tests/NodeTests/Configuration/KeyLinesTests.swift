import Testing

@testable import Node

@Suite struct KeyLinesTests {
    @Test("keys inside of strings, arrays and comments are not taken for keys")
    func insideValues() {
        let lines = KeyLines(
            """
            # port = 1
            label = \"\"\"
            share = "not a key"
            \\""\" port = 2
            \"\"\"\"
            manager = [ # port = 3 ]
              "x]", 'port = 4',
            ]
            control = 'it\\'
            """
                + "\n'quoted' = {port = 1, b = \"\\\"#\"}\n  port\t= 7001\n[table.port2]\nstate = ''\n")
        #expect(lines["label"] == 2)
        #expect(lines["manager"] == 6)
        #expect(lines["control"] == 9)
        #expect(lines["quoted"] == 10)
        #expect(lines["port"] == 11)
        #expect(lines["table"] == 12)
        #expect(lines["share"] == nil)
        #expect(lines["state"] == nil)
    }

    @Test("lines that end in carriage return and newline count once")
    func carriageReturns() {
        #expect(KeyLines("# a\r\n\r\nport = 1\r\nshare = 'x'")["share"] == 4)
    }

    @Test(
        "any text at all comes to an end",
        arguments: ["", "=", "[", "\"", "'''", "a = [", "\"\"\"\\", "a = \"\\", "}]\n]"])
    func notTOML(text: String) {
        #expect(KeyLines(text)["nothing"] == nil)
    }
}
