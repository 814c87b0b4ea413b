//! The async twins of two alerts, and how large the futures of the client's methods are.

use core::convert::Infallible;
use core::hint::black_box;
use core::ops::ControlFlow;
use core::pin::pin;
use core::task::{Context, Poll, Waker};

use embedded_io::ErrorKind;
use embedded_smtp::asynch::Client;
use embedded_smtp::message::Importance;
use embedded_smtp::{Error, Message, Report, Vouched};

use crate::alert::{HTML, LABEL, LOG, NAME, TEXT, alert, date, password, rich_alert};
use crate::{BUFFER, Outcome, Transport};

/// [`alert::plain`](crate::alert::plain).
pub fn plain(transport: Transport) -> Option<Outcome> {
    run(async {
        let alert = alert!();
        send(transport, &alert).await
    })
}

/// [`alert::mime`](crate::alert::mime).
pub fn mime(transport: Transport) -> Option<Outcome> {
    run(async {
        let attachments = [LABEL.attach(black_box(LOG)).ok()?];
        let alert = rich_alert!(&attachments);
        send(transport, &alert).await
    })
}

/// Greeting to QUIT.
async fn send(transport: Transport, alert: &Message<'_>) -> Option<Outcome> {
    let mut buffer = [0; BUFFER];
    let mut smtp = Client::new(transport, &mut buffer);
    let client = size_of_val(&smtp) - size_of::<Transport>();
    let credentials = password()?;
    smtp.open(NAME).await.ok()?;
    smtp.danger_login_in_plaintext(&credentials).await.ok()?;
    if smtp.send(alert).await.ok()?.accepted() != 2 {
        return None;
    }
    smtp.quit().await.ok()?;
    Some(Outcome {
        transport: smtp.into_inner(),
        client,
        future: 0,
    })
}

/// Polls until it is ready, and notes the future's size.
#[inline(always)]
fn run(future: impl Future<Output = Option<Outcome>>) -> Option<Outcome> {
    let size = size_of_val(&future);
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(outcome) = future.as_mut().poll(&mut context) {
            return outcome.map(|outcome| Outcome {
                future: size,
                ..outcome
            });
        }
    }
}

/// Makes a future of each of the client's methods, and tells its name, its octets, and those of
/// what it was made of: the client's reference and the arguments.
///
/// The transport's own futures, which are in them, hold no more than their arguments here.
pub fn futures(tell: fn(&str, usize, usize)) -> Option<()> {
    /// The arguments are evaluated twice: once for their size.
    macro_rules! tell {
        ($smtp:expr, $method:ident, ($($argument:expr),*)) => {{
            let arguments = size_of_val(&($smtp, $($argument,)*));
            let octets = size_of_val(&$smtp.$method($($argument),*));
            tell(stringify!($method), octets, arguments);
        }};
    }
    fn go_on(_: Result<Report, Error<ErrorKind>>) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    let alert = alert!();
    let password = password()?;
    let mut buffer = [0; BUFFER];
    let mut smtp = Client::new(Vouched::new(Transport::new(&[])), &mut buffer);
    tell!(&mut smtp, open, (NAME));
    tell!(&mut smtp, login, (&password));
    tell!(&mut smtp, danger_login_in_plaintext, (&password));
    tell!(&mut smtp, send, (&alert));
    tell!(&mut smtp, send_all, ([&alert, &alert], go_on));
    tell!(&mut smtp, reset, ());
    tell!(&mut smtp, noop, ());
    tell!(&mut smtp, quit, ());
    let mut buffer = [0; BUFFER];
    let smtp = Client::new(Transport::new(&[]), &mut buffer);
    let arguments = size_of_val(&smtp);
    let upgrade = async |transport| Ok::<_, Infallible>(Vouched::new(transport));
    tell("starttls", size_of_val(&smtp.starttls(upgrade)), arguments);
    Some(())
}
