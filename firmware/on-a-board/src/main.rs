//! The example of the README's section "On a board", as firmware: one alert, as it stands there.
//!
//! The names and the addresses are the README's, so no server of the harness takes the mail: it is built,
//! not booted.
#![no_std]
#![no_main]

#[rustfmt::skip]
mod alert;

use board::random_bytes;
use boiler::{SERVER, SERVER_NAME, exit};
use embassy_executor::Spawner;
use embassy_net::Ipv4Address;
use embassy_time::{Duration, with_timeout};
use embedded_smtp::tls::ServerName;
use network::Device;

#[embassy_executor::main]
async fn main(spawner: Spawner) {
    let device = Device::start(spawner);
    let Ok(name) = ServerName::parse(SERVER_NAME) else {
        panic!("a name that is none");
    };
    device.stack.wait_config_up().await;
    let server = (Ipv4Address::from(SERVER).into(), device.settings.port);
    let sending = alert::alert(device.stack, server, &name, random_bytes);
    board::end(match with_timeout(Duration::from_secs(60), sending).await {
        Ok(Ok(report)) => {
            defmt::info!("sent: {}", report);
            exit::SENT
        }
        Ok(Err(trouble)) => {
            defmt::error!("not sent: {}", trouble);
            exit::IO
        }
        Err(_) => {
            defmt::error!("no answer in time: it may have been sent");
            exit::TEMPORARY
        }
    })
}
