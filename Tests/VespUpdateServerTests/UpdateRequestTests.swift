import Testing

@testable import VespUpdateServer

@Suite("What a module may ask for")
struct UpdateRequestTests {
    @Test("the two requests of the firmware are understood")
    func requests() {
        #expect(UpdateRequest(target: "/v1/device/rom/?is_format_simple=true") == .version)
        let target = "/v1/device/rom/?action=download_rom&version=v1.0a&filename="
        #expect(UpdateRequest(target: target + "user1.bin") == .image(version: "v1.0a", fileName: "user1.bin"))
        #expect(UpdateRequest(target: target + "user2.bin") == .image(version: "v1.0a", fileName: "user2.bin"))
        let reordered = "/v1/device/rom/?filename=user1.bin&version=v1.0a&action=download_rom"
        #expect(UpdateRequest(target: reordered) == .image(version: "v1.0a", fileName: "user1.bin"))
    }

    @Test(
        "everything else is not",
        arguments: [
            "", "/", "/v1/device/rom/", "/v1/device/rom/?", "/v1/device/rom?is_format_simple=true",
            "/v1/device/rom/?is_format_simple=false", "/v1/device/rom/?is_format_simple=true&x=1",
            "/v1/device/rom/?is_format_simple=true&is_format_simple=true", "/v1/device/rom/?is_format_simple",
            "/v1/device/rom/?action=download_rom&version=v0.22",
            "/v1/device/rom/?action=download_rom&filename=user1.bin",
            "/v1/device/rom/?action=download_rom&version=v0.22&filename=user3.bin",
            "/v1/device/rom/?action=download_rom&version=v0.22&filename=../user1.bin",
            "/v1/device/rom/?action=erase&version=v0.22&filename=user1.bin",
            "http://x/v1/device/rom/?is_format_simple=true", "/v1/device/rom/?&&&", "/v1/device/rom/?=",
        ])
    func others(target: String) {
        #expect(UpdateRequest(target: target) == nil)
    }

    @Test("a version has five plain characters", arguments: ["v0.22", "v1.0a", "A-_.9"])
    func version(text: String) {
        #expect(FirmwareVersion(text)?.description == text)
    }

    @Test(
        "any other text is no version", arguments: ["", "v0.2", "v0.221", "v0 22", "v0\"22", "v0&22", "v0\r22", "vö22"])
    func noVersion(text: String) {
        #expect(FirmwareVersion(text) == nil)
    }
}
