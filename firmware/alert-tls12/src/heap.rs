//! The heap of Mbed TLS, with a mark at its highest use.

use core::alloc::{GlobalAlloc, Layout};
use core::sync::atomic::{AtomicUsize, Ordering};

use embedded_alloc::LlffHeap;

pub const SIZE: usize = 120 * 1024;

struct Counted(LlffHeap);

#[global_allocator]
static HEAP: Counted = Counted(LlffHeap::empty());

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

/// Gives the heap its memory. To be called once, first.
pub fn start() {
    static mut MEMORY: [u8; SIZE] = [0; SIZE];
    // SAFETY: called once, and nothing else names the memory.
    unsafe { HEAP.0.init(&raw mut MEMORY as usize, SIZE) };
}

/// The most bytes that were in use at a time.
pub fn peak() -> usize {
    PEAK.load(Ordering::Relaxed)
}

// SAFETY: hands everything on to the heap.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let in_use = IN_USE.load(Ordering::Relaxed) + layout.size();
        IN_USE.store(in_use, Ordering::Relaxed);
        PEAK.store(PEAK.load(Ordering::Relaxed).max(in_use), Ordering::Relaxed);
        // SAFETY: the caller's promise.
        unsafe { self.0.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.store(
            IN_USE.load(Ordering::Relaxed) - layout.size(),
            Ordering::Relaxed,
        );
        // SAFETY: the caller's promise.
        unsafe { self.0.dealloc(pointer, layout) }
    }
}
