import ATEngine
import ATPrimitives

/// A flash file in words and numbers, for people and as JSON (`vesp flash info`).
///
/// Addresses and sizes are in bytes; what is a default, or is not known, is left out.
public struct FlashReport: Encodable, Sendable {
    /// The path as it was given.
    let file: String
    /// The size of the file.
    let size: Int
    /// Why `vesp run` would refuse the file.
    let problem: String?
    let trailer: String
    let wear: Wear?
    /// `user1.bin` or `user2.bin`: what the second-stage boot starts; nil when the file does not reach so far.
    let runs: String?
    let layout: [Region]
    let user: Record<User>
    let system: Record<System>

    struct Wear: Encodable, Sendable {
        let total: UInt64
        /// Erases of sectors 0 to 127.
        let sectors: [UInt32]
    }

    struct Region: Encodable, Sendable {
        let name: String
        let address: Int
        let size: Int
        let sectors: [Int]
        /// `blank`, `data` or `absent`.
        let content: String
        /// Bytes up to the last one that is not FF.
        let used: Int
        let erases: UInt64?
    }

    struct Record<Settings: Encodable & Sendable>: Encodable, Sendable {
        let copies: [Copy]
        /// The index of the copy that counts.
        let current: Int
        let flagAddress: Int
        /// The byte there: 0 selects the first copy.
        let flag: UInt8

        struct Copy: Encodable, Sendable {
            let address: Int
            /// `settings`, `blank`, `foreign` or `absent`.
            let content: String
            let settings: Settings?
        }
    }

    public init(_ inspection: FlashInspection) {
        file = inspection.path
        size = inspection.size
        problem = inspection.problem
        trailer =
            switch inspection.trailer {
            case .none: "none"
            case .cutShort: "cut short"
            case .whole: "whole"
            case .damaged: "damaged"
            case .unknownVersion: "unknown version"
            case .unplaced: "not looked for"
            }
        wear = inspection.wear.map { wear in
            Wear(total: wear.total, sectors: (0..<FlashWear.sectorCount).map { wear[sector: $0] })
        }
        layout = FlashRegion.all.map { Region($0, of: inspection) }
        user = Record(inspection.settings.user, of: inspection) { User($0) }
        system = Record(inspection.settings.system, of: inspection) { System($0) }
        let current = system.copies[system.current]
        runs = current.settings?.runs ?? (current.content == "absent" ? nil : FlashRegion.user1.name)
    }
}

extension FlashReport.Region {
    fileprivate init(_ region: FlashRegion, of inspection: FlashInspection) {
        name = region.name
        address = region.address
        size = region.size
        sectors = [region.sectors.lowerBound, region.sectors.upperBound - 1]
        (content, used) =
            switch inspection.content(of: region) {
            case .absent: ("absent", 0)
            case .blank: ("blank", 0)
            case .data(let used): ("data", used)
            }
        erases = inspection.wear.map { wear in region.sectors.reduce(0) { $0 + UInt64(wear[sector: $1]) } }
    }
}

extension FlashReport.Record {
    fileprivate init<Decoded>(
        _ record: SettingsRecord<Decoded>, of inspection: FlashInspection, _ describe: (Decoded) -> Settings
    ) {
        copies = record.copies.map { copy in
            let address = copy.sector * FlashImage.sectorSize
            let isPresent = address + FlashImage.sectorSize <= inspection.size
            return switch copy.content {
            case _ where !isPresent: Copy(address: address, content: "absent", settings: nil)
            case .blank: Copy(address: address, content: "blank", settings: nil)
            case .foreign: Copy(address: address, content: "foreign", settings: nil)
            case .settings(let settings): Copy(address: address, content: "settings", settings: describe(settings))
            }
        }
        current = record.currentIndex
        flagAddress = record.flagSector * FlashImage.sectorSize
        flag = record.flag
    }
}
