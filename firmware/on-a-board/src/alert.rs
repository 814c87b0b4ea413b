use embassy_net::{IpAddress, Stack, tcp::ConnectError, tcp::TcpSocket};
use embedded_smtp::tls::{self, Pin, Pins, Records, ServerName, asynch::Place};
use embedded_smtp::{Credentials, Error, Invalid, Message, Report, Submission, asynch::Client};
use embedded_smtp::{head, message::Head, pin};

static HEAD: Head = head! { from: "Boiler 3 <boiler3@example.org>",
    to: "ops@example.org; duty@example.org", subject: "Overpressure" };
const PIN: Pin = pin!(env!("MAIL_PIN")); // checked by the compiler

#[derive(defmt::Format, derive_more::From)]
pub enum Trouble { Connect(ConnectError), Tls(tls::Error), Mail(Error<tls::Error>), Value(Invalid) }

pub async fn alert(net: Stack<'_>, server: (IpAddress, u16), name: &ServerName<'_>,
    random: impl tls::Random) -> Result<Report, Trouble> {
    let (mut received, mut sent) = ([0; 2048], [0; 2048]);
    let mut tcp = TcpSocket::new(net, &mut received, &mut sent);
    tcp.connect(server).await?;

    let (mut read, mut write, mut place) = ([0; 4096], [0; 1024], Place::new());
    let mut records = Records::new(&mut read, &mut write)?;
    let tls = place.open(&mut tcp, &mut records, name, Pins::new(&[PIN]), random).await?;

    let mut buffer = [0; 1024];
    let mut smtp = Client::over_tls(tls, &mut buffer);
    smtp.open("boiler3.example.org").await?;
    smtp.login(&Credentials::new("boiler3", env!("MAIL_PASSWORD"))?).await?;
    let mail = Message::new(&HEAD).text("8.4 bar");
    let report = smtp.send(Submission::new(&mail).and_quit()).await?;
    if let Some(tcp) = place.close().await { // close_notify, then the connection's end
        tcp.close();
        tcp.flush().await.ok(); // whatever comes of it, the mail is sent
    }
    Ok(report)
}
