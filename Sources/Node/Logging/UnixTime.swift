/// A moment of the wall clock, and its text in UTC as RFC 3339 has it: `2026-11-23T02:30:44.123Z`.
struct UnixTime: Sendable, Equatable {
    /// Since 1970-01-01T00:00:00Z, without leap seconds.
    let milliseconds: UInt64

    private static let secondsPerDay: UInt64 = 86_400

    /// Year, month and day, the latter two counted from 1, by going through the years since 1970: a few dozen steps.
    private var date: (year: UInt64, month: UInt64, day: UInt64) {
        var days = milliseconds / 1000 / UnixTime.secondsPerDay
        var year: UInt64 = 1970
        while days >= UnixTime.dayCount(year) {
            days -= UnixTime.dayCount(year)
            year += 1
        }
        var month: UInt64 = 1
        while days >= UnixTime.dayCount(year, month) {
            days -= UnixTime.dayCount(year, month)
            month += 1
        }
        return (year, month, days + 1)
    }

    private static func isLeap(_ year: UInt64) -> Bool {
        year.isMultiple(of: 4) && !year.isMultiple(of: 100) || year.isMultiple(of: 400)
    }

    private static func dayCount(_ year: UInt64) -> UInt64 { isLeap(year) ? 366 : 365 }

    private static func dayCount(_ year: UInt64, _ month: UInt64) -> UInt64 {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension UnixTime: CustomStringConvertible {
    var description: String {
        let (year, month, day) = date
        let second = milliseconds / 1000 % UnixTime.secondsPerDay
        let digits = UnixTime.digits
        return "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))T\(digits(second / 3600, 2)):"
            + "\(digits(second / 60 % 60, 2)):\(digits(second % 60, 2)).\(digits(milliseconds % 1000, 3))Z"
    }

    private static func digits(_ number: UInt64, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
    }
}
