//! The session, from connecting to QUIT, with the crate's blocking client.

use std::io;

use embedded_smtp::Error;
use embedded_smtp::blocking::Client;

use crate::advice;
use crate::link::blocking::Link;
use crate::login;
use crate::options::Policy;
use crate::outcome::Ruling;
use crate::report::Ending;
use crate::send::{Job, Tally};
use crate::source::Source;
use crate::watch::Watch;

type SmtpClient<'b, 'j> = Client<'b, Link, &'j Watch>;

/// Sends the messages over one connection, and says how it ended.
pub fn run(job: &Job<'_>, sources: &mut [Source<'_>]) -> Ending {
    let options = job.options;
    let link = match Link::connect(job.server, job.watch.deadlines()) {
        Ok(link) => link,
        Err(error) => return Ending::early(Ruling::UNREACHABLE, advice::of_unreachable(&error)),
    };
    let mut buffer = vec![0; options.buffer];
    let mut client = Client::new(link, &mut buffer).observe(&job.watch);
    if options.no_pipelining {
        client = client.without_pipelining();
    }
    if options.no_chunking {
        client = client.without_chunking();
    }
    if options.policy == Policy::All {
        client = client.all_or_none();
    }
    if job.credentials.is_none() {
        client = client.or_helo();
    }
    let mut tally = Tally::new(job);
    match open(&mut client, job) {
        Ok(()) => send(&mut client, job, sources, &mut tally),
        Err(error) => tally.lost_early(&error, client.login_reason()),
    }
    // After a fault, and where QUIT was sent already, the client refuses to.
    let _ = client.quit();
    tally.ending()
}

fn open<'j>(client: &mut SmtpClient<'j, '_>, job: &Job<'j>) -> Result<(), Error<io::Error>> {
    client.open(&*job.options.helo)?;
    let Some(credentials) = job.credentials else {
        return Ok(());
    };
    let mechanism = login::mechanism(job.options);
    client.danger_login_in_plaintext(credentials, mechanism)
}

fn send(
    client: &mut SmtpClient<'_, '_>,
    job: &Job<'_>,
    sources: &mut [Source<'_>],
    tally: &mut Tally<'_>,
) {
    if !sources.is_empty() {
        for message in job.messages {
            sources.iter_mut().for_each(Source::rewind);
            let result = client.send_streamed(message, sources, &mut []);
            if tally.add(result).is_break() {
                break;
            }
        }
    } else if let [message] = job.messages {
        // QUIT rides behind the content.
        let result = client.send_last(message, &mut []);
        let _ = tally.add(result);
    } else {
        client.send_all(job.messages, |result| tally.add(result));
    }
}
