//! The board's Ethernet: frames in and out, without a queue of its own.
//!
//! The controller holds 31 frames that came, and sends one at a time. [`Device`] lends a frame's
//! octets to the stack: smoltcp's or embassy's, whichever feature is on.

use static_cell::ConstStaticCell;

use crate::register::Register;

/// Its number among the interrupts.
pub(crate) const INTERRUPT: i16 = 42;

/// Octets of a frame, without the check sequence: 14 of header, 1,500 of content.
const FRAME: usize = 1514;
pub const ADDRESS: [u8; 6] = [0x02, 0, 0, 0, 0, 1];

const BASE: usize = 0x4004_8000;
// SAFETY: the registers of the data sheet. The controller reaches no memory by itself.
const INTERRUPT_MASK: Register = unsafe { Register::at(BASE + 0x04) };
const RECEIVE_CONTROL: Register = unsafe { Register::at(BASE + 0x08) };
const TRANSMIT_CONTROL: Register = unsafe { Register::at(BASE + 0x0c) };
const DATA: Register = unsafe { Register::at(BASE + 0x10) };
const ADDRESS_0: Register = unsafe { Register::at(BASE + 0x14) };
const ADDRESS_1: Register = unsafe { Register::at(BASE + 0x18) };
const PACKETS: Register = unsafe { Register::at(BASE + 0x34) };
const TRANSMIT: Register = unsafe { Register::at(BASE + 0x38) };

/// Enabled, and frames with a wrong check sequence are dropped.
const RECEIVES: u32 = 0x09;
/// Enabled, padded, with a check sequence, full duplex.
const TRANSMITS: u32 = 0x17;
const RECEIVE_RESET: u32 = 0x10;

/// The controller, and room for a frame each way.
pub struct Device {
    received: [u8; FRAME],
    sent: [u8; FRAME],
}

static DEVICE: ConstStaticCell<Device> = ConstStaticCell::new(Device {
    received: [0; FRAME],
    sent: [0; FRAME],
});

impl Device {
    /// Turns the controller on. To be called once.
    pub fn take() -> &'static mut Self {
        // All of its interrupts are on after a reset.
        INTERRUPT_MASK.write(0);
        RECEIVE_CONTROL.write(RECEIVE_RESET);
        let [a, b, c, d, e, f] = ADDRESS;
        ADDRESS_0.write(u32::from_le_bytes([a, b, c, d]));
        ADDRESS_1.write(u32::from_le_bytes([e, f, 0, 0]));
        TRANSMIT_CONTROL.write(TRANSMITS);
        RECEIVE_CONTROL.write(RECEIVES);
        DEVICE.take()
    }

    fn is_received() -> bool {
        PACKETS.read() & 0x3f != 0
    }

    fn may_send() -> bool {
        TRANSMIT.read() & 1 == 0
    }
}

/// A frame that came, or room for one.
pub struct Received<'a>(&'a mut [u8; FRAME]);

impl Received<'_> {
    /// Takes the frame from the controller. A frame that is too long is cut, and its checksums will not
    /// hold.
    fn take(self) -> Frame<Self> {
        // The length counts itself, two octets, and the check sequence, four. The frame begins in the
        // first word.
        let [low, high, first, second] = DATA.read().to_le_bytes();
        let length = usize::from(u16::from_le_bytes([low, high]));
        let octets = length.saturating_sub(6).min(FRAME);
        let words = core::iter::repeat_with(|| DATA.read().to_le_bytes());
        let rest = words.take(length.div_ceil(4).saturating_sub(1)).flatten();
        let mut slots = self.0.iter_mut();
        for octet in [first, second].into_iter().chain(rest) {
            // All words are read, also those of the check sequence.
            if let Some(slot) = slots.next() {
                *slot = octet;
            }
        }
        Frame {
            octets,
            buffer: self,
        }
    }
}

struct Frame<B> {
    octets: usize,
    buffer: B,
}

impl Frame<Received<'_>> {
    fn octets(&mut self) -> &mut [u8] {
        self.buffer.0.get_mut(..self.octets).unwrap_or_default()
    }
}

/// Room for a frame to be sent.
pub struct Sending<'a>(&'a mut [u8; FRAME]);

impl Sending<'_> {
    /// Has the frame of this length written, and sends it.
    fn send<R>(self, length: usize, write: impl FnOnce(&mut [u8]) -> R) -> R {
        let frame = self.0.get_mut(..length).unwrap_or_default();
        let written = write(frame);
        // The length is that of the content. The frame begins in the first word.
        let content = frame.len().saturating_sub(14) as u16;
        let (first, rest) = frame.split_at_checked(2).unwrap_or_default();
        let [low, high] = content.to_le_bytes();
        DATA.write(word(&[low, high]) | word(first) << 16);
        rest.chunks(4).for_each(|octets| DATA.write(word(octets)));
        TRANSMIT.write(1);
        written
    }
}

/// Up to four octets, the first lowest.
fn word(octets: &[u8]) -> u32 {
    octets
        .iter()
        .rev()
        .fold(0, |word, octet| word << 8 | u32::from(*octet))
}

#[cfg(not(feature = "embassy"))]
pub(crate) fn interrupted() {
    INTERRUPT_MASK.write(0);
}

#[cfg(feature = "embassy")]
pub(crate) use embassy::interrupted;

#[cfg(feature = "smoltcp")]
mod smoltcp {
    use smoltcp::phy::{self, DeviceCapabilities, Medium};
    use smoltcp::time::Instant;

    use super::{Device, FRAME, Received, Sending};

    impl phy::Device for Device {
        type RxToken<'a> = Received<'a>;
        type TxToken<'a> = Sending<'a>;

        fn receive(&mut self, _: Instant) -> Option<(Received<'_>, Sending<'_>)> {
            let is_ready = Device::is_received() && Device::may_send();
            is_ready.then_some((Received(&mut self.received), Sending(&mut self.sent)))
        }

        fn transmit(&mut self, _: Instant) -> Option<Sending<'_>> {
            Device::may_send().then_some(Sending(&mut self.sent))
        }

        fn capabilities(&self) -> DeviceCapabilities {
            let mut capabilities = DeviceCapabilities::default();
            capabilities.medium = Medium::Ethernet;
            capabilities.max_transmission_unit = FRAME;
            capabilities
        }
    }

    impl phy::RxToken for Received<'_> {
        fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
            read(self.take().octets())
        }
    }

    impl phy::TxToken for Sending<'_> {
        fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
            self.send(length, write)
        }
    }
}

#[cfg(feature = "embassy")]
mod embassy {
    use core::task::Context;

    use cortex_m::interrupt::InterruptNumber;
    use cortex_m::peripheral::NVIC;
    use embassy_net_driver::{Capabilities, Driver, HardwareAddress, LinkState, RxToken, TxToken};
    use embassy_sync::waitqueue::AtomicWaker;

    use super::{ADDRESS, BASE, Device, FRAME, INTERRUPT, INTERRUPT_MASK, Received, Sending};
    use crate::register::Register;

    // SAFETY: a register of the data sheet.
    const RAW_STATUS: Register = unsafe { Register::at(BASE) };
    const RECEIVED: u32 = 1;

    static WAKER: AtomicWaker = AtomicWaker::new();

    #[derive(Clone, Copy)]
    struct Number;

    // SAFETY: it is always the same number, which the controller has.
    unsafe impl InterruptNumber for Number {
        fn number(self) -> u16 {
            INTERRUPT as u16
        }
    }

    /// The interrupt stays off until somebody waits again.
    pub(crate) fn interrupted() {
        INTERRUPT_MASK.write(0);
        WAKER.wake();
    }

    impl Driver for Device {
        type RxToken<'a> = Received<'a>;
        type TxToken<'a> = Sending<'a>;

        fn receive(&mut self, context: &mut Context<'_>) -> Option<(Received<'_>, Sending<'_>)> {
            if !Device::is_received() {
                // The status is a latch: what comes after it was cleared sets it again, and what came
                // before is seen.
                WAKER.register(context.waker());
                RAW_STATUS.write(RECEIVED);
                if !Device::is_received() {
                    INTERRUPT_MASK.write(RECEIVED);
                    // SAFETY: no critical section rests on this interrupt being off.
                    unsafe { NVIC::unmask(Number) };
                    return None;
                }
            }
            if !Device::may_send() {
                context.waker().wake_by_ref();
                return None;
            }
            Some((Received(&mut self.received), Sending(&mut self.sent)))
        }

        fn transmit(&mut self, context: &mut Context<'_>) -> Option<Sending<'_>> {
            if Device::may_send() {
                return Some(Sending(&mut self.sent));
            }
            // A frame is out in 0.1 ms.
            context.waker().wake_by_ref();
            None
        }

        fn link_state(&mut self, _: &mut Context<'_>) -> LinkState {
            LinkState::Up
        }

        fn capabilities(&self) -> Capabilities {
            let mut capabilities = Capabilities::default();
            capabilities.max_transmission_unit = FRAME;
            capabilities
        }

        fn hardware_address(&self) -> HardwareAddress {
            HardwareAddress::Ethernet(ADDRESS)
        }
    }

    impl RxToken for Received<'_> {
        fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, read: F) -> R {
            read(self.take().octets())
        }
    }

    impl TxToken for Sending<'_> {
        fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, length: usize, write: F) -> R {
            self.send(length, write)
        }
    }
}
