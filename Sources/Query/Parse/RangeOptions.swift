import Model

/// The options about time: the range, the zone, and how buckets lie.
extension RequestParser {
    /// Reads FROM, TO, LAST and ORIGIN, once the zone is known in which dates are meant.
    func readTimes(into options: inout Options) throws(RequestError) {
        let places = options.places
        if let from = places[.from] { options.lower = try time(at: from + 1, options.zone) }
        if let to = places[.to] { options.upper = try time(at: to + 1, options.zone) }
        if let origin = places[.origin] {
            options.origin = try time(at: origin + 1, options.zone).time
        }
        if let last = places[.last] {
            guard places[.from] == nil, places[.to] == nil else {
                throw wrong(last, "LAST stands beside FROM or TO; accepted: LAST alone, or those")
            }
            let ago = try duration(at: last + 1)
            options.lower = TimeText.Moment(
                time: Timestamp(microseconds: now.microseconds - ago), ago: ago)
            options.upper = TimeText.Moment(time: now, ago: 0)
        }
        if let lower = options.lower, let upper = options.upper, lower.time > upper.time {
            throw wrong(
                places[.from] ?? 0,
                "the range ends before it begins; accepted: FROM at or before TO")
        }
    }

    private func time(at place: Int, _ zone: Zone) throws(RequestError) -> TimeText.Moment {
        do {
            return try TimeText.moment(words[place], now: now, zone: zone)
        } catch {
            throw wrong(place, "\(error.reason); accepted: \(TimeText.accepted)")
        }
    }

    private func duration(at place: Int) throws(RequestError) -> Int64 {
        do {
            return try TimeText.duration(words[place])
        } catch {
            throw wrong(place, "\(error.reason); accepted: \(TimeText.acceptedDuration)")
        }
    }

    func zone(at place: Int) throws(RequestError) -> Zone {
        let name = String(decoding: words[place], as: UTF8.self)
        guard let zone = Zone(named: name) else {
            throw wrong(
                place,
                "zone \(quoted(words[place])) is not known; accepted: UTC and the system's names, "
                    + "as in Europe/Berlin")
        }
        return zone
    }

    func every(at place: Int) throws(RequestError) -> Every {
        guard let (count, unit) = TimeText.countAndUnit(words[place]), Every.fits(count, unit)
        else {
            throw wrong(
                place,
                "\(quoted(words[place])) is no width of a bucket; accepted: a whole number and "
                    + "s, m, h, d, w, mo or y, as in 5m or 1d, up to 1000y")
        }
        return Every(count, unit)
    }

    /// Seconds from one bucket's start to the next one's.
    func step(at place: Int) throws(RequestError) -> Int64 {
        guard let (count, unit) = TimeText.countAndUnit(words[place]), Every.fits(count, unit),
            let seconds = unit.seconds
        else {
            throw wrong(
                place,
                "\(quoted(words[place])) is no step; accepted: \(TimeText.acceptedDuration)")
        }
        return count * seconds
    }

    /// How the buckets of a series lie.
    func grid(_ every: Every, _ options: Options) throws(RequestError) -> BucketGrid {
        var grid = BucketGrid(every, zone: options.zone)
        if let origin = options.origin {
            guard let moved = BucketGrid(every, zone: options.zone, origin: origin) else {
                throw wrong(
                    options.places[.origin] ?? 0,
                    "buckets of \(every.text) begin where a \(every.unit.calendarWord) does in "
                        + "\(options.zone.name), and ORIGIN is no such moment; accepted: a date, "
                        + "the first of a month for months, 1 January for years")
            }
            grid = moved
        }
        guard let step = options.step else { return grid }
        let place = options.places[.step] ?? 0
        guard let width = every.fixedSeconds, every.isClockTime || options.zone == .utc else {
            throw wrong(
                place,
                "STEP needs a width that is always the same; accepted: with s, m and h, and with d "
                    + "and w in UTC")
        }
        let windows = SlidingWindows(width: width, step: step)
        guard windows.piecesPerWindow <= Limits.seriesBucketsMax else {
            throw wrong(
                place,
                "windows of \(every.text) every \(step) s are made of \(windows.piecesPerWindow) "
                    + "pieces; accepted: at most \(Limits.seriesBucketsMax), take a step that "
                    + "divides the width")
        }
        grid.windows = windows
        return grid
    }
}
