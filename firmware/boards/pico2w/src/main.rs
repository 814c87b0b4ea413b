//! A mail from a Raspberry Pi Pico 2 W when it starts, and whenever its input goes low.
//!
//! This file starts the board and its tasks; how a mail goes out is in [`mail`], what it says in
//! [`alert`], what to set in [`settings`].

#![no_std]
#![no_main]

mod alert;
mod mail;
mod settings;
mod wifi;

use cyw43::NetDriver;
use defmt::{error, info, panic, unwrap};
use defmt_rtt as _;
use embassy_executor::Spawner;
use embassy_net::{Runner, StackResources};
use embassy_rp::bind_interrupts;
use embassy_rp::gpio::{Input, Pull};
use embassy_rp::peripherals::TRNG;
use embassy_rp::trng::{self, Trng};
use embassy_rp::watchdog::{ResetReason, Watchdog};
use embassy_time::{Duration, Instant, Timer};
use embedded_smtp::tls::{self, ServerName};
use mailer::{Backoff, Deadline, embassy_clock, watch};
use panic_probe as _;
use static_cell::ConstStaticCell;

use alert::{Alert, Cause};
use mail::Post;
use wifi::Wires;

type Desk = mailer::Desk<Alert, 8>;

bind_interrupts!(struct Interrupts {
    TRNG_IRQ => trng::InterruptHandler<TRNG>;
});

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let p = embassy_rp::init(Default::default());
    info!("start; server {}, port {}", settings::HOST, settings::PORT);
    // Before there is a watchdog: what is wrong with the settings stands at the end of the log.
    let Ok(name) = ServerName::parse(settings::HOST) else {
        panic!("MAIL_HOST is not the name of a server");
    };
    let root = match tls::anchor(&settings::ROOT) {
        Ok(root) => root,
        Err(fault) => panic!("MAIL_ROOT was not set, or is no certificate: {}", fault),
    };

    // The watchdog first: whatever gets stuck below is started anew.
    static DEADLINE: ConstStaticCell<Deadline> =
        ConstStaticCell::new(Deadline::new(embassy_clock, LONGEST));
    let deadline: &'static Deadline = DEADLINE.take();
    deadline.start(LONGEST);
    let watchdog = Watchdog::new(p.WATCHDOG);
    let cause = match watchdog.reset_reason() {
        Some(ResetReason::TimedOut) => Cause::StartedByWatchdog,
        _ => Cause::Started,
    };
    spawner.spawn(unwrap!(feed(watchdog, deadline)));

    static DESK: ConstStaticCell<Desk> = ConstStaticCell::new(Desk::new(BACKOFF));
    let desk: &'static Desk = DESK.take();
    leave(desk, cause);
    // Not BOOTSEL: it shares its line with the flash that this program runs from.
    spawner.spawn(unwrap!(notice(Input::new(p.PIN_15, Pull::Up), desk)));

    let mut random = Trng::new(p.TRNG, Interrupts, trng::Config::default());
    let wires = Wires {
        power: p.PIN_23,
        data: p.PIN_24,
        select: p.PIN_25,
        clock: p.PIN_29,
        pio: p.PIO0,
        dma: p.DMA_CH0,
    };
    let (device, control) = wifi::start(spawner, wires).await;
    // DHCP, DNS, the date, one connection.
    static SOCKETS: ConstStaticCell<StackResources<4>> =
        ConstStaticCell::new(StackResources::new());
    let config = embassy_net::Config::dhcpv4(Default::default());
    let seed = random.blocking_next_u64();
    let (stack, runner) = embassy_net::new(device, config, SOCKETS.take(), seed);
    spawner.spawn(unwrap!(run_network(runner)));
    spawner.spawn(unwrap!(wifi::keep_joined(control, stack)));

    let mut post = Post::new(stack, random, name, root);
    desk.serve(
        deadline,
        async |serial, alert| post.attempt(deadline, serial, alert).await,
        |serial, alert| error!("alert {}: given up, {}", serial.0, alert),
    )
    .await
}

/// Leaves an alert whenever the input goes low: a switch from GP15 to GND.
#[embassy_executor::task]
async fn notice(mut input: Input<'static>, desk: &'static Desk) -> ! {
    let mut times = 0;
    loop {
        input.wait_for_low().await;
        times += 1;
        leave(desk, Cause::Input(times));
        // A switch bounces.
        Timer::after_millis(200).await;
        input.wait_for_high().await;
        Timer::after_millis(200).await;
    }
}

fn leave(desk: &Desk, cause: Cause) {
    let at = Instant::now().as_secs();
    match desk.leave(Alert { cause, at }) {
        Ok(serial) => info!("alert {}: an alert", serial.0),
        Err(alert) => error!("the outbox is full: lost, {}", alert),
    }
}

/// Feeds the watchdog for as long as the mail's task lives.
#[embassy_executor::task]
async fn feed(mut watchdog: Watchdog, deadline: &'static Deadline) -> ! {
    watchdog.start(WATCHDOG);
    watch(deadline, GRACE, || watchdog.feed(WATCHDOG)).await
}

#[embassy_executor::task]
async fn run_network(mut runner: Runner<'static, NetDriver<'static>>) -> ! {
    runner.run().await
}

/// Milliseconds that the reply to any command may take: RFC 5321 has up to ten minutes, which an alert
/// is not left to wait for.
const LONGEST: u64 = 120_000;

/// Milliseconds that an attempt has to end when its deadline is over.
const GRACE: u64 = 10_000;

/// After which the watchdog bites. The longest that the handshake computes at a stretch is below this,
/// with RSA and P-384 too.
const WATCHDOG: Duration = Duration::from_secs(8);

/// Milliseconds between attempts.
const BACKOFF: Backoff = Backoff {
    first: 10_000,
    longest: 1_800_000,
};
