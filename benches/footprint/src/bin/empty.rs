//! The same firmware without the client: what is subtracted from the others.
#![no_std]
#![no_main]

use core::hint::black_box;

use embedded_io::{Read, Write};
use footprint::{BUFFER, Expected, Outcome, Transport, alert, measure};

#[cortex_m_rt::entry]
fn main() -> ! {
    const SENT: Expected = Expected::of(b"\n\n\n\n\n\n");
    measure(alert::SERVER, SENT, scenario)
}

fn scenario(mut transport: Transport) -> Option<Outcome> {
    let mut buffer = [0; BUFFER];
    for _ in alert::SERVER {
        transport.write(black_box(b"\n")).ok()?;
        transport.flush().ok()?;
        black_box(transport.read(black_box(&mut buffer)).ok()?);
    }
    Some(Outcome {
        transport,
        client: 0,
        future: 0,
    })
}
