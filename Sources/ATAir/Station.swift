import ATPrimitives

/// What the air knows of one radio.
struct Station: Sendable {
    var link = StationLink()
    var scan: Scan?
    /// The softAP that the module has on the air.
    var softAP: SoftAPSettings?
    /// As what it is on the air.
    var softAPEntry: AccessPoint.ID?
    /// Stations that are no modules and have joined this softAP; `Air.softAPCapacity` at most.
    var guests: [JoinedStation] = []
    /// The address with which the module whose softAP this station has joined was told of it; nil while it was not.
    var listedAddress: IPv4Address?
    var random: RandomSource

    var radio: RadioSettings
    /// How long things take for this radio.
    let delays: AirDelays

    init(radio: RadioSettings, delays: AirDelays, random: RandomSource) {
        self.radio = radio
        self.delays = delays
        self.random = random
    }

    var deadline: Instant? {
        guard let scan else { return link.deadline }
        return link.deadline.map { min($0, scan.end) } ?? scan.end
    }
}
