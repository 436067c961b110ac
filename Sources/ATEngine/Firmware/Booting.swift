import ATPrimitives

// How the firmware starts and how it ends (reference 2.2, 2.4, 5).
extension Engine {
    /// AT+RST, AT+RESTORE and the forced restart: a moment later, in which input is still worked off (reference 2.2).
    mutating func restart() {
        session.ending = .restart
        leaveRadio()
        session.timers.start(.restart, at: cpuFreeAt + delays.restart)
    }

    /// AT+GSLP for so many milliseconds; zero is until the next reset. The chip counts microseconds in 32 bits, which
    /// wrap (reference 2.4).
    mutating func sleep(forMilliseconds time: Int) {
        let microseconds = UInt32(truncatingIfNeeded: time &* 1_000)
        session.ending = .sleep(.microseconds(Int64(microseconds)))
        leaveRadio()
        session.timers.start(.restart, at: cpuFreeAt + delays.restart)
    }

    /// The SDK leaves the radio at once, 100 ms before the chip restarts or sleeps (reference 2.2, 2.4).
    private mutating func leaveRadio() {
        if session.mode.hasStation { stopStation() }
        if session.mode.hasSoftAP { stopSoftAP() }
    }

    /// The firmware has hit an exception: the chip restarts at once.
    mutating func crash() {
        effects.append(.restart)
        reset(.watchdog)
    }

    mutating func endSession() {
        switch session.ending {
        case .restart:
            effects.append(.restart)
            reset(.watchdog)
        case .sleep(let interval):
            effects.append(.sleep(interval))
            leaveWorld()
            let isTimed = options.isWakeWired && interval > .zero
            chip.power = .asleep(until: isTimed ? now + interval : .never)
            chip.receiver.removeAll()
        }
    }

    mutating func powerChanged(_ event: PowerEvent) {
        switch event {
        case .on:
            if chip.power == .off { boot(.powerOn) }
        case .off:
            powerOff()
        case .cycle:
            powerOff()
            boot(.powerOn)
        case .reset:
            if chip.power != .off { reset(.external) }
        case .watchdog:
            if chip.power != .off { reset(.watchdog) }
        case .brownout:
            if chip.power != .off { reset(.powerOn) }
        case .holdReset:
            holdReset()
        case .releaseReset:
            if chip.power == .held { boot(.external) }
        case .pullGPIO0:
            chip.isGPIO0Low = true
        case .releaseGPIO0:
            chip.isGPIO0Low = false
        }
    }

    private mutating func powerOff() {
        guard chip.power != .off else { return }
        leaveWorld()
        chip.loseFlashWork()
        chip.power = .off
        chip.transmitter.powerOff(at: now)
        chip.receiver.removeAll()
    }

    private mutating func holdReset() {
        guard chip.power != .off, chip.power != .held else { return }
        leaveWorld()
        chip.loseFlashWork()
        chip.power = .held
        chip.receiver.removeAll()
        chip.transmitter.reset(at: now)
    }

    private mutating func reset(_ cause: ResetCause) {
        leaveWorld()
        chip.transmitter.reset(at: now)
        if options.isStrictUART { chip.receiver.removeAll() }
        boot(cause)
    }

    private mutating func boot(_ cause: ResetCause) {
        chip.loseFlashWork()
        chip.busyUntil = .zero
        chip.cause = cause
        chip.isDownloadMode = chip.isGPIO0Low
        session = makeSession()
        bootBegan = now
        chip.power = .booting(.reset, until: now + min(delays.boot, BootText.romStarts))
        advanceBoot()
    }

    /// The next phase of a start whose time has come: the ROM's text, the SDK's lines, the firmware.
    mutating func advanceBoot() {
        while case .booting(let phase, let until) = chip.power, until <= now, !waitsForLine(phase) {
            switch phase {
            case .reset:
                if options.printsBootText {
                    setLine(BootText.line)
                    printROMText()
                }
                if chip.isDownloadMode {
                    chip.power = .downloading
                } else {
                    chip.power = .booting(.rom, until: bootBegan + min(delays.boot, BootText.sdkStarts))
                }
            case .rom:
                if options.printsBootText { put(BootText.sdk) }
                chip.power = .booting(.sdk, until: bootBegan + delays.boot)
            case .sdk:
                start()
            }
        }
    }

    /// What was said before leaves at its own rate, however long the port takes, and so does the boot text.
    func waitsForLine(_ phase: BootPhase) -> Bool {
        options.printsBootText && phase != .rom && !chip.transmitter.isEmpty
    }

    /// The timer of deep sleep has run out.
    mutating func wake() {
        boot(.external)
    }

    /// The radio falls silent first, so that far ends behind it hear no more; where that cannot be, they see the end of
    /// the stream.
    private mutating func leaveWorld() {
        guard chip.power == .running else { return }
        effects.append(.radioOff)
        for id in Links.ids where session.links[id].hasSocket { effects.append(.release(id, session.links[id].socket)) }
        if let socket = session.upgrade.socket { effects.append(.release(Upgrade.link, socket)) }
        if let port = session.server.port { effects.append(.unlisten(port: port)) }
        session = makeSession()
    }

    /// RAM as the firmware finds it after it has read its settings.
    func makeSession() -> Session {
        let user = userParameters
        let system = systemParameters
        let softAPMAC = user.softAPMAC ?? chip.mac.softAP
        let station = Station(
            ssid: system.ssid, password: system.password, mac: user.stationMAC ?? chip.mac,
            address: user.usesDHCP ? .any : user.stationAddress ?? .any, usesDHCP: user.usesDHCP,
            autoConnects: system.autoConnects)
        let softAP = SoftAP(
            configuration: system.softAP ?? defaultSoftAP(softAPMAC), mac: softAPMAC,
            address: user.softAPAddress ?? .softAP, servesDHCP: user.servesDHCP)
        return Session(mode: system.mode, station: station, softAP: softAP)
    }

    /// The firmware takes over: UART, a stored transparent link, `ready`, Wi-Fi (reference 5.1, 5.4).
    mutating func start() {
        chip.power = .running
        let user = userParameters
        setLine(user.lineSettings ?? .standard)
        if user.isTransparentMode {
            session.links.isTransparentMode = true
            if let remote = user.transparentRemote { restoreTransparent(remote) }
        }
        put("\r\nready\r\n")
        if session.mode.hasSoftAP { announceSoftAP() }
        if session.mode.hasStation && session.station.autoConnects && !session.station.ssid.isEmpty { startJoining() }
    }

    mutating func setLine(_ settings: LineSettings) {
        chip.line = settings
        chip.transmitter.set(settings, at: now)
        chip.receiver.set(settings, at: now)
        effects.append(.line(settings))
    }

    /// AT+UART=: the UART takes the new settings once everything, OK included, is sent at the old ones.
    mutating func setUART(_ settings: LineSettings) {
        storeLine(settings, rateOnly: false)
        session.lineChange = LineChange(settings: settings, answersAfterwards: false)
    }

    /// AT+IPR=: the UART takes the new rate once everything is sent, and then says OK.
    mutating func setBaudRate(_ baud: UInt32) {
        var settings = chip.line
        settings.baud = baud
        session.lineChange = LineChange(settings: settings, answersAfterwards: true)
        lineMayBeEmpty()
    }

    /// Called whenever output was taken: a change that waits for an empty FIFO starts.
    mutating func lineMayBeEmpty() {
        guard chip.transmitter.isEmpty else { return }
        if case .booting(_, let until) = chip.power, until <= now { advanceBoot() }
        guard let change = session.lineChange, !session.timers.isRunning(.lineChange) else { return }
        let delay = change.answersAfterwards ? delays.lineSettles : .zero
        session.timers.start(.lineChange, at: now + delay)
    }

    mutating func applyLineChange() {
        guard let change = session.lineChange else { return }
        session.lineChange = nil
        setLine(change.settings)
        guard change.answersAfterwards else { return }
        storeLine(change.settings, rateOnly: true)
        finish(.ok)
    }
}
