/// Rows of text in aligned columns, two spaces apart.
public struct Table: Sendable {
    /// A column's heading and the side its cells stand on. A table whose headings are all empty has no heading line.
    public enum Column: Sendable {
        case left(String)
        case right(String)

        fileprivate var heading: String {
            switch self {
            case .left(let text), .right(let text): text
            }
        }

        fileprivate func pad(_ cell: String, to width: Int) -> String {
            let space = String(repeating: " ", count: max(0, width - TerminalWidth.columns(cell)))
            return switch self {
            case .left: cell + space
            case .right: space + cell
            }
        }
    }

    private let columns: [Column]
    private let rows: [[String]]

    /// - Parameter rows: as many cells as columns in each, already escaped.
    public init(columns: [Column], rows: [[String]]) {
        self.columns = columns
        self.rows = rows
    }

    /// Heading and rows, without spaces at their ends.
    public var lines: [String] {
        let headings = columns.map(\.heading)
        let all = headings.allSatisfy(\.isEmpty) ? rows : [headings] + rows
        let widths = columns.indices.map { column in
            all.map { TerminalWidth.columns($0[column]) }.max() ?? 0
        }
        return all.map { row in
            let cells = columns.indices.map { columns[$0].pad(row[$0], to: widths[$0]) }
            return cells.joined(separator: "  ").trimmedAtEnd
        }
    }
}

extension String {
    fileprivate var trimmedAtEnd: String {
        let end = utf8.lastIndex { $0 != UInt8(ascii: " ") }
        return end.map { String(self[...$0]) } ?? ""
    }
}
