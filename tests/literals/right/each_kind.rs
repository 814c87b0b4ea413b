//! A right literal of each kind, as a `const`, a `static` and an expression.

use embedded_smtp::message::{Head, HeaderText, Label};
use embedded_smtp::{
    Address, Domain, Mailbox, MailboxList, address, domain, head, header_text, label, mailbox,
    mailbox_list,
};

const HOST: Domain<'static> = domain!("boiler3.example.org");
const LITERAL: Domain<'static> = domain!("[IPv6:2001:db8::1]");
const OPS: Address<'static> = address!("ops@example.org");
const QUOTED: Mailbox<'static> = mailbox!("\"Ops, Hall B\" <ops@example.org>");
const DUTY: MailboxList<'static> = mailbox_list!("Ops <ops@example.org>; duty@example.org;");
const SUBJECT: HeaderText<'static> = header_text!("Überdruck in Kessel 3");
const LOG: Label<'static> = label!("Kamera 3 – Übersicht.jpg", "image/jpeg");

static HEAD: Head<'static> = head! {
    from: "Boiler 3 <boiler3@example.org>",
    sender: "gateway@example.org",
    reply_to: "ops@example.org",
    to: "Ops <ops@example.org>; duty@example.org",
    cc: "hall@example.org",
    bcc: "log@example.org",
    subject: "Überdruck in Kessel 3",
};

fn main() {
    let _ = (HOST, LITERAL, OPS, QUOTED, DUTY, SUBJECT, LOG, &HEAD);
    let _ = domain!("localhost").as_str();
    let _ = head! { from: "boiler3@example.org" }.auto_submitted();
}
