//! DATA and BDAT, and what becomes of the content.

use std::format;
use std::string::{String, ToString};

use super::dialogue::{Dialogue, Phase, Transaction};
use super::outbox::Outbox;
use super::record::{Delivery, Event, Via};
use super::script::Stage;

impl Dialogue {
    pub(super) fn data(&mut self, out: &mut Outbox) {
        let reply = match &self.transaction {
            None => {
                self.without_mail("DATA");
                self.reply(503, "5.5.1", "Error: need MAIL command")
            }
            Some(transaction) if transaction.chunked || transaction.binary => {
                // RFC 3030 §2: "DATA and BDAT commands cannot be used in the same transaction."
                self.violate("DATA: in a transaction that is for BDAT");
                self.reply(503, "5.5.1", "Error: BDAT transaction")
            }
            Some(transaction) if transaction.rcpts == 0 => {
                self.violate("DATA: no RCPT before it");
                self.reply(503, "5.5.1", "Error: need RCPT command")
            }
            Some(transaction) if transaction.recipients.is_empty() => {
                self.after_refusal("DATA: every recipient was refused");
                self.reply(554, "5.5.1", "Error: no valid recipients")
            }
            Some(_) => "354 End data with <CR><LF>.<CR><LF>\r\n".to_string(),
        };
        if let Some(transaction) = &mut self.transaction {
            transaction.data_tried = true;
            // RFC 3030 §2: "The state resulting from this error is indeterminate. A RSET command
            // MUST be sent to clear the transaction before continuing."
            transaction.failed |= transaction.chunked;
        }
        if self.answer(&[Stage::Data], reply, out).is_intermediate() {
            self.open_content();
        }
    }

    /// The dot has come.
    pub(super) fn end_data(&mut self, out: &mut Outbox) {
        // RFC 2920 §3.1: commands may follow the content in one group, as DATA itself may not be
        // followed.
        self.last = "the content".to_string();
        let transaction = self.transaction.take().unwrap_or_default();
        let content = &transaction.content;
        let (octets, total) = (content.octets.clone(), content.total);
        self.log(Event::Content {
            octets,
            total,
            via: Via::Data,
        });
        self.finish(transaction, Via::Data, &[Stage::Content], out);
    }

    pub(super) fn bdat(&mut self, argument: &[u8], out: &mut Outbox) {
        let Some((size, last)) = chunk_size(argument) else {
            self.violate("BDAT: malformed");
            let reply = self.reply(501, "5.5.4", "Syntax: BDAT count [LAST]");
            self.answer(&[Stage::Bdat], reply, out);
            return;
        };
        if !self.offers("CHUNKING") {
            self.violate("BDAT: CHUNKING was not offered");
        }
        match &self.transaction {
            None => self.without_mail("BDAT"),
            Some(transaction) if transaction.rcpts == 0 => {
                self.violate("BDAT: no RCPT before it");
            }
            Some(transaction) if transaction.data_tried => {
                self.violate("BDAT: in a transaction that is for DATA");
            }
            Some(transaction) if transaction.failed => {
                self.after_refusal("BDAT: an earlier chunk was refused");
            }
            Some(transaction) if transaction.recipients.is_empty() => {
                self.after_refusal("BDAT: every recipient was refused");
            }
            Some(_) => {}
        }
        let keep = self.chunk_refusal().is_none();
        let mut start = 0;
        if let Some(transaction) = &mut self.transaction {
            transaction.chunked = true;
            start = transaction.content.octets.len();
        }
        if self.shared.settings.misreads_chunks
            && let Some(refusal) = self.chunk_refusal().or_else(|| self.oversize(size))
        {
            self.answer(chunk_stages(last), refusal, out);
            if let Some(transaction) = &mut self.transaction {
                transaction.failed = true;
            }
            self.unskipped = size;
            return;
        }
        self.enter(Phase::Chunk {
            size,
            start,
            left: size,
            last,
            keep,
        });
        if size == 0 {
            self.enter(Phase::Line);
            self.end_chunk(size, start, last, out);
        }
    }

    /// The last byte of a chunk has come.
    pub(super) fn end_chunk(&mut self, size: u64, start: usize, last: bool, out: &mut Outbox) {
        let refusal = self.chunk_refusal();
        let kept = self.transaction.as_ref().filter(|_| refusal.is_none());
        let octets = kept
            .and_then(|one| one.content.octets.get(start..))
            .unwrap_or_default();
        self.log(Event::Content {
            octets: octets.to_vec(),
            total: size,
            via: Via::Bdat,
        });
        let stages = chunk_stages(last);
        if last
            && refusal.is_none()
            && let Some(transaction) = self.transaction.take()
        {
            self.finish(transaction, Via::Bdat, stages, out);
            return;
        }
        let reply = match refusal {
            Some(refusal) => refusal,
            // Rather than let the rest come too.
            None => self.oversize(0).unwrap_or_else(|| {
                self.reply(250, "2.0.0", &format!("Ok: {size} octets received"))
            }),
        };
        let positive = self.answer(stages, reply, out).is_positive();
        if let Some(transaction) = self.transaction.as_mut().filter(|_| !positive) {
            // RFC 3030 §2: "the transaction should be considered failed and the sender-SMTP MUST NOT
            // send any additional BDAT segments"; those that come are swallowed until RSET.
            transaction.failed = true;
        }
    }

    /// The refusal of the content so far and this many bytes more, if that is too large.
    fn oversize(&self, more: u64) -> Option<String> {
        let transaction = self.transaction.as_ref();
        let total = transaction.map_or(0, |one| one.content.total);
        let limit = self.shared.settings.message_limit();
        (total.saturating_add(more) > limit).then(|| self.too_big())
    }

    fn too_big(&self) -> String {
        self.reply(552, "5.3.4", "Error: message file too big")
    }

    fn chunk_refusal(&self) -> Option<String> {
        let refusal = match &self.transaction {
            _ if !self.offers("CHUNKING") => (502, "5.5.1", "Error: command not implemented"),
            None => (503, "5.5.1", "Error: need MAIL command"),
            Some(transaction) if transaction.failed || transaction.data_tried => {
                (503, "5.5.1", "Error: send RSET first")
            }
            Some(transaction) if transaction.recipients.is_empty() => {
                (503, "5.5.1", "Error: no valid recipients")
            }
            Some(_) => return None,
        };
        Some(self.reply(refusal.0, refusal.1, refusal.2))
    }

    fn finish(
        &mut self,
        mut transaction: Transaction,
        via: Via,
        stages: &[Stage],
        out: &mut Outbox,
    ) {
        let settings = &self.shared.settings;
        let content = &mut transaction.content;
        content.end();
        let wanted = !transaction.recipients.is_empty();
        if wanted {
            let (eight_bit, smtputf8) = (transaction.eight_bit, transaction.smtputf8);
            for fault in content
                .faults
                .describe(eight_bit, smtputf8, transaction.binary)
            {
                self.violate(fault);
            }
            if let Some(size) = transaction.size.filter(|size| *size != content.total) {
                self.violate(format!("SIZE={size}, but {} octets came", content.total));
            }
        }
        let number = self.shared.record().deliveries.len() + 1;
        let reply = if !wanted {
            self.reply(554, "5.5.1", "Error: no valid recipients")
        } else if content.total > settings.message_limit() {
            self.too_big()
        } else if !self.shared.record().has_room(content.octets.len()) {
            self.reply(452, "4.3.1", "Error: insufficient system storage")
        } else {
            self.reply(
                250,
                "2.0.0",
                &format!("Ok: queued as {:09X}", 0x4F20_0000 + number),
            )
        };
        // The mail is kept before the client can know of it, so that whoever has the reply finds it.
        let connection = self.connection;
        let delivery = Delivery {
            connection,
            helo: self.helo.clone().unwrap_or_default(),
            reverse_path: transaction.reverse_path,
            mail_parameters: transaction.parameters,
            recipients: transaction.recipients,
            content: transaction.content.octets,
            via,
            authenticated_as: self.authenticated.clone(),
            tls: self.tls,
        };
        if self.answer(stages, reply, out).is_positive() && wanted {
            self.shared.keep(delivery);
        }
    }
}

/// The stages of the reply to a chunk.
fn chunk_stages(last: bool) -> &'static [Stage] {
    if last {
        &[Stage::Bdat, Stage::Content]
    } else {
        &[Stage::Bdat]
    }
}

/// RFC 3030 §2: `BDAT` SP chunk-size [SP end-marker].
fn chunk_size(argument: &[u8]) -> Option<(u64, bool)> {
    let argument = core::str::from_utf8(argument).ok()?;
    let (size, last) = match argument.split_once(' ') {
        Some((size, marker)) if marker.eq_ignore_ascii_case("LAST") => (size, true),
        Some(_) => return None,
        None => (argument, false),
    };
    let digits = size.len() <= 20 && size.bytes().all(|octet| octet.is_ascii_digit());
    size.parse()
        .ok()
        .filter(|_| digits)
        .map(|size| (size, last))
}
