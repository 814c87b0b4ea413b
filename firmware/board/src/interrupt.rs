//! The interrupts that are no exceptions of the core. There is one that is used.

use cortex_m_rt::exception;

use crate::ethernet;

#[exception]
unsafe fn DefaultHandler(number: i16) {
    match number {
        ethernet::INTERRUPT => ethernet::interrupted(),
        _ => panic!("an interrupt that nobody asked for"),
    }
}
