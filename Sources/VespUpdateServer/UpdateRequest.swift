/// What a module asks an update server for (reference 7).
enum UpdateRequest: Equatable {
    /// Which version there is.
    case version
    /// The image of a version, for the half of this name.
    case image(version: String, fileName: String)

    private static let path = "/v1/device/rom/"
    private static let fileNames = ["user1.bin", "user2.bin"]

    /// - Parameter target: of a GET, the path and the query as they came.
    init?(target: String) {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == Self.path, let query = Self.fields(in: parts[1]) else { return nil }
        if query == ["is_format_simple": "true"] {
            self = .version
            return
        }
        guard query.count == 3, query["action"] == "download_rom", let version = query["version"],
            let fileName = query["filename"], Self.fileNames.contains(fileName)
        else { return nil }
        self = .image(version: version, fileName: fileName)
    }

    /// The fields of a query, in any order; nil when one is not `name=value` or comes twice.
    private static func fields(in query: Substring) -> [String: String]? {
        var fields: [String: String] = [:]
        for field in query.split(separator: "&", omittingEmptySubsequences: false) {
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, fields.updateValue(parts[1], forKey: parts[0]) == nil else { return nil }
        }
        return fields
    }
}
