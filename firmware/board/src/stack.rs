//! How much of the stack was used: cortex-m-rt paints it before the firmware begins.

use core::ptr::read_volatile;

use cortex_m_rt::STACK_PAINT_VALUE;

unsafe extern "C" {
    /// Where the static memory ends, and where the stack begins, as the linker script has it.
    static __sheap: u32;
    static _stack_start: u32;
}

pub struct Stack;

impl Stack {
    /// Octets from the stack's beginning down to the deepest that was used; `None` if there was no more
    /// to use.
    pub fn peak() -> Option<u32> {
        let (end, start) = (&raw const __sheap, &raw const _stack_start);
        let mut at = end;
        // SAFETY: memory between the static octets and the beginning of the stack.
        while at < start && unsafe { read_volatile(at) } == STACK_PAINT_VALUE {
            at = at.wrapping_add(1);
        }
        (at > end).then(|| start as u32 - at as u32)
    }
}
