import ATPrimitives

/// What the air knows of one radio.
struct Station: Sendable {
    var link = StationLink()
    var scan: Scan?
    /// The softAP that the module has on the air.
    var softAP: SoftAPSettings?
    /// Stations that are no modules and have joined this softAP; `Air.softAPCapacity` at most.
    var guests: [JoinedStation] = []
    /// Whether the module whose softAP this station has joined was told of it.
    var isListed = false
    var random: RandomSource

    let radio: RadioSettings
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
