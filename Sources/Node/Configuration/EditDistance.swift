/// How far apart two words are, to find what someone meant.
enum EditDistance {
    /// The fewest bytes to insert, delete or replace that make one text of the other (Levenshtein's distance).
    static func between(_ left: String, _ right: String) -> Int {
        let right = Array(right.utf8)
        var row = Array(0...right.count)
        for (position, byte) in left.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = position + 1
            for column in right.indices {
                let replaced = diagonal + (byte == right[column] ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, row[column + 1] + 1)
            }
        }
        return row[right.count]
    }

    /// - Returns: the first of the nearest, nil if there are no words.
    static func nearest(to word: String, in words: [String]) -> String? {
        words.min { between(word, $0) < between(word, $1) }
    }
}
