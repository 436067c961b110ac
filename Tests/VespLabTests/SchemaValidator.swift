import Foundation

@testable import VespLab

/// What a JSON Schema has against a lab file: a checker that nobody wrote for lab files, with the keywords that their
/// schema uses, which are all that it accepts.
struct SchemaValidator {
    enum Complaint: Hashable {
        case unknownKeyword(String)
        case value(key: String, keyword: String)
    }

    static func complaints(_ schema: JSONValue, _ value: LabFileValue) -> [Complaint] {
        guard case .object(let members) = schema else { return [.unknownKeyword("a schema that is no object")] }
        return members.flatMap { complaints($0.name, $0.value, value, members) }
    }

    private static func complaints(
        _ keyword: String, _ argument: JSONValue, _ value: LabFileValue, _ schema: [JSONValue.Member]
    ) -> [Complaint] {
        let complaint = [Complaint.value(key: value.key, keyword: keyword)]
        switch (keyword, argument) {
        case ("$schema", _), ("title", _), ("description", _), ("default", _): return []
        case ("type", .text(let type)): return isOf(type, value) ? [] : complaint
        case ("type", .list(let types)):
            return types.contains { if case .text(let type) = $0 { isOf(type, value) } else { false } } ? [] : complaint
        case ("enum", .list(let choices)):
            return choices.contains { $0.line == text(value) || $0.line == "\"\(text(value) ?? "")\"" } ? [] : complaint
        case ("minimum", .number(let limit)): return number(value).map { $0 >= bound(limit) } ?? true ? [] : complaint
        case ("maximum", .number(let limit)): return number(value).map { $0 <= bound(limit) } ?? true ? [] : complaint
        case ("minLength", .number(let limit)):
            return text(value).map { $0.count >= Int(bound(limit)) } ?? true ? [] : complaint
        case ("maxLength", .number(let limit)):
            return text(value).map { $0.count <= Int(bound(limit)) } ?? true ? [] : complaint
        case ("pattern", .text(let pattern)):
            // As in JSON Schema, numbers are no concern of a pattern.
            guard let text = text(value), !isOf("number", value) else { return [] }
            return text.range(of: pattern, options: .regularExpression) == nil ? complaint : []
        case ("minItems", .number(let limit)):
            return items(value).map { $0.count >= Int(bound(limit)) } ?? true ? [] : complaint
        case ("maxItems", .number(let limit)):
            return items(value).map { $0.count <= Int(bound(limit)) } ?? true ? [] : complaint
        case ("items", let item): return (items(value) ?? []).flatMap { complaints(item, $0) }
        case ("required", .list(let names)):
            return names.allSatisfy { if case .text(let name) = $0 { value.child(name) != nil } else { false } }
                ? [] : complaint
        case ("properties", .object(let properties)):
            return properties.flatMap { property in
                value.child(property.name).map { complaints(property.value, $0) } ?? []
            }
        case ("additionalProperties", .boolean(false)):
            guard case .object(let known)? = schema.first(where: { $0.name == "properties" })?.value else {
                return complaint
            }
            return (entries(value) ?? []).filter { entry in !known.contains { $0.name == entry.name } }
                .map { .value(key: $0.place.key, keyword: keyword) }
        case ("additionalProperties", let others):
            return (entries(value) ?? []).flatMap { complaints(others, $0.value) }
        default: return [.unknownKeyword(keyword)]
        }
    }

    private static func isOf(_ type: String, _ value: LabFileValue) -> Bool {
        switch type {
        case "object": entries(value) != nil
        case "array": items(value) != nil
        case "boolean": read { () throws(ConfigurationError) in try value.boolean() } != nil
        case "integer":
            read { () throws(ConfigurationError) in try value.integer(in: Int128.min...Int128.max) } != nil
        case "number":
            read { () throws(ConfigurationError) in
                try value.decimal(times: 1_000_000, in: .min ... .max, "")
            } != nil
        case "string": bytes(value) != nil && !isOf("number", value)
        default: false
        }
    }

    private static func items(_ value: LabFileValue) -> [LabFileValue]? {
        read { () throws(ConfigurationError) in try value.list("") }
    }

    private static func entries(_ value: LabFileValue) -> [LabFileValue.Entry]? {
        read { () throws(ConfigurationError) in try value.entries("") }
    }

    private static func text(_ value: LabFileValue) -> String? {
        read { () throws(ConfigurationError) in try value.text() }
    }

    private static func bytes(_ value: LabFileValue) -> [UInt8]? {
        read { () throws(ConfigurationError) in try value.bytes("") }
    }

    private static func number(_ value: LabFileValue) -> Double? {
        isOf("number", value) ? text(value).flatMap(Double.init) : nil
    }

    private static func bound(_ digits: String) -> Double { Double(digits) ?? .nan }

    /// Nil for a value of another type.
    private static func read<Value>(_ body: () throws(ConfigurationError) -> Value) -> Value? {
        do throws(ConfigurationError) { return try body() } catch { return nil }
    }
}
