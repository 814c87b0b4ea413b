//! A mail from an ESP32-C3: when the board starts, and when its BOOT button is pressed.
//!
//! This file starts the board and its tasks; what goes out is in [`mail`] and [`alert`], what to set in
//! [`settings`].

#![no_std]
#![no_main]

use defmt::{Debug2Format, error, info, unwrap};
use embassy_executor::Spawner;
use embassy_net::{Runner, StackResources};
use embassy_time::{Instant, Timer};
use esp_backtrace as _;
use esp_hal::clock::CpuClock;
use esp_hal::gpio::{Input, InputConfig, Pull};
use esp_hal::peripherals::TIMG1;
use esp_hal::ram;
use esp_hal::rng::Trng;
use esp_hal::rtc_cntl::SocResetReason;
use esp_hal::system::reset_reason;
use esp_hal::time::Duration;
use esp_hal::timer::timg::{MwdtStage, TimerGroup, Wdt};
use esp_println as _;
use esp_radio::wifi::Interface;
use mailer::{Backoff, Deadline, embassy_clock, watch};
use static_cell::ConstStaticCell;

mod alert;
mod mail;
mod settings;
mod wifi;

use alert::{Alert, Cause};
use mail::{Post, Server};

esp_bootloader_esp_idf::esp_app_desc!();

type Desk = mailer::Desk<Alert, 8>;

#[esp_rtos::main]
async fn main(spawner: Spawner) {
    let p = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
    let reset = reset_reason();
    info!("start; last reset {}", Debug2Format(&reset));

    // For the radio's driver and its scheduler, which allocate; nothing else does. The first part is
    // the boot loader's, which is done.
    esp_alloc::heap_allocator!(#[ram(reclaimed)] size: 64 * 1024);
    esp_alloc::heap_allocator!(size: 36 * 1024);
    esp_rtos::start(TimerGroup::new(p.TIMG0).timer0, p.FROM_CPU_INTR0);

    let server = match Server::from_settings() {
        Ok(server) => server,
        // Nothing to wait for: another firmware has to be built.
        Err(unusable) => return error!("no mail is sent: {}", unusable),
    };
    info!("server {}, port {}", settings::HOST, settings::PORT);

    // The watchdog before all that can get stuck.
    static DEADLINE: ConstStaticCell<Deadline> =
        ConstStaticCell::new(Deadline::new(embassy_clock, LONGEST));
    let deadline: &'static Deadline = DEADLINE.take();
    deadline.start(LONGEST);
    let mut watchdog = TimerGroup::new(p.TIMG1).wdt;
    watchdog.set_timeout(MwdtStage::Stage0, WATCHDOG);
    watchdog.enable();
    spawner.spawn(unwrap!(feed(watchdog, deadline)));

    static DESK: ConstStaticCell<Desk> = ConstStaticCell::new(Desk::new(BACKOFF));
    let desk: &'static Desk = DESK.take();
    let by_watchdog = reset == Some(SocResetReason::CoreMwdt1);
    leave(desk, Cause::Started { by_watchdog });
    let button = Input::new(p.GPIO9, InputConfig::default().with_pull(Pull::Up));
    spawner.spawn(unwrap!(press(button, desk)));

    let radio = unwrap!(wifi::start(p.WIFI));
    spawner.spawn(unwrap!(wifi::keep_joined(radio)));
    // True random numbers are to be had only while the radio is on: it is never turned off, and does not
    // save power.
    let random = unwrap!(Trng::try_new());
    let seed = u64::from(random.random()) << 32 | u64::from(random.random());
    // DHCP, DNS, the date, one connection.
    static SOCKETS: ConstStaticCell<StackResources<4>> =
        ConstStaticCell::new(StackResources::new());
    let config = embassy_net::Config::dhcpv4(Default::default());
    let (stack, runner) = embassy_net::new(Interface::station(), config, SOCKETS.take(), seed);
    spawner.spawn(unwrap!(run_network(runner)));

    let mut post = Post::new(stack, random, server);
    desk.serve(
        deadline,
        async |serial, alert| post.attempt(deadline, serial, alert).await,
        |serial, alert| error!("alert {}: given up, {}", serial.0, alert),
    )
    .await
}

/// Leaves an alert for every press of BOOT, which pulls its pin down.
#[embassy_executor::task]
async fn press(mut button: Input<'static>, desk: &'static Desk) -> ! {
    loop {
        button.wait_for_falling_edge().await;
        leave(desk, Cause::Pressed);
        // A button bounces.
        Timer::after_millis(200).await;
        button.wait_for_high().await;
    }
}

fn leave(desk: &Desk, cause: Cause) {
    let at = Instant::now().as_secs();
    match desk.leave(Alert { cause, at }) {
        Ok(serial) => info!("alert {}: {}", serial.0, cause),
        Err(alert) => error!("the outbox is full: lost, {}", alert),
    }
}

/// Feeds the watchdog for as long as the mail's task lives. Not fed, it resets the chip: after a panic
/// too, which halts.
#[embassy_executor::task]
async fn feed(mut watchdog: Wdt<TIMG1<'static>>, deadline: &'static Deadline) -> ! {
    watch(deadline, GRACE, || watchdog.feed()).await
}

#[embassy_executor::task]
async fn run_network(mut runner: Runner<'static, Interface>) -> ! {
    runner.run().await
}

/// Milliseconds that the reply to any command may take: RFC 5321 has up to ten minutes, which an alert
/// is not left to wait for.
const LONGEST: u64 = 120_000;

/// Milliseconds that an attempt has to end when its deadline is over.
const GRACE: u64 = 10_000;

/// After this long without food the watchdog bites. The handshake computes for some seconds at most.
const WATCHDOG: Duration = Duration::from_secs(20);

/// Milliseconds between attempts.
const BACKOFF: Backoff = Backoff {
    first: 10_000,
    longest: 1_800_000,
};
