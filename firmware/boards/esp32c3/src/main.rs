//! A mail from an ESP32-C3: when the board starts, and when its BOOT button is pressed.

#![no_std]
#![no_main]

use defmt::info;
use embassy_executor::Spawner;
use embassy_net::{Runner, StackResources};
use embassy_time::Timer;
use esp_backtrace as _;
use esp_hal::clock::CpuClock;
use esp_hal::ram;
use esp_hal::rng::Trng;
use esp_hal::timer::timg::TimerGroup;
use esp_println as _;
use esp_radio::wifi::Interface;
use static_cell::ConstStaticCell;

mod settings;
mod wifi;

esp_bootloader_esp_idf::esp_app_desc!();

#[esp_rtos::main]
async fn main(spawner: Spawner) {
    let p = esp_hal::init(esp_hal::Config::default().with_cpu_clock(CpuClock::max()));
    esp_alloc::heap_allocator!(#[ram(reclaimed)] size: 64 * 1024);
    esp_alloc::heap_allocator!(size: 36 * 1024);
    esp_rtos::start(TimerGroup::new(p.TIMG0).timer0, p.FROM_CPU_INTR0);
    let controller = wifi::start(p.WIFI).unwrap();
    let trng = Trng::try_new().unwrap();
    let seed = u64::from(trng.random()) << 32 | u64::from(trng.random());
    static SOCKETS: ConstStaticCell<StackResources<5>> =
        ConstStaticCell::new(StackResources::new());
    let (stack, runner) = embassy_net::new(
        Interface::station(),
        embassy_net::Config::dhcpv4(Default::default()),
        SOCKETS.take(),
        seed,
    );
    spawner.spawn(wifi::keep_joined(controller).unwrap());
    spawner.spawn(run_network(runner).unwrap());
    stack.wait_config_up().await;
    info!("up");
    loop {
        Timer::after_secs(1).await;
    }
}

#[embassy_executor::task]
async fn run_network(mut runner: Runner<'static, Interface>) -> ! {
    runner.run().await
}
