/// How an access point is secured; the raw value is the `<ecn>` of CWLAP and CWSAP (manual 5.2.3).
public enum Security: UInt8, Sendable, CaseIterable {
    case open = 0
    case wep = 1
    case wpa = 2
    case wpa2 = 3
    case wpaWpa2 = 4
}
