//! The session, from connecting to QUIT, with the crate's async client.

use std::io;
use std::ops::ControlFlow;

use embedded_io_async::{ErrorType, Read, Write};
use embedded_smtp::StartTlsError::{Ehlo, Refused, Upgrade};
use embedded_smtp::asynch::Client;
use embedded_smtp::session::State;
use embedded_smtp::tls::Records;
use embedded_smtp::{Error, Submission, Vouched};

use crate::advice;
use crate::link::asynch::Link;
use crate::options::{Chunking, Policy};
use crate::outcome::Ruling;
use crate::report::Ending;
use crate::send::{Job, Tally, unsecured};
use crate::source::Source;
use crate::tls::asynch::Secured;
use crate::tls::{Fault, READ_BUFFER, Shown, WRITE_BUFFER};
use crate::trust::{Trust, Way};
use crate::watch::Watch;

/// Sends the messages over one connection.
pub async fn run(job: &Job<'_>, sources: &mut [Source<'_>]) -> Ending {
    let link = match Link::connect(job.server, job.watch.deadlines()).await {
        Ok(link) => link,
        Err(error) => return Ending::early(Ruling::UNREACHABLE, advice::of_unreachable(&error)),
    };
    let buffer = &mut vec![0; job.options.buffer];
    let (mut read, mut write) = (vec![0; READ_BUFFER], vec![0; WRITE_BUFFER]);
    let records = Records::new(&mut read, &mut write);
    let records = &mut records.expect("buffers for any record");
    match &job.way {
        Way::Plain => plain(job, sources, link, buffer).await,
        Way::Tls(trust) => tls(job, sources, link, buffer, trust, records).await,
        Way::Starttls(trust) => starttls(job, sources, link, buffer, trust, records).await,
    }
}

async fn plain<'b>(
    job: &'b Job<'_>,
    sources: &mut [Source<'_>],
    link: Link,
    buffer: &'b mut [u8],
) -> Ending {
    let mut client = configure(job, Client::new(link, buffer).observe(&job.watch));
    if job.credentials.is_none() {
        client = client.allow_helo();
    }
    let opened = open(&mut client, job).await;
    let result = match (opened, job.credentials) {
        (Ok(()), Some(credentials)) => client.danger_login_in_plaintext(credentials).await,
        (opened, _) => opened,
    };
    finish(&mut client, job, sources, result).await
}

async fn tls<'b>(
    job: &'b Job<'_>,
    sources: &mut [Source<'_>],
    link: Link,
    buffer: &'b mut [u8],
    trust: &Trust,
    records: &mut Records<'_>,
) -> Ending {
    let mut shown = Shown::default();
    let link = match secure(job, link, trust, records, &mut shown).await {
        Ok(link) => link,
        Err(fault) => return unsecured(&fault, &shown, trust, false),
    };
    let mut client = configure(job, Client::over_tls(link, buffer).observe(&job.watch));
    if job.credentials.is_none() {
        client = client.allow_helo();
    }
    let opened = open(&mut client, job).await;
    over_tls(client, job, sources, opened).await
}

async fn starttls<'b>(
    job: &'b Job<'_>,
    sources: &mut [Source<'_>],
    link: Link,
    buffer: &'b mut [u8],
    trust: &Trust,
    records: &mut Records<'_>,
) -> Ending {
    let mut client = configure(job, Client::new(link, buffer).observe(&job.watch));
    if let Err(error) = open(&mut client, job).await {
        return finish(&mut client, job, sources, Err(error)).await;
    }
    let mut shown = Shown::default();
    let secured = client
        .starttls(async |link| secure(job, link, trust, records, &mut shown).await)
        .await;
    match secured {
        Ok(client) => over_tls(client, job, sources, Ok(())).await,
        Err(Ehlo { client, error }) => over_tls(client, job, sources, Err(error)).await,
        Err(Refused { mut client, error }) => finish(&mut client, job, sources, Err(error)).await,
        Err(Upgrade(fault)) => unsecured(&fault, &shown, trust, true),
        Err(_) => unsecured(&Fault::Closed, &shown, trust, true),
    }
}

/// Opens TLS on the link.
async fn secure<'r>(
    job: &Job<'_>,
    link: Link,
    trust: &Trust,
    records: &'r mut Records<'_>,
    shown: &mut Shown,
) -> Result<Vouched<Secured<'r>>, Fault> {
    let opened = Secured::open(link, trust, records, shown).await;
    let terms = opened.as_ref().ok().and_then(|(_, terms)| terms.as_ref());
    job.watch.secured(shown, terms, trust);
    opened.map(|(secured, _)| secured)
}

/// Logs in and sends, over a link that keeps secrets.
async fn over_tls<'b>(
    mut client: Client<'b, Vouched<Secured<'_>>, &'b Watch>,
    job: &'b Job<'_>,
    sources: &mut [Source<'_>],
    opened: Result<(), Error<io::Error>>,
) -> Ending {
    if job.options.require_tls {
        client = client.require_tls();
    }
    let result = match (opened, job.credentials) {
        (Ok(()), Some(credentials)) => client.login(credentials).await,
        (opened, _) => opened,
    };
    let ending = finish(&mut client, job, sources, result).await;
    // After a fault nothing more is said, not even that it is over.
    if client.state() == State::Closed {
        client.into_inner().into_inner().close().await;
    }
    ending
}

fn configure<'b, T>(
    job: &Job<'_>,
    mut client: Client<'b, T, &'b Watch>,
) -> Client<'b, T, &'b Watch> {
    if job.options.no_pipelining {
        client = client.without_pipelining();
    }
    client = match job.options.chunking() {
        Chunking::Off => client,
        Chunking::After => client.chunking(embedded_smtp::Chunking::AfterRecipients),
        Chunking::Ahead => client.chunking(embedded_smtp::Chunking::Ahead),
    };
    if job.options.policy == Policy::All {
        client = client.all_or_none();
    }
    client.with_limits()
}

async fn open<'b, T>(
    client: &mut Client<'b, T, &'b Watch>,
    job: &'b Job<'_>,
) -> Result<(), Error<io::Error>>
where
    T: Read + Write + ErrorType<Error = io::Error>,
{
    client.open(&*job.options.helo).await
}

/// Sends if the session was opened, and ends it.
async fn finish<'b, T>(
    client: &mut Client<'b, T, &'b Watch>,
    job: &Job<'_>,
    sources: &mut [Source<'_>],
    opened: Result<(), Error<io::Error>>,
) -> Ending
where
    T: Read + Write + ErrorType<Error = io::Error>,
{
    let mut tally = Tally::new(job);
    match opened {
        Ok(()) => send(client, job, sources, &mut tally).await,
        Err(error) => tally.lost(error),
    }
    let (last, stray) = (client.last_reply(), client.stray_bytes());
    let ending = tally.ending(last, stray, client.login_reason());
    // After a fault, and where QUIT was sent already, the client refuses to.
    let _ = client.quit().await;
    ending
}

async fn send<'b, T>(
    client: &mut Client<'b, T, &'b Watch>,
    job: &Job<'_>,
    sources: &mut [Source<'_>],
    tally: &mut Tally<'_>,
) where
    T: Read + Write + ErrorType<Error = io::Error>,
{
    // By DATA, mails in a row take one round trip each. By BDAT a row would have a NOOP after each mail,
    // which servers count; the last one takes QUIT along, whose reply shows that the replies fit.
    let is_by_data = job.options.chunking() == Chunking::Off;
    let row = match job.messages.len() {
        count if count > 1 && is_by_data && sources.is_empty() => count,
        _ => 0,
    };
    let (row, rest) = job.messages.split_at(row);
    let mut flow = ControlFlow::Continue(());
    client
        .send_all(row, |result| {
            flow = tally.add(result);
            flow
        })
        .await;
    for (index, message) in rest.iter().enumerate() {
        if flow.is_break() {
            return;
        }
        sources.iter_mut().for_each(Source::rewind);
        let mut mail = Submission::new(message).sources(sources);
        if index + 1 == rest.len() {
            mail = mail.and_quit();
        }
        flow = tally.add(client.send(mail).await);
    }
}
