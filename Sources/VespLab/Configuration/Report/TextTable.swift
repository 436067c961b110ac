/// Rows of cells in columns that are as wide as they have to be.
struct TextTable {
    /// How wide a line is, in characters.
    static let width = 100
    private static let gap = "  "

    private let rows: [[String]]

    init(heading: [String], rows: [[String]]) {
        self.rows = [heading] + rows
    }

    /// The lines, indented by one gap. Where a row would be too wide, its first cell has a line of its own.
    var lines: [String] {
        let columns = rows.map(\.count).max() ?? 0
        var widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        let rest = widths.dropFirst().reduce(0) { $0 + $1 + Self.gap.count }
        let room = max(rows[0][0].count, Self.width - Self.gap.count - rest)
        widths[0] = min(widths[0], room)
        return rows.flatMap { row in
            let isTooWide = row[0].count > room
            let cells = isTooWide ? [""] + row.dropFirst() : row[...]
            let line = Self.line(Array(cells), widths)
            return isTooWide ? [Self.gap + row[0], line] : [line]
        }
    }

    private static func line(_ cells: [String], _ widths: [Int]) -> String {
        let padded = zip(cells, widths).map { $0 + String(repeating: " ", count: max(0, $1 - $0.count)) }
        let line = gap + padded.joined(separator: gap)
        return String(line.reversed().drop { $0 == " " }.reversed())
    }

    /// A label and words behind it, in as many lines as they need.
    static func entry(_ label: String, labelWidth: Int, _ text: String) -> [String] {
        let indentation = gap.count + labelWidth + gap.count
        var lines: [String] = []
        var line = gap + label + String(repeating: " ", count: max(0, labelWidth - label.count)) + gap
        if label.count > labelWidth {
            lines.append(gap + label)
            line = String(repeating: " ", count: indentation)
        }
        var isEmpty = true
        for word in text.split(separator: " ") {
            if !isEmpty && line.count + 1 + word.count > width {
                lines.append(line)
                line = String(repeating: " ", count: indentation)
                isEmpty = true
            }
            line += isEmpty ? word[...] : " \(word)"
            isEmpty = false
        }
        return lines + [line]
    }
}
