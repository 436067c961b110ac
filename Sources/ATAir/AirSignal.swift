import ATPrimitives

extension Air {
    /// How strongly a module hears an access point, in dBm, without fading; nil when it does not: a module does not
    /// hear its own softAP, nor what has left the air. The strength of the description is that within a metre; where
    /// both places are known it falls by 30 dB for each ten times the distance (see `PathLoss`), and there is none
    /// beyond the range. Below `hearingLimit` nothing is heard.
    public func hears(_ radio: Radio, _ accessPoint: AccessPoint.ID) -> Int8? {
        entry(accessPoint).flatMap { signal(of: onAir[$0], at: radio.number) }
    }

    /// Puts a module's radio, and its softAP with it, somewhere else. An association out of hearing is lost, and those
    /// that look for an access point may hear one now.
    /// - Parameters:
    ///   - radio: which.
    ///   - position: the new place; nil is in the same place as all others that have none.
    ///   - now: the time.
    public mutating func move(_ radio: Radio, to position: Position?, at now: Instant) {
        advance(to: now)
        let index = radio.number
        guard stations[index].radio.position != position else { return }
        stations[index].radio.position = position
        if let place = attachedEntry(of: index), signal(of: onAir[place], at: index) == nil {
            loseAssociation(of: index)
        }
        if let ssid = stations[index].link.request?.ssid {
            stations[index].link.wake(ssid: ssid, after: nil, rescan: stations[index].delays.rescan, at: clock)
        }
        if let place = softAPEntry(of: index) {
            onAir[place].settings.position = position
            evictStationsOutOfHearing(of: onAir[place].id)
            wakeStations(wanting: onAir[place].settings.ssid)
        }
        settle()
    }

    /// How strongly `index` hears an access point, in dBm, without fading; nil when it does not.
    func signal(of accessPoint: ActiveAccessPoint, at index: Int) -> Int8? {
        guard accessPoint.softAPOf != radio(index) else { return nil }
        var signal = Int64(accessPoint.settings.rssi)
        if let here = stations[index].radio.position, let there = accessPoint.settings.position {
            let squaredDistance = here.squaredDistance(to: there)
            let range = min(accessPoint.settings.range ?? .max, Position.maximumDistance)
            guard squaredDistance <= range * range else { return nil }
            signal -= PathLoss.decibels(squaredDistance: squaredDistance)
        }
        return signal >= Int64(Self.hearingLimit) ? Int8(signal) : nil
    }

    /// The signal as it is heard this time; nil when it has faded away.
    /// - Parameters:
    ///   - accessPoint: whose signal.
    ///   - signal: its strength without fading, in dBm.
    ///   - index: who hears it.
    mutating func faded(_ accessPoint: ActiveAccessPoint, from signal: Int8, at index: Int) -> Int8? {
        let fading = accessPoint.settings.fading
        guard fading > 0 else { return signal }
        let change = Int(stations[index].random.number(below: 2 * UInt64(fading) + 1)) - Int(fading)
        let heard = Int(signal) + change
        return heard >= Int(Self.hearingLimit) ? Int8(clamping: heard) : nil
    }
}
