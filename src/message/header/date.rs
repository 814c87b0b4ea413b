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
    pub const fn from_unix(seconds: u64, zone_minutes: i16) -> Result<Self, Invalid> {
        let range = Err(Invalid::new(Field::Date, Reason::Range));
        if seconds > LAST_SECOND || zone_minutes <= -DAY_MINUTES || zone_minutes >= DAY_MINUTES {
            return range;
        }
        // A day has 86,400 = 675 · 128 seconds, and `seconds / 128` fits 32 bits.
        let spans = (seconds >> 7) as u32;
        let mut days = spans / 675;
        let second = (spans % 675)
            .wrapping_mul(128)
            .wrapping_add(seconds as u32 & 127) as i32;
        let mut second = second.wrapping_add((zone_minutes as i32).wrapping_mul(60));
        if second < 0 {
            second = second.wrapping_add(DAY);
            days = match days.checked_sub(1) {
                Some(days) => days,
                None => return range,
            };
        } else if second >= DAY {
            second = second.wrapping_sub(DAY);
            days = days.wrapping_add(1);
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
    pub(crate) fn write(self, w: &mut Writer<'_>) {
        let (year, month, day) = civil(self.days);
        let (century, year) = split(year, 100);
        let (minutes, second) = split(self.seconds, 60);
        let (hour, minute) = split(minutes, 60);
        let (zone_hour, zone_minute) = split(self.zone.unsigned_abs().into(), 60);
        let mut text = *b"Thu, 01 Jan 1970 00:00:00 +0000";
        // 1970-01-01 was a Thursday.
        put(
            &mut text,
            0,
            three(WEEKDAYS, split(self.days.wrapping_add(4), 7).1),
        );
        put(&mut text, 8, three(MONTHS, month));
        for (at, number) in [
            (5, day),
            (12, century),
            (14, year),
            (17, hour),
            (20, minute),
            (23, second),
            (27, zone_hour),
            (29, zone_minute),
        ] {
            put(&mut text, at, two(number));
        }
        if self.zone < 0 {
            put(&mut text, 26, *b"-");
        }
        w.bytes(&text);
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

/// Puts some bytes in their place.
fn put<const N: usize>(text: &mut [u8], at: usize, octets: [u8; N]) {
    if let Some(slot) = text.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *slot = octets;
    }
}

/// Year, month (from 0) and day (from 1) of a day since 1970-01-01.
///
/// Years are counted from March, so that a leap day is the last of its year.
const fn civil(days: u32) -> (u32, u32, u32) {
    // From 0000-03-01 on. An era is 400 years; days count from 0 to `DAYS_OF_ERA - 1`.
    let days = days.wrapping_add(719_468);
    let (era, day) = split(days, DAYS_OF_ERA);
    let (fours, _) = split(day, 1_460);
    let (centuries, _) = split(day, 36_524);
    let leaps = fours.wrapping_add(day / 146_096).wrapping_sub(centuries);
    let (year, _) = split(day.wrapping_sub(leaps), 365);
    let first = year
        .wrapping_mul(365)
        .wrapping_add(year / 4)
        .wrapping_sub(year / 100);
    let day = day.wrapping_sub(first);
    // Months from March are 31, 30, 31, 30, 31 days, again and again.
    let (month, _) = split(day.wrapping_mul(5).wrapping_add(2), 153);
    let day = day
        .wrapping_sub(month.wrapping_mul(153).wrapping_add(2) / 5)
        .wrapping_add(1);
    let year = year.wrapping_add(era.wrapping_mul(400));
    if month < 10 {
        (year, month.wrapping_add(2), day)
    } else {
        (year.wrapping_add(1), month.wrapping_sub(10), day)
    }
}

/// The name at `index` in a row of names of three letters.
fn three(names: &[u8], index: u32) -> [u8; 3] {
    let (names, _) = names.as_chunks::<3>();
    names.get(index as usize).copied().unwrap_or(*b"???")
}

/// A number below 100, with its leading zero.
const fn two(number: u32) -> [u8; 2] {
    let (tens, ones) = split(number, 10);
    [b'0'.wrapping_add(tens as u8), b'0'.wrapping_add(ones as u8)]
}

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
