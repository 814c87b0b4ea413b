//! A mail from a NUCLEO-H743ZI2 whenever its user button is pressed.
//!
//! This file starts the board and its tasks; what goes out is in [`mail`], what to set in [`settings`].

#![no_std]
#![no_main]

mod mail;
mod settings;

use defmt::{error, info, panic, unwrap};
use defmt_rtt as _;
use embassy_executor::Spawner;
use embassy_net::{Runner, StackResources};
use embassy_stm32::eth::{self, Ethernet, GenericPhy, PacketQueue, Sma};
use embassy_stm32::exti::{self, ExtiInput};
use embassy_stm32::gpio::Pull;
use embassy_stm32::mode::Async;
use embassy_stm32::peripherals::{ETH, ETH_SMA, IWDG1, RNG};
use embassy_stm32::rng::{self, Rng};
use embassy_stm32::wdg::IndependentWatchdog;
use embassy_stm32::{bind_interrupts, interrupt, rcc, uid};
use embassy_time::{Instant, Timer};
use embedded_smtp::tls::ServerName;
use mailer::{Backoff, Deadline, embassy_clock, watch};
use panic_probe as _;
use static_cell::ConstStaticCell;

use mail::{Alert, Post};

type Desk = mailer::Desk<Alert, 8>;
type Device = Ethernet<'static, ETH, GenericPhy<Sma<'static, ETH_SMA>>>;

bind_interrupts!(struct Interrupts {
    ETH => eth::InterruptHandler;
    EXTI15_10 => exti::InterruptHandler<interrupt::typelevel::EXTI15_10>;
    RNG => rng::InterruptHandler<RNG>;
});

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let p = embassy_stm32::init(clocks());
    info!("start; server {}, port {}", settings::HOST, settings::PORT);
    // Before there is a watchdog: what is wrong with the settings stands at the end of the log.
    let Ok(name) = ServerName::parse(settings::HOST) else {
        panic!("MAIL_HOST is not the name of a server");
    };

    // The watchdog first: whatever gets stuck below is started anew.
    static DEADLINE: ConstStaticCell<Deadline> =
        ConstStaticCell::new(Deadline::new(embassy_clock, LONGEST));
    let deadline: &'static Deadline = DEADLINE.take();
    deadline.start(LONGEST);
    let watchdog = IndependentWatchdog::new(p.IWDG1, WATCHDOG);
    spawner.spawn(unwrap!(feed(watchdog, deadline)));

    static DESK: ConstStaticCell<Desk> = ConstStaticCell::new(Desk::new(BACKOFF));
    let desk: &'static Desk = DESK.take();
    // The user button has a resistor to ground on the board.
    let button = ExtiInput::new(p.PC13, p.EXTI13, Pull::None, Interrupts);
    spawner.spawn(unwrap!(press(button, desk)));

    let mut random = Rng::new(p.RNG, Interrupts);
    static PACKETS: ConstStaticCell<PacketQueue<4, 4>> = ConstStaticCell::new(PacketQueue::new());
    let device = Ethernet::new(
        PACKETS.take(),
        p.ETH,
        Interrupts,
        p.PA1,
        p.PA7,
        p.PC4,
        p.PC5,
        p.PG13,
        p.PB13,
        p.PG11,
        hardware_address(),
        p.ETH_SMA,
        p.PA2,
        p.PC1,
    );
    // DHCP, DNS, one connection.
    static SOCKETS: ConstStaticCell<StackResources<3>> =
        ConstStaticCell::new(StackResources::new());
    let config = embassy_net::Config::dhcpv4(Default::default());
    let (stack, runner) = embassy_net::new(device, config, SOCKETS.take(), random.next_u64());
    spawner.spawn(unwrap!(run_network(runner)));

    let mut post = Post::new(stack, random, name);
    desk.serve(
        deadline,
        async |serial, alert| post.attempt(deadline, serial, alert).await,
        |serial, alert| error!("alert {}: given up, {}", serial.0, alert),
    )
    .await
}

/// Leaves an alert for every press.
#[embassy_executor::task]
async fn press(mut button: ExtiInput<'static, Async>, desk: &'static Desk) -> ! {
    let mut presses = 0;
    loop {
        button.wait_for_rising_edge().await;
        presses += 1;
        let at = Instant::now().as_secs();
        match desk.leave(Alert { presses, at }) {
            Ok(serial) => info!("alert {}: the button was pressed", serial.0),
            Err(alert) => error!("the outbox is full: lost, {}", alert),
        }
        // A button bounces.
        Timer::after_millis(200).await;
        button.wait_for_low().await;
    }
}

/// Feeds the watchdog, which nothing can stop any more, for as long as the mail's task lives.
#[embassy_executor::task]
async fn feed(mut watchdog: IndependentWatchdog<'static, IWDG1>, deadline: &'static Deadline) -> ! {
    watchdog.unleash();
    watch(deadline, GRACE, || watchdog.pet()).await
}

#[embassy_executor::task]
async fn run_network(mut runner: Runner<'static, Device>) -> ! {
    runner.run().await
}

/// 400 MHz from the internal oscillator; HSI48 is for the random number generator.
fn clocks() -> embassy_stm32::Config {
    let mut config = embassy_stm32::Config::default();
    config.rcc.hsi = Some(rcc::HSIPrescaler::DIV1);
    config.rcc.hsi48 = Some(rcc::Hsi48Config {
        sync_from_usb: false,
    });
    config.rcc.pll1 = Some(rcc::Pll {
        source: rcc::PllSource::HSI,
        prediv: rcc::PllPreDiv::DIV4,
        mul: rcc::PllMul::MUL50,
        fracn: None,
        divp: Some(rcc::PllDiv::DIV2),
        divq: None,
        divr: None,
    });
    config.rcc.sys = rcc::Sysclk::PLL1_P;
    config.rcc.ahb_pre = rcc::AHBPrescaler::DIV2;
    config.rcc.apb1_pre = rcc::APBPrescaler::DIV2;
    config.rcc.apb2_pre = rcc::APBPrescaler::DIV2;
    config.rcc.apb3_pre = rcc::APBPrescaler::DIV2;
    config.rcc.apb4_pre = rcc::APBPrescaler::DIV2;
    config.rcc.voltage_scale = rcc::VoltageScale::Scale1;
    config
}

/// A local one (IEEE 802, second lowest bit of the first octet), other for every chip: from its number
/// by FNV-1a.
fn hardware_address() -> [u8; 6] {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for octet in uid::uid() {
        hash = (hash ^ u64::from(octet)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    let [a, b, c, d, e, ..] = hash.to_be_bytes();
    let address = [0x02, a, b, c, d, e];
    info!("hardware address {=[u8]:02x}", address);
    address
}

/// Milliseconds that the reply to any command may take: RFC 5321 has up to ten minutes, which an alert
/// is not left to wait for.
const LONGEST: u64 = 120_000;

/// Milliseconds that an attempt has to end when its deadline is over.
const GRACE: u64 = 10_000;

/// Microseconds after which the watchdog bites. The longest that the handshake computes at a stretch is
/// well below a second.
const WATCHDOG: u32 = 8_000_000;

/// Milliseconds between attempts.
const BACKOFF: Backoff = Backoff {
    first: 10_000,
    longest: 1_800_000,
};
