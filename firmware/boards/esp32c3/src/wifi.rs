//! Wi-Fi: joins the network, and joins it again whenever it is lost.

use defmt::{info, warn};
use embassy_time::{Duration, Timer, with_timeout};
use esp_hal::peripherals::WIFI;
use esp_radio::wifi::sta::StationConfig;
use esp_radio::wifi::{
    AuthenticationMethodConfig, Config, ControllerConfig, Ssid, WifiController, WifiError,
};

use crate::settings;

/// Starts the radio. The driver allocates; nothing else in this firmware does.
pub fn start(radio: WIFI<'static>) -> Result<WifiController<'static>, WifiError> {
    let ssid = Ssid::try_from(settings::WIFI_SSID)?;
    let authentication = if settings::WIFI_PASSWORD.is_empty() {
        AuthenticationMethodConfig::Open
    } else {
        AuthenticationMethodConfig::Wpa2Personal(settings::WIFI_PASSWORD.try_into()?)
    };
    let station = StationConfig::default()
        .with_ssid(ssid)
        .with_authentication(authentication);
    let config = ControllerConfig::default().with_initial_config(Config::Station(station));
    WifiController::new(radio, config)
}

/// Joins the network for as long as the board runs.
#[embassy_executor::task]
pub async fn keep_joined(mut controller: WifiController<'static>) -> ! {
    loop {
        match with_timeout(JOIN, controller.connect_async()).await {
            Ok(Ok(joined)) => {
                info!("Wi-Fi: joined on channel {}", joined.channel);
                match controller.wait_for_disconnect_async().await {
                    Ok(left) => warn!("Wi-Fi: lost, {}", left.reason),
                    Err(error) => warn!("Wi-Fi: lost, {}", error),
                }
            }
            Ok(Err(error)) => warn!("Wi-Fi: not joined, {}", error),
            Err(_) => {
                warn!("Wi-Fi: not joined in {} s", JOIN.as_secs());
                // Ends what is under way; a state of not being connected is what is wanted.
                if with_timeout(PAUSE, controller.disconnect_async())
                    .await
                    .is_err()
                {
                    warn!("Wi-Fi: the driver does not let go");
                }
            }
        }
        Timer::after(PAUSE).await;
    }
}

/// For scanning, authentication and association.
const JOIN: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_secs(5);
