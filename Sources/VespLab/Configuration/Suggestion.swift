/// Finds the word that somebody meant.
enum Suggestion {
    /// How many letters may be wrong, missing or too many.
    private static let tolerance = 2

    /// The one of `candidates` that is nearest to `word`: the same but for case and hyphens, or a few letters away.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        let wanted = plain(word)
        // A long word is no misspelling of a key, and comparing it would take its time.
        guard wanted.count <= 40 else { return nil }
        let distances = candidates.map { (word: $0, distance: distance(wanted, plain($0))) }
        guard let best = distances.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= min(tolerance, (wanted.count - 1) / 2) ? best.word : nil
    }

    private static func plain(_ word: String) -> [Character] {
        word.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " }
    }

    /// How many letters have to be changed, added or removed to make one word of the other (Levenshtein).
    private static func distance(_ one: [Character], _ other: [Character]) -> Int {
        var row = Array(0...other.count)
        for (index, character) in one.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in other.indices {
                let replaced = diagonal + (other[column] == character ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(replaced, row[column] + 1, diagonal + 1)
            }
        }
        return row[other.count]
    }
}
