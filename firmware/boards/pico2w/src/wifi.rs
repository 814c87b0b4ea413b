//! The radio: starts it, and joins the network as often as it takes.

use cyw43::{
    A4, Aligned, Control, JoinOptions, NetDriver, PowerManagementMode, Runner, SpiBus, State,
};
use cyw43_pio::{PioSpi, RM2_CLOCK_DIVIDER};
use defmt::{Debug2Format, info, unwrap, warn};
use embassy_executor::Spawner;
use embassy_net::Stack;
use embassy_rp::gpio::{Level, Output};
use embassy_rp::peripherals::{DMA_CH0, PIN_23, PIN_24, PIN_25, PIN_29, PIO0};
use embassy_rp::pio::{self, Pio};
use embassy_rp::{Peri, bind_interrupts, dma};
use embassy_time::{Duration, Timer, with_timeout};
use static_cell::StaticCell;

use crate::settings;

bind_interrupts!(struct Interrupts {
    DMA_IRQ_0 => dma::InterruptHandler<DMA_CH0>;
    PIO0_IRQ_0 => pio::InterruptHandler<PIO0>;
});

type Bus = SpiBus<Output<'static>, PioSpi<'static, PIO0, 0>>;

/// What the radio is wired to, on the board.
pub struct Wires {
    pub power: Peri<'static, PIN_23>,
    pub data: Peri<'static, PIN_24>,
    pub select: Peri<'static, PIN_25>,
    pub clock: Peri<'static, PIN_29>,
    pub pio: Peri<'static, PIO0>,
    pub dma: Peri<'static, DMA_CH0>,
}

/// Gives the radio its firmware. It is not in a network yet.
pub async fn start(spawner: Spawner, wires: Wires) -> (NetDriver<'static>, Control<'static>) {
    let power = Output::new(wires.power, Level::Low);
    let select = Output::new(wires.select, Level::High);
    let mut pio = Pio::new(wires.pio, Interrupts);
    let bus = PioSpi::new(
        &mut pio.common,
        pio.sm0,
        RM2_CLOCK_DIVIDER,
        pio.irq0,
        select,
        wires.data,
        wires.clock,
        dma::Channel::new(wires.dma, Interrupts),
    );
    // No ConstStaticCell: it wants a value that is Send.
    static STATE: StaticCell<State> = StaticCell::new();
    let state = STATE.init_with(State::new);
    let (device, mut control, runner) = cyw43::new(state, power, bus, FIRMWARE, NVRAM).await;
    spawner.spawn(unwrap!(run(runner)));
    control.init(cyw43_firmware::CYW43_43439A0_CLM).await;
    control
        .set_power_management(PowerManagementMode::PowerSave)
        .await;
    (device, control)
}

#[embassy_executor::task]
async fn run(runner: Runner<'static, Bus>) -> ! {
    runner.run().await
}

/// Joins the network, and joins it again whenever it is lost.
#[embassy_executor::task]
pub async fn keep_joined(mut control: Control<'static>, stack: Stack<'static>) -> ! {
    loop {
        let options = JoinOptions::new(settings::WIFI_PASSWORD.as_bytes());
        match with_timeout(JOINING, control.join(settings::WIFI_SSID, options)).await {
            Ok(Ok(())) => {
                info!("joined {}", settings::WIFI_SSID);
                // The stack's task may hear of it later than this one: until then it has no link to lose.
                if with_timeout(PAUSE, stack.wait_link_up()).await.is_ok() {
                    stack.wait_link_down().await;
                }
                warn!("lost {}", settings::WIFI_SSID);
            }
            Ok(Err(error)) => warn!("not joined: {}", Debug2Format(&error)),
            Err(_) => warn!("not joined in time"),
        }
        Timer::after(PAUSE).await;
    }
}

/// The chip's program, and what it has to know of the board. In whole words, as the bus has them.
static FIRMWARE: &Aligned<A4, [u8]> = &Aligned(*cyw43_firmware::CYW43_43439A0);
static NVRAM: &Aligned<A4, [u8]> =
    &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/nvram.bin")));

const JOINING: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(5);
