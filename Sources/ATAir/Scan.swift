import ATPrimitives

/// A scan that is under way.
struct Scan: Sendable {
    /// How many access points a scan shows at most.
    static let maximumResults = 64

    let filter: ScanFilter
    let end: Instant
}

extension Air {
    /// Starts a scan. The answer is `scanned`, or `scanRefused` at once while another scan of this radio runs
    /// (inferred).
    /// - Parameters:
    ///   - filter: what to look for; a scan of one channel is shorter.
    ///   - radio: whose scan.
    ///   - now: the time.
    public mutating func scan(_ filter: ScanFilter, by radio: Radio, at now: Instant) {
        advance(to: now)
        if stations[radio.number].scan == nil {
            let length = stations[radio.number].delays.scan(channel: filter.channel)
            stations[radio.number].scan = Scan(filter: filter, end: clock + length)
        } else {
            events.append(.scanRefused, for: radio)
        }
        settle()
    }

    /// - Returns: whether a scan was due.
    mutating func finishScan(of index: Int) -> Bool {
        guard let scan = stations[index].scan, scan.end <= clock else { return false }
        stations[index].scan = nil
        events.append(.scanned(results(of: scan.filter, at: index)), for: radio(index))
        return true
    }

    private mutating func results(of filter: ScanFilter, at index: Int) -> [ScannedAccessPoint] {
        var results: [ScannedAccessPoint] = []
        for accessPoint in onAir where results.count < Scan.maximumResults {
            let settings = accessPoint.settings
            guard filter.ssid.isEmpty || filter.ssid == settings.ssid,
                filter.bssid == nil || filter.bssid == accessPoint.bssid,
                filter.channel == 0 || filter.channel == settings.channel,
                let steady = signal(of: accessPoint, at: index),
                let signal = faded(accessPoint, from: steady, at: index)
            else { continue }
            // A hidden access point keeps its name to itself unless it is asked by that name (reference 2.10).
            let shownSSID = settings.isHidden && filter.ssid.isEmpty ? [] : settings.ssid
            results.append(
                ScannedAccessPoint(
                    ssid: shownSSID, bssid: accessPoint.bssid, channel: settings.channel, rssi: signal,
                    security: settings.security))
        }
        return results
    }
}
