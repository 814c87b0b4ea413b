//! server name: is not well formed

use embedded_smtp::server_name;

fn main() {
    let _ = server_name!("mail..example.org"); // here
}
