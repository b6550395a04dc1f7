import Testing

@testable import Storage

struct MetaTableTests {
    @Test("A text is kept by its key, replaced and removed, also after the database was opened anew")
    func keepsTexts() throws {
        let scratch = try Scratch()
        let database = try scratch.reopen()
        #expect(try database.texts().isEmpty)
        try database.setText("50M", for: "max_upload")
        try database.setText("", for: "empty")
        try database.setText("10M", for: "max_upload")
        try database.setText("x", for: "gone")
        try database.setText(nil, for: "gone")
        try database.close()
        #expect(try scratch.reopen().texts() == ["max_upload": "10M", "empty": ""])
    }
}
