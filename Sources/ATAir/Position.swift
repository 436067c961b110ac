/// A place in the plane.
public struct Position: Sendable, Hashable {
    /// How far a place is from the origin at most, in centimetres, along each axis: 100 km.
    public static let limits: ClosedRange<Int64> = -10_000_000...10_000_000
    /// No two places are farther apart, in centimetres.
    static let maximumDistance: Int64 = 30_000_000

    /// In centimetres, within `limits`.
    public var x: Int64
    /// In centimetres, within `limits`.
    public var y: Int64

    /// A place at these coordinates, in centimetres. The air reads what is outside of `limits` as the edge of the
    /// plane.
    public init(x: Int64, y: Int64) {
        self.x = x
        self.y = y
    }

    /// This place, or the nearest one that is in the plane.
    var inPlane: Position {
        func clamped(_ coordinate: Int64) -> Int64 {
            min(max(coordinate, Self.limits.lowerBound), Self.limits.upperBound)
        }
        return Position(x: clamped(x), y: clamped(y))
    }

    /// The square of the distance, in square centimetres.
    func squaredDistance(to other: Position) -> Int64 {
        let (here, there) = (inPlane, other.inPlane)
        let (across, along) = (here.x - there.x, here.y - there.y)
        return across * across + along * along
    }
}
