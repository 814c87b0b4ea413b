//! What the board takes from the emulator by semihosting: arguments, the date, and its end.

use semihosting::experimental::env;
use semihosting::experimental::time::SystemTime;
use static_cell::StaticCell;

use crate::Stack;

/// Octets for all arguments together.
const ARGUMENTS: usize = 512;

/// The arguments, the firmware's name not among them, up to the first that is not UTF-8; `None` the
/// second time, or where they are too many.
pub fn arguments() -> Option<impl Iterator<Item = &'static str>> {
    static GIVEN: StaticCell<env::Args<ARGUMENTS>> = StaticCell::new();
    let given: &'static env::Args<ARGUMENTS> = GIVEN.try_init(env::args().ok()?)?;
    Some(given.skip(1).map_while(Result::ok))
}

/// Seconds since 1970, by the emulator's clock.
pub fn unix_time() -> u64 {
    match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        Ok(time) => time.as_secs(),
        Err(_) => 0,
    }
}

/// Logs how much of the stack was used, and ends the emulation with this exit code.
pub fn end(code: u8) -> ! {
    match Stack::peak() {
        Some(octets) => defmt::info!("peak stack: {=u32} octets", octets),
        None => {
            defmt::error!("the stack ran into the static memory");
            semihosting::process::exit(crate::fault::EXIT);
        }
    }
    semihosting::process::exit(code.into())
}
