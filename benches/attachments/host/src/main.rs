//! The same mails built by this package, lettre and mail-builder.
//!
//! - `host time` builds a mail with an attachment of 10 MB by each, in turn, and prints the medians.
//! - `host small` does so with an alert without an attachment, and counts allocations.
//! - `host peak NAME` builds the large mail by one of them once, and prints the process's peak memory.
//! - `host serve FILE` is a mail server: prints where it listens, and writes the first mail to a file.
//! - `host once NAME` builds it once, for a profiler.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use embedded_smtp::mock::Server;

mod builders;

use builders::{BUILDERS, Builder, CONTENT, content};

/// Odd, so that one is the median.
const RUNS: usize = 9;
/// Small mails in one run.
const SMALL: u32 = 20_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["time"] => time(),
        ["small"] => small(),
        ["peak", name] => peak(name),
        ["serve", file] => serve(file),
        ["once", name] => {
            once(name);
        }
        _ => panic!("time, small, peak NAME, serve FILE, or once NAME"),
    }
}

fn time() {
    let given = content();
    let mut times = BUILDERS.map(|_| Vec::new());
    for _ in 0..RUNS {
        for (builder, times) in BUILDERS.iter().zip(&mut times) {
            // lettre wants the content as its own: the copy is not counted.
            let copy = builder.wants_own.then(|| given.clone());
            let begun = Instant::now();
            let octets = (builder.large)(black_box(&given), copy);
            times.push(begun.elapsed());
            assert!(octets > CONTENT * 4 / 3, "{}: {octets}", builder.name);
        }
    }
    for (builder, times) in BUILDERS.iter().zip(&mut times) {
        println!("{} {:.2}", builder.name, median(times).as_secs_f64() * 1e3);
    }
}

fn small() {
    let mut times = BUILDERS.map(|_| Vec::new());
    for _ in 0..RUNS {
        for (builder, times) in BUILDERS.iter().zip(&mut times) {
            let begun = Instant::now();
            for _ in 0..SMALL {
                black_box((builder.small)());
            }
            times.push(begun.elapsed() / SMALL);
        }
    }
    for (builder, times) in BUILDERS.iter().zip(&mut times) {
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        let octets = black_box((builder.small)());
        let allocations = ALLOCATIONS.load(Ordering::Relaxed) - before;
        let time = median(times).as_nanos();
        println!("{} {time} {allocations} {octets}", builder.name);
    }
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn serve(file: &str) {
    let server = Server::builder().size(None).listen().expect("a port");
    println!("{}", server.addr());
    assert!(server.wait_for_end(1, Duration::from_secs(60)));
    std::fs::write(file, &server.deliveries()[0].content).expect("the mail is written");
}

/// In KiB, as the kernel counts it.
fn peak(name: &str) {
    if name != "nothing" {
        once(name);
    }
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .expect("a peak");
    println!("{}", peak.trim().trim_end_matches(" kB"));
}

fn once(name: &str) -> usize {
    let builder: &Builder = BUILDERS
        .iter()
        .find(|builder| builder.name == name)
        .expect("the name of a builder");
    let given = if builder.produces {
        Vec::new()
    } else {
        content()
    };
    match builder.wants_own {
        true => (builder.large)(&[], Some(given)),
        false => (builder.large)(&given, None),
    }
}

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

// SAFETY: hands everything on to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
