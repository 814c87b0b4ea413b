//! The Date field, made from a clock the caller has: this crate has none.
//!
//! All arithmetic is in 32 bits: a microcontroller divides 64 bits by a routine of its own.

use crate::invalid::{Field, Invalid, Reason};
use crate::wire::writer::Writer;

/// A moment between 1970 and 9999, with the offset of the local clock.
///
/// ```
/// use embedded_smtp::message::Date;
///
/// let now = Date::from_unix(1_764_000_000, 60)?;   // Mon, 24 Nov 2025 17:00:00 +0100
/// # Ok::<(), embedded_smtp::Invalid>(())
/// ```
///
/// Without a date a message has no Date field; a submission server may add it (RFC 6409 §8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Date {
    /// Days since 1970-01-01 on the local calendar.
    days: u32,
    /// Seconds of the local day.
    seconds: u32,
    /// Minutes that local time is ahead of UTC.
    zone: i16,
}

impl Date {
    /// The moment `seconds` after 1970-01-01 00:00:00 UTC (leap seconds not counted), shown in a
    /// zone that is `zone_minutes` ahead of UTC.
    ///
    /// # Errors
    ///
    /// `Range` if the local year is not within 1970 to 9999, or the zone is a day or more off.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "`second` is within a day, a day is added or taken off, and the days fit 2^22"
    )]
    pub const fn from_unix(seconds: u64, zone_minutes: i16) -> Result<Self, Invalid> {
        let range = Err(Invalid::new(Field::Date, Reason::Range));
        if seconds > LAST_SECOND || zone_minutes <= -DAY_MINUTES || zone_minutes >= DAY_MINUTES {
            return range;
        }
        // A day has 86,400 = 675 · 128 seconds, and `seconds / 128` fits 32 bits.
        let spans = (seconds >> 7) as u32;
        let mut days = spans / 675;
        let second = spans % 675 * 128 + (seconds as u32 & 127);
        let mut second = second as i32 + zone_minutes as i32 * 60;
        if second < 0 {
            second += DAY;
            days = match days.checked_sub(1) {
                Some(days) => days,
                None => return range,
            };
        } else if second >= DAY {
            second -= DAY;
            days += 1;
        }
        if days > LAST_DAY {
            return range;
        }
        Ok(Self {
            days,
            seconds: second as u32,
            zone: zone_minutes,
        })
    }

    /// A number that no other local date and time has.
    pub(in crate::message) const fn number(self) -> u64 {
        // A day has less than 2^17 seconds.
        (self.days as u64) << 17 | self.seconds as u64
    }

    /// Writes the date-time of RFC 5322 §3.3.
    #[inline(never)] // Its variables then do not burden the stack of what else a header holds.
    #[expect(
        clippy::arithmetic_side_effects,
        reason = "there are at most LAST_DAY days"
    )]
    pub(crate) fn write(self, w: &mut Writer<'_>) {
        if w.counts() {
            return w.count(LENGTH);
        }
        let (year, month, day) = civil(self.days);
        let (century, year) = split(year, 100);
        let (minutes, second) = split(self.seconds, 60);
        let (hour, minute) = split(minutes, 60);
        let (zone_hour, zone_minute) = split(self.zone.unsigned_abs().into(), 60);
        // 1970-01-01 was a Thursday.
        let (_, weekday) = split(self.days + 4, 7);
        w.bytes(three(WEEKDAYS, weekday));
        w.byte(b',');
        two(b' ', day, w);
        w.byte(b' ');
        w.bytes(three(MONTHS, month));
        two(b' ', century, w);
        two(0, year, w);
        two(b' ', hour, w);
        two(b':', minute, w);
        two(b':', second, w);
        w.byte(b' ');
        two(if self.zone < 0 { b'-' } else { b'+' }, zone_hour, w);
        two(0, zone_minute, w);
    }
}

/// Quotient and remainder. A function, since a division by a constant takes three times the flash.
#[inline(never)]
const fn split(number: u32, by: u32) -> (u32, u32) {
    match (number.checked_div(by), number.checked_rem(by)) {
        (Some(quotient), Some(remainder)) => (quotient, remainder),
        _ => (0, 0),
    }
}

/// Year, month (from 0) and day (from 1) of a day since 1970-01-01.
///
/// Years are counted from March, so that a leap day is the last of its year.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "with at most LAST_DAY days no product passes u32, and what is subtracted is smaller: a \
              quotient's part, or the days before a year or a month in it"
)]
const fn civil(days: u32) -> (u32, u32, u32) {
    // From 0000-03-01 on. An era is 400 years; days count from 0 to `DAYS_OF_ERA - 1`.
    let (era, day) = split(days + 719_468, DAYS_OF_ERA);
    let (fours, _) = split(day, 1_460);
    let (centuries, _) = split(day, 36_524);
    let leaps = fours + day / 146_096 - centuries;
    let (year, _) = split(day - leaps, 365);
    let day = day - (year * 365 + year / 4 - year / 100);
    // Months from March are 31, 30, 31, 30, 31 days, again and again.
    let (month, _) = split(day * 5 + 2, 153);
    let day = day - (month * 153 + 2) / 5 + 1;
    let year = year + era * 400;
    if month < 10 {
        (year, month + 2, day)
    } else {
        (year + 1, month - 10, day)
    }
}

/// The name at `index` in a row of names of three letters.
fn three(names: &[u8], index: u32) -> &[u8] {
    let (names, _) = names.as_chunks::<3>();
    names.get(index as usize).map_or(b"???", |name| name)
}

/// Writes a number below 100 with its leading zero, after this character if it is not 0.
#[inline(never)] // It has many callers.
#[expect(clippy::arithmetic_side_effects, reason = "nine more than `0` is `9`")]
fn two(before: u8, number: u32, w: &mut Writer<'_>) {
    let (tens, ones) = split(number, 10);
    let digits = [before, b'0' + tens as u8, b'0' + ones as u8];
    match digits {
        [0, digits @ ..] => w.bytes(&digits),
        all => w.bytes(&all),
    }
}

/// The bytes of `Thu, 01 Jan 1970 00:00:00 +0000`.
const LENGTH: u32 = 31;

const WEEKDAYS: &[u8] = b"SunMonTueWedThuFriSat";
const MONTHS: &[u8] = b"JanFebMarAprMayJunJulAugSepOctNovDec";

const DAY: i32 = 86_400;
const DAY_MINUTES: i16 = 1_440;
const DAYS_OF_ERA: u32 = 146_097;
/// 9999-12-31.
const LAST_DAY: u32 = 2_932_896;
/// 10000-01-01 23:59:59 UTC, which is still 9999 somewhere.
const LAST_SECOND: u64 = 253_402_387_199;

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    fn date(seconds: u64, zone: i16) -> String {
        let mut out = [0; 64];
        let mut w = Writer::new(&mut out, 0);
        Date::from_unix(seconds, zone).unwrap().write(&mut w);
        let n = w.len();
        String::from_utf8(out[..n].to_vec()).unwrap()
    }

    #[test]
    fn known_moments() {
        assert_eq!(date(0, 0), "Thu, 01 Jan 1970 00:00:00 +0000");
        assert_eq!(date(951_782_400, 0), "Tue, 29 Feb 2000 00:00:00 +0000");
        assert_eq!(date(1_764_000_000, 60), "Mon, 24 Nov 2025 17:00:00 +0100");
        assert_eq!(date(1_764_000_000, -570), "Mon, 24 Nov 2025 06:30:00 -0930");
        assert_eq!(date(4_107_542_399, 0), "Sun, 28 Feb 2100 23:59:59 +0000");
        assert_eq!(date(4_107_542_400, 0), "Mon, 01 Mar 2100 00:00:00 +0000");
        assert_eq!(date(253_402_300_799, 0), "Fri, 31 Dec 9999 23:59:59 +0000");
        assert_eq!(date(253_402_300_800, -1), "Fri, 31 Dec 9999 23:59:00 -0001");
        assert_eq!(date(86_399, 1), "Fri, 02 Jan 1970 00:00:59 +0001");
    }

    #[test]
    fn outside_the_range() {
        let range = Err(Invalid::new(Field::Date, Reason::Range));
        assert_eq!(Date::from_unix(0, -1), range);
        assert_eq!(Date::from_unix(253_402_300_800, 0), range);
        assert_eq!(Date::from_unix(253_402_300_799, 1), range);
        assert_eq!(Date::from_unix(u64::MAX, 0), range);
        assert_eq!(Date::from_unix(0, 1_440), range);
        assert_eq!(Date::from_unix(0, i16::MIN), range);
    }

    #[test]
    fn days_follow_each_other() {
        let mut last = (1969, 11, 31);
        for days in 0..=LAST_DAY {
            let (year, month, day) = civil(days);
            if day == 1 {
                let long = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
                let leap = last.0 % 4 == 0 && (last.0 % 100 != 0 || last.0 % 400 == 0);
                let length = long[last.1 as usize] + u32::from(last.1 == 1 && leap);
                assert_eq!(last.2, length, "{last:?}");
                let next = if last.1 == 11 {
                    (last.0 + 1, 0)
                } else {
                    (last.0, last.1 + 1)
                };
                assert_eq!((year, month), next);
            } else {
                assert_eq!((year, month, day), (last.0, last.1, last.2 + 1));
            }
            last = (year, month, day);
        }
        assert_eq!(last, (9999, 11, 31));
    }
}
