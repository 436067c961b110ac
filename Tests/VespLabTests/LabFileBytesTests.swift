import ATPrimitives
import Foundation
import Testing

@testable import VespLab

@Suite("Names and passwords of a lab file may have any bytes")
struct LabFileBytesTests {
    private func file(_ ssid: String, password: String? = nil) -> String {
        let line = password.map { "\n      password: \($0)" } ?? ""
        return "modules: [{name: esp}]\nair:\n  accessPoints:\n    - ssid: \(ssid)\(line)\n"
    }

    private func base64(_ bytes: [UInt8]) -> String { "!!binary \"\(Data(bytes).base64EncodedString())\"" }

    @Test("!!binary gives bytes in base64")
    func binary() throws {
        #expect(try lab(file("!!binary \"SG9t/w==\"")).accessPoints[0].ssid == [0x48, 0x6F, 0x6D, 0xFF])
        #expect(try lab(file("!!binary SG9tZQ==")).accessPoints[0].ssid == Array("Home".utf8))
        let all = (0...255).map { UInt8($0) }
        for start in stride(from: 0, to: 256, by: 32) {
            let ssid = Array(all[start..<start + 32])
            #expect(try lab(file(base64(ssid), password: base64(ssid))).accessPoints[0].ssid == ssid)
            #expect(try lab(file(base64(ssid), password: base64(ssid))).accessPoints[0].password == ssid)
        }
    }

    @Test("escapes of double quotes give characters, in UTF-8")
    func escapes() throws {
        #expect(try lab(file("\"a\\xE4\\0\"")).accessPoints[0].ssid == [0x61, 0xC3, 0xA4, 0x00])
        #expect(try lab(file("'a\\xE4'")).accessPoints[0].ssid == Array("a\\xE4".utf8), "only of double ones")
    }

    @Test("a name has at most 32 bytes, however they are written")
    func nameLimit() throws {
        #expect(try lab(file(String(repeating: "n", count: 32))).accessPoints[0].ssid.count == 32)
        #expect(try lab(file(base64([UInt8](repeating: 0xFF, count: 32)))).accessPoints[0].ssid.count == 32)
        let error = try refusal(file(base64([UInt8](repeating: 0xFF, count: 33))))
        #expect(error.sentence.hasSuffix("has 33 bytes, and an SSID has 1 to 32; choose another name."))
        #expect(throws: ConfigurationError.self) { try lab(file("!!binary \"\"")) }
    }

    @Test("a password has 8 to 63 bytes or 64 hex digits, however they are written")
    func passwordLimit() throws {
        for bytes in [8, 63].map({ [UInt8](repeating: 0, count: $0) }) + [[UInt8](repeating: 0x66, count: 64)] {
            #expect(try lab(file("Home", password: base64(bytes))).accessPoints[0].password == bytes)
        }
        for bytes in [7, 64, 65].map({ [UInt8](repeating: 0xFF, count: $0) }) {
            #expect(try refusal(file("Home", password: base64(bytes))).key == "air.accessPoints[0].password")
        }
    }

    @Test("what is not base64, or not for bytes, is refused")
    func noBase64() throws {
        #expect(
            try refusal(file("!!binary \"Home!\"")).description
                == "lab.yaml:4: air.accessPoints[0].ssid: \"Home!\" is not base64; write one such as !!binary \"SG9t/w==\"."
        )
        #expect(
            try refusal("modules:\n  - name: !!binary \"ZXNw\"\n").sentence
                == "here is a text of bytes (!!binary); give a name, in quotes if it reads like something else.")
    }
}
