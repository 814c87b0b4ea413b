//! The log of a sensor, written while it is sent: it is never in memory as a whole.

use core::convert::Infallible;
use core::fmt::Write as _;

use embedded_io::ErrorType;
use heapless::String;

const HEADER: &str = "second,millibar\r\n";
/// Octets of the longest row.
const ROW: usize = 32;

/// Rows of CSV, one for each second.
pub struct Pressures {
    rows: u32,
    /// The next row, and what is left of the one before.
    next: u32,
    left: String<ROW>,
}

impl Pressures {
    pub fn new(rows: u32) -> Self {
        Self {
            rows,
            next: 0,
            left: row(HEADER, format_args!("")),
        }
    }

    /// Octets of so many rows.
    pub fn octets(rows: u32) -> u32 {
        let mut log = Self::new(rows);
        let mut window = [0; ROW];
        let mut sum = 0;
        loop {
            match log.fill(&mut window) {
                0 => return sum,
                octets => sum += octets as u32,
            }
        }
    }

    fn fill(&mut self, window: &mut [u8]) -> usize {
        if self.left.is_empty() && self.next < self.rows {
            let (second, millibar) = (self.next, measured(self.next));
            self.left = row("", format_args!("{second},{millibar}\r\n"));
            self.next += 1;
        }
        let octets = self.left.len().min(window.len());
        for (slot, octet) in window.iter_mut().zip(self.left.bytes()) {
            *slot = octet;
        }
        self.left.drain(..octets);
        octets
    }
}

/// What the sensor of this example measures.
fn measured(second: u32) -> u32 {
    8000 + second.wrapping_mul(37) % 500
}

fn row(start: &str, rest: core::fmt::Arguments<'_>) -> String<ROW> {
    let mut row = String::new();
    // Room for the longest: two numbers of ten digits.
    if row.push_str(start).is_err() || row.write_fmt(rest).is_err() {
        row.clear();
    }
    row
}

impl ErrorType for Pressures {
    type Error = Infallible;
}

impl embedded_io::Read for Pressures {
    fn read(&mut self, window: &mut [u8]) -> Result<usize, Infallible> {
        Ok(self.fill(window))
    }
}

impl embedded_io_async::Read for Pressures {
    async fn read(&mut self, window: &mut [u8]) -> Result<usize, Infallible> {
        Ok(self.fill(window))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;

    use super::*;
    use std::vec::Vec;

    #[test]
    fn the_log_is_the_same_in_pieces_of_any_size() {
        for size in [1, 2, 7, 32, 512] {
            let mut log = Pressures::new(3);
            let (mut window, mut all) = (std::vec![0; size], Vec::new());
            loop {
                let octets = log.fill(&mut window);
                if octets == 0 {
                    break;
                }
                all.extend_from_slice(&window[..octets]);
            }
            assert_eq!(all, b"second,millibar\r\n0,8000\r\n1,8037\r\n2,8074\r\n");
            assert_eq!(Pressures::octets(3), all.len() as u32);
        }
    }
}
