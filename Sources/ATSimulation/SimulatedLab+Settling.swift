import ATAir
import ATEngine
import ATPrimitives
import ATWorld

// How the lab comes to rest at one instant.
//
// Whatever was done to a module is followed up first: its effects are carried out and its output is fetched. Then one
// thing happens, and so on. What comes from outside goes before the modules' own timers, and new bytes from the hosts come
// last: the worlds, the air, the network, then timers, then payload and input. Among several modules the one that was
// added first goes first, and what one of them hears keeps the order in which it happened.
extension SimulatedLab {
    /// Brings everything to rest at this instant.
    mutating func settle() throws(SimulationFailure) {
        for _ in 0..<Self.exchangeLimit * max(1, modules.count) {
            if let index = touched.removeFirst() {
                followUp(index)
            } else {
                guard exchange() else { return }
                exchangeCount += 1
            }
        }
        throw .restless
    }

    /// Something happens to a module.
    mutating func handle(_ event: Event, by index: Int) {
        modules[index].engine.handle(event, at: now)
        touched.insert(index)
    }

    private mutating func followUp(_ index: Int) {
        repeat { performEffects(of: index) } while modules[index].collectOutput()
        if modules[index].hasOutput { speaking.insert(index) }
        wakeUps[index] = modules[index].engine.nextDeadline
        unheard.insert(index)
        offering.insert(index)
    }

    /// One thing that somebody has to say at this instant; false if nobody has.
    private mutating func exchange() -> Bool {
        if let (index, event) = nextWorldEvent() {
            handle(Event(event), by: index)
        } else if let (radio, event) = air.nextEvent() {
            handle(Event(event), by: radio.number)
        } else if let (radio, event) = network.nextEvent() {
            hear(event, by: radio.number)
        } else if let deadline = air.nextDeadline, deadline <= now {
            air.advance(to: now)
        } else if let deadline = network.nextDeadline, deadline <= now {
            network.advance(to: now, air: air)
        } else if let (index, time) = wakeUps.first, time <= now {
            modules[index].engine.advance(to: now)
            touched.insert(index)
        } else {
            return offer()
        }
        return true
    }

    private mutating func nextWorldEvent() -> (Int, WorldEvent)? {
        while let index = unheard.first {
            if let event = modules[index].world.nextEvent() { return (index, event) }
            unheard.remove(index)
        }
        return nil
    }

    /// Offers what waits for a module: payload, then input.
    /// - Returns: whether a module took something.
    private mutating func offer() -> Bool {
        while let index = offering.removeFirst() {
            if offerPayloadOfWorld(to: index) || offerPayloadOfNetwork(to: index) || offerInput(to: index) {
                touched.insert(index)
                return true
            }
        }
        return false
    }

    private mutating func offerPayloadOfWorld(to index: Int) -> Bool {
        let (wasOffered, hasTaken) = modules[index].takePayloadOfWorld(at: now)
        if wasOffered, !hasTaken { refusing.insert(index) } else { refusing.remove(index) }
        return hasTaken
    }

    private mutating func offerPayloadOfNetwork(to index: Int) -> Bool {
        while let socket = modules[index].waiting.first {
            let (wasOffered, hasTaken) = Self.offer(socket, of: &network, to: &modules[index], air: air, at: now)
            if hasTaken { return true }
            if wasOffered {
                refusing.insert(index)
                return false
            }
            modules[index].waiting.removeFirst()
        }
        return false
    }

    private static func offer(
        _ socket: Socket, of network: inout VirtualNetwork, to module: inout SimulatedModule, air: Air, at now: Instant
    ) -> (wasOffered: Bool, hasTaken: Bool) {
        var wasOffered = false
        let hasTaken = network.offerPayload(to: module.radio, on: socket, at: now, air: air) { payload, sender in
            wasOffered = true
            return module.engine.deliver(payload, on: socket, from: sender, at: now)
        }
        return (wasOffered, hasTaken)
    }

    private mutating func offerInput(to index: Int) -> Bool {
        if modules[index].takeInput(at: now) { return true }
        if !modules[index].heldInput.isEmpty { refusing.insert(index) }
        return false
    }
}
