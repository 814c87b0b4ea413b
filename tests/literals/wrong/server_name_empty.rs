//! server name: is empty

use embedded_smtp::server_name;
use embedded_smtp::tls::ServerName;

fn never_called() -> ServerName<'static> {
    server_name!("") // here
}

fn main() {}
