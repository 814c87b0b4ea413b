//! Milliseconds since the start, counted by SysTick; and embassy's clock, which is the same.

use core::cell::Cell;

use cortex_m::peripheral::syst::SystClkSource;
use cortex_m_rt::exception;
use critical_section::Mutex;

use crate::register::Register;

/// Run-mode clock configuration (RCC): the divider of the PLL, whose 200 MHz become 50.
// SAFETY: the register of the data sheet; it sets a speed.
const RCC: Register = unsafe { Register::at(0x400f_e060) };
const DIVIDED: u32 = 3 << 23 | 1 << 22;
/// Ticks of 50 MHz in a millisecond.
const TICKS: u32 = 50_000;

static NOW: Mutex<Cell<u64>> = Mutex::new(Cell::new(0));

/// Milliseconds since the start.
pub fn now() -> u64 {
    critical_section::with(|section| NOW.borrow(section).get())
}

/// Sleeps until something happens: a tick at the latest.
pub fn sleep() {
    cortex_m::asm::wfi();
}

pub(crate) fn start() {
    RCC.write(DIVIDED);
    let Some(peripherals) = cortex_m::Peripherals::take() else {
        panic!("started twice");
    };
    let mut tick = peripherals.SYST;
    tick.set_clock_source(SystClkSource::Core);
    tick.set_reload(TICKS - 1);
    tick.clear_current();
    tick.enable_counter();
    tick.enable_interrupt();
}

#[exception]
fn SysTick() {
    critical_section::with(|section| {
        let now = NOW.borrow(section);
        now.set(now.get() + 1);
        #[cfg(feature = "embassy")]
        embassy::tick(section, now.get());
    });
}

#[cfg(feature = "embassy")]
mod embassy {
    use core::cell::{Cell, RefCell};
    use core::task::Waker;

    use critical_section::{CriticalSection, Mutex};
    use embassy_time_driver::Driver;
    use embassy_time_queue_utils::Queue;

    struct Clock {
        queue: Mutex<RefCell<Queue>>,
        /// The tick at which somebody is to be woken.
        next: Mutex<Cell<u64>>,
    }

    embassy_time_driver::time_driver_impl!(static CLOCK: Clock = Clock {
        queue: Mutex::new(RefCell::new(Queue::new())),
        next: Mutex::new(Cell::new(u64::MAX)),
    });

    pub fn tick(section: CriticalSection<'_>, now: u64) {
        let next = CLOCK.next.borrow(section);
        if now >= next.get() {
            let mut queue = CLOCK.queue.borrow(section).borrow_mut();
            next.set(queue.next_expiration(now));
        }
    }

    impl Driver for Clock {
        fn now(&self) -> u64 {
            super::now()
        }

        fn schedule_wake(&self, at: u64, waker: &Waker) {
            critical_section::with(|section| {
                let mut queue = self.queue.borrow(section).borrow_mut();
                if queue.schedule_wake(at, waker) {
                    let next = self.next.borrow(section);
                    next.set(next.get().min(at));
                }
            });
        }
    }
}
